"""Tables and reports as text, Markdown and HTML."""

import html
import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skdistill._ground.html import STYLE, definitions, flat, page, paragraph, table
from skdistill._ground.saving import save_text
from skdistill.cli.board import Board
from skdistill.cli.errors import CommandError
from skdistill.cli.figures import Table
from skdistill.cli.importances import bars

__all__ = [
    "FORMATS",
    "Report",
    "legend",
    "markdown_table",
    "text_table",
    "wrapped",
    "write_report",
]

_SHUFFLED = "How much the loss rises when a column is shuffled"
_BARS = ".bars td:nth-child(2) { text-align: left; }\n.bars tr > * { font-weight: normal; }\n"


@dataclass(frozen=True)
class Report:
    """What a command has to say, for people (Markdown, HTML) and programmes (JSON).

    Attributes
    ----------
    title : str
    sentence : str
        The verdict in words.
    board : Board
    sections : mapping of str to mapping
        Further facts as (nested) mappings of plain types, by heading.
    others : tuple of Board
        Tables of further students.
    importances : mapping of str to float
        By how much the loss of the saved student rises when a column is shuffled.
    """

    title: str
    sentence: str
    board: Board
    sections: Mapping[str, Mapping[str, Any]]
    others: tuple[Board, ...] = ()
    importances: Mapping[str, float] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What is to be said of the tables, each once."""
        return list(dict.fromkeys(n for board in (self.board, *self.others) for n in board.notes))


def legend(table: Table) -> str:
    """Return the legend of a table in lines of at most 100 characters, for a terminal."""
    return wrapped(table.legend)


def wrapped(paragraphs: Iterable[str]) -> str:
    """Return paragraphs in lines of at most 100 characters, for a terminal."""
    return "\n".join(textwrap.fill(text, 100) for text in paragraphs)


def text_table(board: Board) -> str:
    """Return the table with aligned columns, for a terminal."""
    cells = _cells(board)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join([board.title, *lines])


def markdown_table(board: Board) -> str:
    """Return the table in Markdown, numbers to the right."""
    header, *lines = [[_escape_markdown(cell) for cell in line] for line in _cells(board)]
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines])


def write_report(report: Report, path: Path) -> None:
    """Write `report` to `path`, in the format of its extension (one of `FORMATS`).

    Raises
    ------
    CommandError
        If the extension is none of `FORMATS`.
    """
    if path.suffix not in FORMATS:
        raise CommandError(f"report {path}: expected the extension {', '.join(FORMATS)}")
    save_text(path, FORMATS[path.suffix](report))


def _json(report: Report) -> str:
    content = {
        "title": report.title,
        "sentence": report.sentence,
        "table": report.board.to_dict(),
        **({"others": [board.to_dict() for board in report.others]} if report.others else {}),
        **({"importances": dict(report.importances)} if report.importances else {}),
        **report.sections,
    }
    return json.dumps(content, indent=2) + "\n"


def _markdown(report: Report) -> str:
    parts = [f"# {_escape_markdown(report.title)}", _escape_markdown(report.sentence)]
    parts.append(markdown_table(report.board))
    for board in report.others:
        parts += [_escape_markdown(board.title), markdown_table(board)]
    parts += report.board.table.legend
    parts += [_escape_markdown(note) for note in report.notes]
    if report.importances:
        parts.append(f"## {_SHUFFLED}")
        lines = (map(_escape_markdown, line) for line in bars(report.importances))
        parts.append("\n".join(f"- {name} {bar} {rise}" for name, bar, rise in lines))
    for heading, facts in report.sections.items():
        lines = [f"- {_escape_markdown(k)}: {_escape_markdown(v)}" for k, v in flat(facts)]
        parts += [f"## {heading.capitalize()}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _html(report: Report) -> str:
    parts = [paragraph(report.sentence), _html_table(report.board)]
    for board in report.others:
        parts += [f"<h2>{html.escape(board.title)}</h2>", _html_table(board)]
    parts += [f"<small>{paragraph(line)}</small>" for line in report.board.table.legend]
    parts += [paragraph(note) for note in report.notes]
    if report.importances:
        heads = ("column", "", report.board.table.loss)
        drawn = table(heads, bars(report.importances)).replace("<table>", '<table class="bars">')
        parts += [f"<h2>{_SHUFFLED}</h2>", drawn]
    for heading, facts in report.sections.items():
        parts += [f"<h2>{html.escape(heading.capitalize())}</h2>", definitions(flat(facts))]
    return page(report.title, "\n".join(parts), STYLE + _BARS)


def _html_table(board: Board) -> str:
    header, *lines = _cells(board)
    return table(header, lines)


FORMATS: Mapping[str, Callable[[Report], str]] = {
    ".json": _json,
    ".md": _markdown,
    ".html": _html,
}


def _cells(board: Board) -> list[list[str]]:
    header = ["", *(figure.heading for figure in board.columns)]
    return [header] + [
        [row.method, *(figure.cell(row.figures[figure.name]) for figure in board.columns)]
        for row in board.rows
    ]


def _escape_markdown(text: str) -> str:
    for sign in "\\|*_`<>[]":
        text = text.replace(sign, "\\" + sign)
    return text

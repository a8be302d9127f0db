"""Tables and reports as text, Markdown and HTML."""

import html
import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skdistill._ground.estimates import Estimate
from skdistill._ground.html import definitions, flat, page, paragraph, size_text, table
from skdistill._ground.metrics import FLOOR
from skdistill._ground.saving import save_text
from skdistill.cli.errors import CommandError
from skdistill.cli.scoreboard import Board

__all__ = [
    "FORMATS",
    "HEADINGS",
    "LEGEND",
    "Report",
    "legend",
    "markdown_table",
    "number",
    "text_table",
    "wrapped",
    "write_report",
]

LEGEND = (
    "class frequencies: those of the training rows, for every row. teacher: fitted on all training"
    " rows. student alone: fitted on the labels. in-sample distillation: fitted on what that"
    " teacher says about its own training rows. distilled: skdistill.\n"
    f"log-loss counts probabilities below {FLOOR:g} as {FLOOR:g}, lest a tree's exact zeros decide"
    " it; AUC: for more than two classes the mean of one against the rest; calibration error:"
    " expected, of the most probable class, 15 bins; agreement: share of rows with the teacher's"
    " class; size: as joblib dumps it, blank where it cannot; time per row: predict_proba of all"
    " held-out rows at once, median of at least five runs."
)


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
    """

    title: str
    sentence: str
    board: Board
    sections: Mapping[str, Mapping[str, Any]]


def legend() -> str:
    """Return `LEGEND` in lines of at most 100 characters, for a terminal."""
    return wrapped(LEGEND.split("\n"))


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
        **report.sections,
    }
    return json.dumps(content, indent=2) + "\n"


def _markdown(report: Report) -> str:
    parts = [f"# {_escape_markdown(report.title)}", _escape_markdown(report.sentence)]
    parts += [markdown_table(report.board), *LEGEND.split("\n")]
    parts += [_escape_markdown(note) for note in report.board.notes]
    for heading, facts in report.sections.items():
        lines = [f"- {_escape_markdown(k)}: {_escape_markdown(v)}" for k, v in flat(facts)]
        parts += [f"## {heading.capitalize()}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _html(report: Report) -> str:
    header, *lines = _cells(report.board)
    parts = [paragraph(report.sentence), table(header, lines)]
    parts += [f"<small>{paragraph(line)}</small>" for line in LEGEND.split("\n")]
    parts += [paragraph(note) for note in report.board.notes]
    for heading, facts in report.sections.items():
        parts += [f"<h2>{html.escape(heading.capitalize())}</h2>", definitions(flat(facts))]
    return page(report.title, "\n".join(parts))


FORMATS: Mapping[str, Callable[[Report], str]] = {
    ".json": _json,
    ".md": _markdown,
    ".html": _html,
}

HEADINGS = {
    "accuracy": "accuracy",
    "log_loss": "log-loss",
    "auc": "AUC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
    "agreement": "agreement",
    "size_bytes": "size",
    "microseconds_per_row": "time per row",
}


def _cells(board: Board) -> list[list[str]]:
    header = ["", *(HEADINGS[column] for column in board.columns)]
    return [header] + [
        [row.method, *(_cell(column, row.figures[column]) for column in board.columns)]
        for row in board.rows
    ]


def _cell(column: str, figure: Estimate) -> str:
    if np.isnan(figure.mean):
        return ""
    if column == "size_bytes":
        return size_text(figure.mean)
    if column == "microseconds_per_row":
        return f"{figure.mean:.3g} µs" if figure.mean < 1000 else f"{figure.mean:,.0f} µs"
    return number(figure)


def number(figure: Estimate) -> str:
    """Return ``mean ± standard error`` with four decimals, or the mean alone."""
    text = f"{figure.mean:.4f}"
    return text if figure.error is None else f"{text} ± {figure.error:.4f}"


def _escape_markdown(text: str) -> str:
    for sign in "\\|*_`<>[]":
        text = text.replace(sign, "\\" + sign)
    return text

"""Measured tables of ``docs/results`` on a page: all of one (``results``), some rows (``rows``)."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

__all__ = ["Results", "Rows", "excerpt", "section", "setup"]

FOLDER = Path(__file__).parents[1] / "results"
_FIGURES = re.compile(r"[-+.,/%()\d ]+(to[-+.,%()\d ]+)?")  # 1.001 / 1.011 / 94%, or 0.4 to 0.8


class Results(SphinxDirective):
    """``.. results:: <name>`` shows ``docs/results/<name>.csv``; its anchor is ``results-<name>``.

    ``<name>.json`` beside it, where there is one, has ``title``, ``command``, ``measured`` (first
    and last day), ``date`` (of the table), ``versions`` (an object), ``figures`` (file and sentence
    of each), lists of paragraphs ``about`` and ``notes`` that say how to read it, ``more`` (heading
    and file of further tables) and ``texts`` (by heading, a paragraph above each); none of them is
    required. The table comes first, then its figures, then how to read it.
    """

    required_arguments = 1
    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Parse the text of the section in place of the directive."""
        name = self.arguments[0]
        for path in FOLDER.glob(f"{name}.*"):
            self.env.note_dependency(str(path))
        source = self.state.document.current_source  # file names in it are relative to this page
        container = nodes.container()
        nested_parse_with_titles(self.state, StringList(section(name), source), container)
        return container.children


class Rows(SphinxDirective):
    """``.. rows:: <name>`` shows some rows and columns of a measured table, with a link to all.

    ``:of:`` is how the heading of a further table begins (without it, the first table is meant),
    ``:rows:`` are values of the first column, ``:columns:`` names of columns; both are parted by
    semicolons, and all are shown where nothing is said. So a page that quotes figures keeps up with
    the measurements.
    """

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(("of", "rows", "columns"), str)

    def run(self) -> list[nodes.Node]:
        """Parse the table in place of the directive."""
        name, asked = (
            self.arguments[0],
            {key: self.options.get(key, "") for key in ("rows", "columns")},
        )
        lines = excerpt(
            name, self.options.get("of", ""), **{k: _listed(v) for k, v in asked.items()}
        )
        for path in FOLDER.glob(f"**/{name}*"):
            self.env.note_dependency(str(path))
        container = nodes.container()
        nested_parse_with_titles(
            self.state, StringList(lines, self.state.document.current_source), container
        )
        return container.children


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def excerpt(name: str, of: str, rows: list[str], columns: list[str]) -> list[str]:
    """Return the lines of some rows of a table.

    Raises
    ------
    KeyError
        If there is no such table, row or column: it was measured anew, and the page must follow.
    """
    facts = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    tables = {"": f"{name}.csv"} | dict(facts["more"])
    found = [heading for heading in tables if heading.startswith(of)]
    if not found:
        raise KeyError(f"{name} has no table whose heading begins with {of!r}")
    file = tables[found[0]]
    with (FOLDER / file).open(newline="", encoding="utf-8") as lines:
        head, *body = csv.reader(lines)
    by_name = {row[0]: row for row in body}
    places = [head.index(column) for column in columns or head]
    kept = [by_name[row] for row in rows] if rows else body
    table = _written([[row[i] for i in places] for row in [head, *kept]])
    number = list(tables).index(found[0])
    anchor = f"results-{name}-{number}" if number else f"results-{name}"
    origin = f":ref:`All of the table <{anchor}>`; ``{facts['command']}``."
    return f"{table}\n\n{origin}".splitlines()


def section(name: str) -> list[str]:
    """Return the lines of the section of a table."""
    about = FOLDER / f"{name}.json"
    facts = json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
    if not (FOLDER / f"{name}.csv").exists():
        blocks = _heading(f"results-{name}", f"{name}: not measured yet", "-")
        return "\n\n".join([*blocks, f"``python -m benchmarks.{name}`` does."]).splitlines()
    blocks = _heading(f"results-{name}", facts.get("title", name), "-")
    blocks += [_table(f"{name}.csv")]
    blocks += [_figure(*figure) for figure in facts.get("figures", [])]
    blocks += [*facts.get("about", []), *facts.get("notes", []), _origin(name, facts)]
    for number, (heading, file) in enumerate(facts.get("more", []), 1):
        said = [text for of, text in facts.get("texts", {}).items() if of == heading]
        blocks += [*_heading(f"results-{name}-{number}", heading, "~"), *said, _table(file)]
    return "\n\n".join(blocks).splitlines()


def _heading(anchor: str, title: str, line: str) -> list[str]:
    return [f".. _{anchor}:", f"{title}\n{line * len(title)}"]


def _table(file: str) -> str:
    """Return a table of a file; its cells are plain text, whatever would be markup elsewhere."""
    with (FOLDER / file).open(newline="", encoding="utf-8") as lines:
        return _written(list(csv.reader(lines)))


def _written(table: list[list[str]]) -> str:
    """Return the directive of a table whose first row is its head."""
    plain = io.StringIO()
    cells = [[_escaped(cell if row is table[0] else _tied(cell)) for cell in row] for row in table]
    csv.writer(plain, lineterminator="\n").writerows(cells)
    options = ":header-rows: 1\n:widths: auto\n:class: results"
    return ".. csv-table::\n" + _indented(f"{options}\n\n{plain.getvalue()}")


def _escaped(cell: str) -> str:
    return re.sub(r"([\\*_|`])", r"\\\1", cell)


def _tied(cell: str) -> str:
    """Return a cell of figures with spaces that do not break, any other as it is."""
    return cell.replace(" ", "\N{NO-BREAK SPACE}") if _FIGURES.fullmatch(cell) else cell


def _figure(file: str, sentence: str) -> str:
    return f".. figure:: /results/{file}\n" + _indented(f":alt: {sentence}\n\n{sentence}")


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())


def _origin(name: str, facts: dict[str, Any]) -> str:
    """Return what made the table, when, and the files: the table and what it is made of."""
    lines = []
    command = facts.get("command", "")
    if command:
        lines.append(f"| Command: ``{command}``")
    if facts.get("measured"):
        lines.append(f"| Measured: {' to '.join(dict.fromkeys(facts['measured']))}.")
    if "date" in facts:
        versions = [f"{package} {v}" for package, v in facts.get("versions", {}).items()]
        lines.append(f"| Table made: {', '.join([facts['date'], *versions])}.")
    module = (re.findall(r"benchmarks\.(\w+)", command) or [name])[0]
    files = [f"raw/{path.name}" for path in sorted((FOLDER / "raw").glob(f"{module}*.csv"))]
    links = ", ".join(f":download:`{file} </results/{file}>`" for file in [f"{name}.csv", *files])
    return "\n".join([*lines, f"| Files: {links}"])


def setup(app: Any) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("results", Results)
    app.add_directive("rows", Rows)
    return {"parallel_read_safe": True}

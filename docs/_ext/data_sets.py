"""The directive ``.. data-sets::``: what ``benchmarks.datasets.SETS`` says."""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

__all__ = ["DataSets", "differences", "rows", "setup"]

HEADER = ("set", "source", "OpenML", "rows", "features", "classes", "left out")


class DataSets(SphinxDirective):
    """``.. data-sets::`` shows a row for each set, and below how OpenML's tables differ."""

    def run(self) -> list[nodes.Node]:
        """Parse table and list in place of the directive."""
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
        for row in (HEADER, *rows()):
            lines += [f"   {'  ' if at else '* '}- {cell}" for at, cell in enumerate(row)]
        lines += ["", *(f"- ``{name}``: {said}" for name, said in differences())]
        container = nodes.container()
        self.state.nested_parse(StringList(lines, "data-sets"), self.content_offset, container)
        return container.children


def rows() -> list[tuple[str, ...]]:
    """Return the cells of the table, without its header."""
    from benchmarks.datasets import SETS

    return [
        (
            f"``{name}``",
            recipe.source,
            f"`{recipe.openml} <https://www.openml.org/d/{recipe.openml}>`__"
            if recipe.openml
            else "to be brought",
            f"{recipe.rows:,}",
            str(recipe.features),
            str(recipe.classes),
            _left_out(recipe),
        )
        for name, recipe in SETS.items()
    ]


def differences() -> list[tuple[str, str]]:
    """Return sets, and how OpenML's table is another than the one that was measured."""
    from benchmarks.datasets import SETS

    said = [(name, " ".join(_differs(recipe))) for name, recipe in SETS.items()]
    return [(name, sentences) for name, sentences in said if sentences]


def _left_out(recipe: Any) -> str:
    dropped = [f"``{column}``" for column in recipe.drop]
    merged = [f"class {rare} counts as {other}" for rare, other in recipe.merge.items()]
    return ", ".join([*dropped, *merged])


def _differs(recipe: Any) -> Iterator[str]:
    if recipe.differs:
        yield recipe.differs
    if recipe.lacks:
        yield f"Lacks {', '.join(f'``{column}``' for column in recipe.lacks)}."
    if recipe.labels:
        named = ", ".join(f"{number} to {label}" for number, label in recipe.labels.items())
        yield f"Classes are renamed, {named}."


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("data-sets", DataSets)
    return {"parallel_read_safe": True}

"""The directive ``.. results::``: the measured tables in ``docs/results``."""

import json
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

__all__ = ["Results", "setup"]

FOLDER = Path(__file__).parents[1] / "results"


class Results(Directive):
    """``.. results::`` shows each ``docs/results/<name>.csv`` as a table.

    ``<name>.json`` beside it, where there is one, has ``title``, ``command``, ``date``,
    ``versions`` (an object), lists of paragraphs ``about`` and ``notes`` to stand above and below
    the table, ``figures`` (file and sentence of each) and ``more`` (heading and file of further
    tables); none of them is required.
    """

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Parse the text of all tables in place of the directive."""
        files = sorted(FOLDER.glob("*.csv"))
        lines = [line for path in files for line in self._table(path)]
        for path in files:
            self.state.document.settings.env.note_dependency(str(path))
        source = self.state.document.current_source  # file names in it are relative to this page
        text = StringList(lines or ["No table has been measured yet."], source)
        container = nodes.container()
        self.state.nested_parse(text, self.content_offset, container)
        return container.children

    def _table(self, path: Path) -> list[str]:
        about = path.with_suffix(".json")
        facts = json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
        lines = [f".. rubric:: {facts.get('title', path.stem)}", ""]
        for paragraph in facts.get("about", []):
            lines += [paragraph, ""]
        lines += self._csv(path.name)
        for name, sentence in facts.get("figures", []):
            lines += [f".. figure:: results/{name}", "", f"   {sentence}", ""]
        for heading, name in facts.get("more", []):
            lines += [f"**{heading}**", "", *self._csv(name)]
        for paragraph in facts.get("notes", []):
            lines += [paragraph, ""]
        if "command" in facts:
            lines += [f"Command: ``{facts['command']}``", ""]
        if "date" in facts:
            versions = [f"{name} {v}" for name, v in facts.get("versions", {}).items()]
            lines += [", ".join([f"Measured on {facts['date']}", *versions]) + ".", ""]
        return lines

    @staticmethod
    def _csv(name: str) -> list[str]:
        return [".. csv-table::", f"   :file: results/{name}", "   :header-rows: 1", ""]


def setup(app: object) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("results", Results)
    return {"parallel_read_safe": True}

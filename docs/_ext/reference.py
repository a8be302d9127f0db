"""Writes ``docs/api.rst``: every public name of skdistill, once, under its module and kind.

It also lets a public name in single backticks link to its page, wherever it stands.
"""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["MODULES", "Section", "api_page", "sections", "setup"]

# What fits and displays hand back, and what is raised: public by their module, not by the root.
MODULES = {
    "skdistill": ("Estimators, losses and corrections", "What one writes ``from skdistill``."),
    "skdistill.students": (
        "Students and routes",
        "How learners consume soft targets; for those who extend the package.",
    ),
    "skdistill.teaching": (
        "A model elsewhere as the teacher",
        "Its folds in a file, its answers checked. See :doc:`guide/outside`.",
    ),
    "skdistill.outofcore": (
        "More rows than memory",
        "Rows stay in Parquet files. See :doc:`guide/large`.",
    ),
    "skdistill.inspection": (
        "Reports, comparisons and displays",
        "Needs the extra ``plot`` for pictures and data frames. See :doc:`guide/reading`.",
    ),
    "skdistill.export": (
        "Export",
        "A fitted student leaves Python, proved equal. See :doc:`guide/export`.",
    ),
    "skdistill.choosing": ("Verdict", "``verdict_`` of a `DistilledClassifierCV`."),
    "skdistill.estimators.report": ("Record of a fit", "``report_`` of the estimators."),
    "skdistill.estimators.quantiles_report": (
        "Records of quantiles",
        "``report_`` and ``coverage`` of `DistilledQuantiles`.",
    ),
    "skdistill.exceptions": ("Errors and warnings", "All are built-in kinds of error, too."),
}


@dataclass(frozen=True)
class Section:
    """The names of one kind of one module."""

    module: str
    kind: str
    names: tuple[str, ...]


def sections() -> Iterator[Section]:
    """Yield every public name once, under the first module of `MODULES` that has it."""
    seen: set[int] = set()
    for module in MODULES:
        home = importlib.import_module(module)
        kinds: dict[str, list[str]] = {}
        for name in sorted(home.__all__):
            obj = getattr(home, name)
            if name.startswith("__") or id(obj) in seen:
                continue
            seen.add(id(obj))
            kinds.setdefault(_kind(obj), []).append(name)
        for kind in ("Estimators", "Classes", "Displays", "Functions"):
            if kind in kinds:
                yield Section(module, kind, tuple(kinds[kind]))


def _kind(obj: object) -> str:
    if not inspect.isclass(obj):
        return "Functions"
    if obj.__name__.endswith("Display"):
        return "Displays"
    return "Estimators" if hasattr(obj, "fit") and hasattr(obj, "get_params") else "Classes"


def api_page() -> str:
    """Return the text of the page."""
    lines = ["API reference", "=============", ""]
    found = list(sections())
    for module, (title, about) in MODULES.items():
        lines += [title, "-" * len(title), "", f".. currentmodule:: {module}", "", about, ""]
        own = [section for section in found if section.module == module]
        for section in own:
            if len(own) > 1:
                lines += [f".. rubric:: {section.kind}", ""]
            lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
            lines += [f"   {name}" for name in section.names] + [""]
    return "\n".join(lines)


def _link(app: Any, env: Any, node: Any, text: Any) -> Any:
    """Resolve ``Name`` or ``Name.method`` of a public name, whose module was left out."""
    first, _, rest = str(node.get("reftarget", "")).partition(".")
    home = {name: part.module for part in sections() for name in part.names}.get(first)
    if node.get("refdomain") != "py" or home is None:
        return None
    target = ".".join(filter(None, [home, first, rest]))
    domain, page = env.get_domain("py"), node.get("refdoc", env.docname)
    return domain.resolve_xref(env, page, app.builder, "obj", target, node, text)


def setup(app: Any) -> dict[str, bool]:
    """Write the page before Sphinx looks for pages."""
    app.connect("missing-reference", _link)
    page = Path(app.srcdir) / "api.rst"
    text = api_page()
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
    return {"parallel_read_safe": True}

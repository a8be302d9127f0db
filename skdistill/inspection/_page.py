"""Reports as HTML: tables, sentences and pictures in one self-contained page."""

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skdistill._ground import html
from skdistill.inspection._display import Display, picture

__all__ = [
    "Report",
    "cell",
    "counted",
    "interval_note",
    "score_line",
    "section",
    "sentences",
    "value_table",
]

STYLE = """\
.skdistill-report { font: 15px/1.5 system-ui, sans-serif; }
.skdistill-report table { border-collapse: collapse; display: block; overflow-x: auto; }
.skdistill-report th, .skdistill-report td { padding: .25rem .7rem; text-align: right; }
.skdistill-report th, .skdistill-report td { white-space: nowrap; }
.skdistill-report thead th { border-bottom: 2px solid; }
.skdistill-report th:first-child { text-align: left; }
.skdistill-report tbody th { font-weight: normal; white-space: normal; min-width: 6rem; }
.skdistill-report td { font-variant-numeric: tabular-nums; }
.skdistill-report dl { display: grid; grid-template-columns: minmax(9rem, auto) 1fr; }
.skdistill-report dl { gap: .2rem 1rem; }
.skdistill-report dd { margin: 0; overflow-wrap: anywhere; }
.skdistill-report dl.answers { display: block; }
.skdistill-report .answers dt { font-weight: bold; }
.skdistill-report .answers dd { margin-bottom: .6rem; }
.skdistill-report .pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
.skdistill-report figure { margin: 0; }
.skdistill-report img { max-width: 100%; background: white; }
"""
HEADINGS = {
    "auc": "AUC",
    "brier": "Brier score",
    "brier_error": "its standard error",
    "fidelity_r2": "R² to the teacher",
    "fidelity_rmse": "RMSE to the teacher",
    "kl": "KL, nats",
    "log_loss": "log-loss",
    "logit_r2": "R² of log-odds",
    "loss_error": "its standard error",
    "mae": "MAE",
    "n_rows": "rows",
    "r2": "R²",
    "rmse": "RMSE",
}
PAGE_STYLE = """\
:root { color-scheme: light dark; }
body { max-width: 68rem; margin: 2rem auto; padding: 0 1rem; font-family: system-ui, sans-serif; }
"""


class Report(ABC):
    """A record that can show itself as HTML."""

    title: str

    @abstractmethod
    def _sections(self) -> list[str]:
        """Return the parts of the page as HTML."""

    @abstractmethod
    def _pictures(self) -> Mapping[str, Display]:
        """Return the pictures by caption."""

    @abstractmethod
    def _text(self) -> list[str]:
        """Return the report in a few plain lines."""

    def __str__(self) -> str:
        return "\n".join(self._text())

    def save(self, path: str | Path) -> None:
        """Write the report as one HTML page that needs nothing else: its pictures are in it.

        An old page is whole until the new one is.

        Parameters
        ----------
        path : str or pathlib.Path
            Where; ends in ``.html``.

        Raises
        ------
        ParameterError
            If the path ends otherwise.
        ImportError
            If matplotlib is not installed.
        OSError
            If it cannot be written.
        """
        drawn = "\n".join(picture(display, name) for name, display in self._pictures().items())
        html.write_page(path, html.page(self.title, self._body(drawn), PAGE_STYLE + STYLE))

    def _repr_html_(self) -> str:
        return f"<style>\n{STYLE}</style>\n{self._body(self._drawn())}"

    def shown(self) -> str:
        """Return the first part of the page and its pictures as HTML, for a notebook.

        Returns
        -------
        html : str
        """
        first = self._sections()[0]
        return f"<style>\n{STYLE}</style>\n{_framed([first, _pictured(self._drawn())])}"

    def _drawn(self) -> str:
        """Return the pictures, or how to have them."""
        if importlib.util.find_spec("matplotlib") is None:
            return html.paragraph('For pictures: pip install "skdistill[plot]".')
        return "\n".join(picture(display, name) for name, display in self._pictures().items())

    def _body(self, drawn: str) -> str:
        first, *rest = self._sections()
        return _framed([first, _pictured(drawn), *rest])


def _framed(parts: Iterable[str]) -> str:
    return '<div class="skdistill-report">\n' + "\n".join(parts) + "\n</div>"


def _pictured(drawn: str) -> str:
    return f'<div class="pictures">\n{drawn}\n</div>'


def section(heading: str, *parts: str) -> str:
    """Return a heading and what stands below it."""
    return "\n".join([f"<h2>{html.escape(heading)}</h2>", *parts])


def sentences(texts: Iterable[str]) -> str:
    """Return sentences as a list."""
    items = "\n".join(f"<li>{html.escape(text)}</li>" for text in texts)
    return f"<ul>\n{items}\n</ul>"


def value_table(
    corner: str,
    rows: Mapping[Any, Mapping[str, Any]],
    columns: Sequence[str],
    headings: Mapping[str, str] | None = None,
) -> str:
    """Return a table of numbers: a line per entry of `rows`, a column per name of `columns`."""
    header = [corner, *(_heading(column, headings) for column in columns)]
    lines = [[str(name), *(cell(row.get(c)) for c in columns)] for name, row in rows.items()]
    return html.table(header, lines)


def counted(number: int, thing: str) -> str:
    """Return a number of things: "1 row", "2,000 rows"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def interval_note(low: float, high: float, unit: str) -> str:
    """Return the interval of a difference in words; unbounded where there is but one `unit`."""
    if not np.isfinite(high - low):
        return f"from one {unit} no interval can be had"
    return f"95% interval of the difference {low:+.4f} to {high:+.4f}"


def score_line(
    name: str, scores: Mapping[str, float], headings: Mapping[str, str] | None = None
) -> str:
    """Return the scores of one model as a line of text."""
    told = [f"{_heading(k, headings)} {v:.4f}" for k, v in scores.items()]
    return f"{name}: {', '.join(told)}"


def _heading(name: str, headings: Mapping[str, str] | None) -> str:
    """Return what a column is called."""
    return (HEADINGS | dict(headings or {})).get(name, name.replace("_", " "))


def cell(value: Any) -> str:
    """Return a number as text; empty where there is none."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    return f"{value:.4f}" if isinstance(value, float | np.floating) else str(value)

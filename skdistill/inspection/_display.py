"""What the displays share: a table of what is drawn, axes to draw on, pictures for a page."""

import base64
import html
import importlib
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

__all__ = ["COLOURS", "Display", "colour", "data_frame", "optional", "picture"]

# One colour per method in every picture; others take matplotlib's turn.
COLOURS = {
    "teacher": "#555555",
    "teacher, calibrated": "#000000",
    "direct": "#d95f02",
    "in-sample": "#a6761d",
    "plain": "#7570b3",
    "cross-fit": "#66a61e",
    "distilled": "#0072b2",
    "student": "#0072b2",
}


def optional(name: str) -> Any:
    """Return an optional package, or raise ImportError with the extra that brings it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"skdistill.inspection draws with matplotlib and returns pandas data frames; {name} is "
            'not installed: pip install "skdistill[plot]".'
        ) from error


def data_frame(columns: Mapping[str, Sequence[Any]]) -> Any:
    """Return the columns as a pandas data frame."""
    return optional("pandas").DataFrame(dict(columns))


def colour(method: str, number: int) -> str:
    """Return the colour of a method; `number` counts the methods without one of their own."""
    return COLOURS.get(method, f"C{number % 10}")


class Display(ABC):
    """A picture and the table behind it.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.
    """

    size: ClassVar[tuple[float, float]] = (5.0, 4.0)  # inches, on a page

    def __init__(self, table: Mapping[str, Sequence[Any]]) -> None:
        self.table = table

    def _repr_html_(self) -> str:
        return picture(self, type(self).__name__)

    def frame(self) -> Any:
        """Return what is drawn.

        Returns
        -------
        frame : pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        return data_frame(self.table)

    def plot(self, ax: Any = None) -> Any:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes or None, default=None
            Where; None makes a new figure.

        Returns
        -------
        display : Display
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if ax is None:
            _, ax = optional("matplotlib.pyplot").subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax)
        return self

    @abstractmethod
    def _draw(self, ax: Any) -> None:
        """Draw on the axes."""


def picture(display: Display, title: str) -> str:
    """Return a display as an HTML image that carries its SVG in itself."""
    figure = optional("matplotlib.figure").Figure(figsize=display.size, layout="constrained")
    display.plot(figure.add_subplot())
    file = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # would link to their standards
    figure.savefig(file, format="svg", metadata=nothing)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    alt = html.escape(title, quote=True)
    return (
        f'<figure><img alt="{alt}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{alt}</figcaption></figure>"
    )

"""Bars for what fits are at, in a notebook or a terminal, with every version of scikit-learn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skdistill._ground.compat import Step
from skdistill._ground.steps import Steps

__all__ = ["progress_bar"]


@contextmanager
def progress_bar() -> Iterator[None]:
    """Show a bar for every stage of the fits within.

    In a notebook they are widgets, where it has them. With scikit-learn 1.9 and later its own
    callback does this as well (``model.set_callbacks(sklearn.callback.ProgressBar())``). With
    `n_jobs` above 1 a stage shows its beginning and its end.

    Yields
    ------
    nothing : None

    Raises
    ------
    ImportError
        If tqdm is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier, progress_bar
    >>> model = DistilledClassifier(RandomForestClassifier(5), DecisionTreeClassifier())
    >>> with progress_bar():  # doctest: +SKIP
    ...     model.fit(*load_iris(return_X_y=True))
    """
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError('progress_bar needs tqdm: pip install "skdistill[progress]".') from error
    with _Bars(tqdm):
        yield


class _Bars(Steps):
    """A bar of tqdm for every stage."""

    def __init__(self, bar: Any) -> None:
        super().__init__()
        self._make = bar
        self._bar: Any = None

    def began(self, stage: Step) -> None:
        self._end()
        self._bar = self._make(total=stage.n_steps or None, desc=stage.name)

    def moved(self, stage: Step) -> None:
        self._bar.update()

    def close(self) -> None:
        self._end()
        super().close()

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

"""What the docstrings of the exports share, written once (see `skdistill._ground.docstrings`)."""

from collections.abc import Callable
from typing import Any

from skdistill._ground.docstrings import entries, filled

__all__ = ["documented"]

SHARED = entries("""
model : estimator
    A fitted `DistilledClassifier`, `DistilledClassifierCV`, `DistilledRegressor`,
    `DistilledRegressorCV` or `DistilledQuantiles`, or a student of theirs.
X : array-like or data frame of shape (n, d)
    Rows to prove it on: some hundred that look like those to come.
path : str, pathlib.Path or None, default=None
    Where to write it; None for nowhere: `Exported.content` has it.
tolerance : float or None, default=None
    The largest difference of a probability, or of a prediction over the larger of one and its
    size. None for 1e-12, or 1e-6 where the student computes in single precision.
exported : Exported
    The $file, and how it was proved.
ExportError
    If the student, or a part of it, has no place in the $file, or if it says something else
    of a row. Nothing is written then.
ImportError
    If a package that the format needs is not installed.
sklearn.exceptions.NotFittedError
    If the model is not fitted.
OSError
    If `path` cannot be written.
""")


def documented(file: str) -> Callable[[Any], Any]:
    """Return a decorator that completes an export's docstring, the file called `file`."""

    def complete(function: Any) -> Any:
        function.__doc__ = filled(function.__doc__, SHARED, {"file": file})
        return function

    return complete

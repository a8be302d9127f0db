"""The table of an honest choice, as scikit-learn's searches give it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores
from skdistill.choosing.scoring import Judge
from skdistill.choosing.selection import smooth

__all__ = ["tabulate"]

SETTINGS = ("loss", "temperature", "correction", "calibration", "synthetic", "strength")


def tabulate(
    candidates: Sequence[Candidate], scores: Scores, judge: Judge, *, smoothed: bool
) -> dict[str, Any]:
    """Return `cv_results_`: one entry per candidate in each column.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    scores : Scores
        What came of them.
    judge : Judge
        Who judged: the scores are greater for better students.
    smoothed : bool
        Whether the ranks are those of the smoothed scores.

    Returns
    -------
    table : dict of str to array of shape (C,)
        The keys of `GridSearchCV`, and "smoothed_test_score", "size" (bytes of the pickled student
        of the first fold), "student_temperature" where the students' own probabilities were
        calibrated. "param_student" has the names, "params" the estimators. Scores are NaN on folds
        that a candidate was not fitted for, and so is its mean, which ranks last.
    """
    test = judge.perfect - scores.loss
    table: dict[str, Any] = {}
    for name, values in (("fit_time", scores.fit_time), ("score_time", scores.score_time)):
        table[f"mean_{name}"] = np.nanmean(values, axis=1)
        table[f"std_{name}"] = np.nanstd(values, axis=1)
    table["size"] = scores.size
    if scores.powers:
        table["student_temperature"] = 1.0 / np.array(scores.powers)
    table["param_student"] = _column([c.name for c in candidates])
    for key in dict.fromkeys(key for c in candidates for key in c.varied):
        values = [c.varied.get(key) for c in candidates]
        table[f"param_student__{key}"] = _column(values, [key not in c.varied for c in candidates])
    for name in (name for name in SETTINGS if name in candidates[0].params):
        table[f"param_{name}"] = _column([c.params[name] for c in candidates])
    table["params"] = [dict(c.params) for c in candidates]
    for v in range(test.shape[1]):
        table[f"split{v}_test_score"] = test[:, v]
    table["mean_test_score"], table["std_test_score"] = test.mean(axis=1), test.std(axis=1)
    mean_loss = scores.loss.mean(axis=1)
    table["smoothed_test_score"] = judge.perfect - smooth(candidates, mean_loss)
    ranked = table["smoothed_test_score" if smoothed else "mean_test_score"]
    order = np.where(np.isnan(ranked), -np.inf, ranked)
    table["rank_test_score"] = 1 + np.sum(order[:, None] < order[None, :], axis=1).astype(np.int32)
    return table


def _column(
    values: Sequence[Any], hidden: Sequence[bool] | None = None
) -> np.ma.MaskedArray[Any, Any]:
    """Return a masked array; of numbers where all that is not hidden is numbers."""
    hidden = [False] * len(values) if hidden is None else hidden
    kinds = {type(v) for v, h in zip(values, hidden, strict=True) if not h}
    dtype = int if kinds == {int} else float if kinds <= {int, float} else object
    data = np.zeros(len(values), dtype=dtype)
    for place, value in enumerate(values):
        if not hidden[place]:
            data[place] = value
    return np.ma.MaskedArray(data, mask=hidden)

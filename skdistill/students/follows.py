"""Whether a classifier follows the weights of its rows: a soft label is nothing but weights to it.

That `fit` takes `sample_weight` does not say what becomes of it. A learner that leaves it unused,
or evens it out, learns from copies that every class is as likely, whatever the teacher says.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from skdistill._learners import predictors_in, weight_keyword
from skdistill._wrapping import fit_labelled
from skdistill.students.trial import CannotTellError, Keyed, is_known, quietly, seeded

__all__ = ["weights_obstacle"]

N_ROWS = 128
CLEAR = 0.2  # soft labels of .2 and .8 are .6 apart
NOTHING = 1e-6


def weights_obstacle(student: Any) -> str | None:
    """Return which learner in a classifier does not follow the weights of its rows; None for none.

    Learners of other packages than scikit-learn, LightGBM and XGBoost are tried; one that cannot be
    fitted to made-up rows is let pass.

    Parameters
    ----------
    student : classifier
        Looked into; it takes `sample_weight`.

    Returns
    -------
    obstacle : str or None
    """
    for learner in predictors_in(student):
        try:
            if not is_known(learner) and not _tried_once(Keyed(learner)):
                return type(learner).__name__
        except CannotTellError:
            continue
    return None


@lru_cache(maxsize=64)
def _tried_once(keyed: Keyed) -> bool:
    """Whether the learner tells two groups of rows apart by the weights of their copies alone."""
    apart = _distance(keyed.learner, 0.8)
    # One that is strongly regularised tells them apart a little, and the other way round by turns.
    return apart > CLEAR or apart - _distance(keyed.learner, 0.2) > NOTHING


def _distance(learner: Any, positive: float) -> float:
    """Return by how much more probable "yes" is in a group where its copies weigh `positive`."""
    group = np.repeat(np.arange(N_ROWS) % 2, 2)
    X = np.column_stack([group, np.repeat(np.arange(N_ROWS) // 2 % 8, 2)]).astype(float)
    y = np.tile(["no", "yes"], N_ROWS)
    share = np.where(group == 1, positive, 1.0 - positive)
    weight = np.where(y == "yes", share, 1.0 - share)
    try:
        with quietly():
            model = fit_labelled(seeded(learner), X, y, **{weight_keyword(learner): weight})
            p = np.asarray(model.predict_proba(X), dtype=float)[:, 1]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        raise CannotTellError from error
    return float(np.mean(p[group == 1]) - np.mean(p[group == 0]))

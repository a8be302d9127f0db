"""How often the verdict's interval holds the expected difference, and how often it claims a gain.

Many data sets of one kind are drawn. What is expected is the mean over them of the difference: over
training sets, folds and test rows. Students are stable and unstable ones.
"""

from functools import cache

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifierCV

pytestmark = pytest.mark.long

N_SETS, N_ROWS = 200, 300
STUDENTS = {
    "depth 2": DecisionTreeClassifier(max_depth=2, random_state=0),
    "16 leaves": DecisionTreeClassifier(max_leaf_nodes=16, random_state=0),
    "whole tree": DecisionTreeClassifier(random_state=0),
    "logistic": LogisticRegression(),
}
KINDS = ("xor", "linear", "coin")
WANTED = 0.93


def draw(kind, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, 5))
    p = {
        "xor": np.where((X[:, 0] > 0) ^ (X[:, 1] > 0), 0.9, 0.1),
        "linear": 1.0 / (1.0 + np.exp(-1.5 * (X[:, 0] + X[:, 1] - 0.5 * X[:, 2]))),
        "coin": np.full(N_ROWS, 0.5),
    }[kind]
    return X, (rng.random(N_ROWS) < p).astype(int)


@cache
def verdicts(kind):
    """Return (difference, low, high) of every set, by student; one pool of teachers a set."""
    found = {name: [] for name in STUDENTS}
    for seed in range(N_SETS):
        X, y = draw(kind, seed)
        teacher, given = ExtraTreesClassifier(15, min_samples_leaf=3, random_state=0), {}
        for name, student in STUDENTS.items():
            search = DistilledClassifierCV(
                None if given else teacher,
                student,
                strengths=(0.0, 0.5),
                calibrations=("sigmoid",),
                scoring="accuracy" if kind == "coin" else None,
                random_state=seed,
            ).fit(X, y, **given)
            given = {"teacher_proba": search.teacher_proba_, "pool_proba": search.pool_proba_}
            found[name].append((search.verdict_.difference, *search.verdict_.interval))
    return {name: np.array(rows).T for name, rows in found.items()}


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_interval_holds_the_expected_difference(kind, student):
    difference, low, high = verdicts(kind)[student]
    expected = difference.mean()
    covered = np.mean((low <= expected) & (expected <= high))
    helps = np.mean(high < 0.0)
    print(f"{kind}, {student}: {expected:+.4f}, covered {covered:.1%}, helps {helps:.1%}")
    luck = 2.0 * np.sqrt(WANTED * (1.0 - WANTED) / N_SETS)  # of the simulation
    assert covered + luck >= WANTED
    error = difference.std(ddof=1) / np.sqrt(N_SETS)
    if expected > -2.0 * error:  # not a gain that the simulation could tell from none
        assert helps <= 0.05

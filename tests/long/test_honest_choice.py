"""What honest choice promises, on data whose Bayes probabilities are known."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifierCV

pytestmark = pytest.mark.long

SEEDS = range(20)
N_ROWS = 300
PAIRS = {
    "nearest neighbour": (KNeighborsClassifier(1), KNeighborsRegressor(1)),
    "forests": (
        RandomForestClassifier(30, random_state=0),
        RandomForestRegressor(5, random_state=0),
    ),
}


def searcher(teacher, student, seed=0, **settings):
    defaults = {"calibrations": (None,), "scoring": "accuracy", "random_state": seed}
    return DistilledClassifierCV(teacher, student, **defaults | settings)


def naive_accuracy(model, X, y):
    """Return the best mean accuracy that the same search finds on labels that leak."""
    p = model.teacher_proba_
    leaking = np.stack([p] * model.n_splits_)
    search = clone(model).set_params(teacher=None).fit(X, y, teacher_proba=p, pool_proba=leaking)
    np.testing.assert_array_equal(search.fold_, model.fold_)
    distilled = search.cv_results_["param_strength"] != 1.0
    return search.cv_results_["mean_test_score"][distilled].max()


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.filterwarnings("ignore:pool_proba has the ordinary:skdistill.exceptions.LeakWarning")
def test_noise_is_scored_at_chance_and_never_found_to_help(name):
    """Labels are coin throws: whatever is above one half has leaked."""
    teacher, student = PAIRS[name]
    honest, naive, plain, helped = [], [], [], 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(N_ROWS, 5)), rng.integers(2, size=N_ROWS)
        model = searcher(teacher, student, seed).fit(X, y)
        helped += model.verdict_.outcome == "helps"
        honest.append(1.0 - model.verdict_.distilled)
        row = np.flatnonzero(model.cv_results_["param_strength"] == 0.0)[0]
        plain.append(model.cv_results_["mean_test_score"][row])
        naive.append(naive_accuracy(model, X, y))
    error = np.std(honest, ddof=1) / np.sqrt(len(SEEDS))
    print(f"{name}: honest {np.mean(honest):.3f} +- {error:.3f}, naive {np.mean(naive):.3f}")
    assert abs(np.mean(honest) - 0.5) <= 3.0 * error
    assert abs(np.mean(plain) - 0.5) <= 3.0 * np.std(plain, ddof=1) / np.sqrt(len(SEEDS))
    assert np.mean(naive) > 0.5 + 10.0 * error
    assert helped <= 2  # of 20, at a level of .05 for both sides; .025 each


class Oracle(ClassifierMixin, BaseEstimator):
    """A teacher that knows the Bayes probabilities, or a bent version of them.

    Parameters
    ----------
    bend : float
        By how much it is wrong, on the scale of the logit.
    """

    def __init__(self, bend=0.0):
        self.bend = bend

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        logit = bayes_logit(X) + self.bend * np.cos(2.0 * X[:, 1])
        p = 1.0 / (1.0 + np.exp(-logit))
        return np.column_stack([1.0 - p, p])


def bayes_logit(X):
    return 1.5 * X[:, 0] - 1.0 * X[:, 1] * (X[:, 2] > 0)


def draw(n_rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 5))
    y = (rng.random(n_rows) < 1.0 / (1.0 + np.exp(-bayes_logit(X)))).astype(int)
    return X, y


def chosen_strengths(teacher, student, n_rows=1500, **settings):
    found = []
    for seed in range(5):
        X, y = draw(n_rows, seed)
        settings |= {"scoring": "neg_log_loss", "fallback": False}  # lest it decide
        found.append(searcher(teacher, student, seed, **settings).fit(X, y).strength_)
    return found


def test_a_teacher_that_knows_the_truth_is_followed_by_a_student_that_overfits():
    student = DecisionTreeClassifier(min_samples_leaf=5, random_state=0)
    found = chosen_strengths(Oracle(), student)
    print("near-Bayes teacher:", found)
    assert np.mean(found) <= 0.05


def test_a_biased_teacher_is_left_for_the_labels():
    student = LogisticRegression()
    found = chosen_strengths(Oracle(bend=3.0), student)
    print("biased teacher:", found)
    assert np.mean(found) >= 0.95


def test_the_strength_grows_with_the_teachers_bias():
    student = DecisionTreeClassifier(max_leaf_nodes=40, random_state=0)
    means = [np.mean(chosen_strengths(Oracle(bend=bend), student)) for bend in (0.0, 1.0, 4.0)]
    print("strength by bias:", means)
    assert means[0] <= means[1] <= means[2]
    assert means[2] - means[0] >= 0.4


def test_the_honest_figure_of_the_verdict_is_what_fresh_rows_show():
    """Within three standard errors of the student of the same size on 20,000 fresh rows."""
    X_test, y_test = draw(20_000, 99)
    apart = []
    for seed in range(10):
        X, y = draw(600, seed)
        student = DecisionTreeClassifier(min_samples_leaf=5, random_state=0)
        model = searcher(
            RandomForestClassifier(50, min_samples_leaf=5, random_state=0),
            student,
            seed,
            scoring="neg_log_loss",
            calibrations=("sigmoid",),
            cv=10,
        ).fit(X, y)
        p = np.maximum(model.predict_proba(X_test)[np.arange(len(y_test)), y_test], 1e-15)
        apart.append(model.verdict_.distilled + np.log(p).mean())
    error = np.std(apart, ddof=1) / np.sqrt(len(apart))
    print(f"honest less fresh: {np.mean(apart):+.4f} +- {error:.4f}")
    assert abs(np.mean(apart)) <= 3.0 * error + 0.01  # trained on nine tenths of the rows

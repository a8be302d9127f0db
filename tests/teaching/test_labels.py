"""Two sets of out-of-fold probabilities are joined on the rows that both have."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import PredefinedSplit, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import CoverageWarning, InputError
from skdistill.inspection import TeacherReport
from skdistill.teaching.calibration import calibrate
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
SOME_IN_NO_FOLD = np.where(np.arange(240) % 6 == 0, -1, np.arange(240) % 4)

any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
any_gap = pytest.mark.parametrize(
    "cv", [TimeSeriesSplit(4), PredefinedSplit(SOME_IN_NO_FOLD)], ids=["time", "predefined"]
)
without_a_word = pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")


def direct_by_hand(data, cv):
    """Return the direct student's out-of-fold probabilities; NaN in rows of no fold."""
    own = np.full_like(data.teacher, np.nan)
    for train, test in cv.split(data.X):
        own[test] = clone(TREE).fit(data.X[train], data.y[train]).predict_proba(data.X[test])
    return own


def stacked_by_hand(data, cv):
    """Return the rows that both know, and their stacked probabilities."""
    own = direct_by_hand(data, cv)
    both = np.flatnonzero(~np.isnan(own[:, 0]))
    fitted = calibrate("stacked", data.one_hot[both], data.teacher[both], None, own[both])
    assert fitted.student_slope > 0.0
    return both, fitted.transform(data.teacher[both], own[both])


def fit_stacked(how, data, cv):
    """Fit to given probabilities, at once or afterwards, or in a search."""
    model = DistilledClassifier(None, TREE, cv=cv, strength=0.3, calibration="stacked")
    if how == "fit":
        return model.fit(data.X, data.y, teacher_proba=data.teacher)
    if how == "refit":
        other = model.set_params(calibration=None).fit(data.X, data.y, teacher_proba=data.teacher)
        assert other.report_.n_rows == 240
        return other.refit_student(data.X, data.y, calibration="stacked")
    settings = {"strengths": (0.3,), "calibrations": ("stacked",), "fallback": False}
    p = 0.95 * data.teacher + 0.05 / data.teacher.shape[1]
    pool = np.stack([p] * len(list(cv.split(data.X))))
    search = DistilledClassifierCV(None, TREE, cv=cv, **settings)
    search.fit(data.X, data.y, teacher_proba=data.teacher, pool_proba=pool)
    assert search.best_params_["strength"] == 0.3
    return search


@any_gap
@any_classes
@pytest.mark.parametrize("how", ["fit", "refit", "search"])
def test_stacked_calibration_of_given_probabilities_where_rows_are_in_no_fold(n_classes, cv, how):
    data = DATA[n_classes]
    both, p = stacked_by_hand(data, cv)
    n_lost = len(data.y) - len(both)
    assert n_lost >= 40
    with pytest.warns(CoverageWarning, match=f"{n_lost} of 240 rows are in no test fold") as told:
        model = fit_stacked(how, data, cv)
    assert len(told) == 1
    assert_allclose(model.calibrated_proba_[both], p, atol=1e-12)
    assert np.isnan(np.delete(model.calibrated_proba_, both, axis=0)).all()
    assert_array_equal(model.teacher_proba_, data.teacher)
    assert (model.report_.n_rows, model.report_.n_uncovered) == (len(both), n_lost)
    assert all(np.isfinite(list(of.values())).all() for of in model.report_.teacher.values())
    alone = DistilledClassifier(None, TREE, strength=0.3, calibration=None)
    alone.fit(data.X[both], data.y[both], teacher_proba=p)
    assert_allclose(model.predict_proba(data.X), alone.predict_proba(data.X), atol=1e-12)


@any_gap
@without_a_word
def test_reports_of_a_stacked_calibration_are_finite(cv):
    data = DATA[2]
    model = DistilledClassifier(None, TREE, cv=cv, calibration="stacked")
    model.fit(data.X, data.y, teacher_proba=data.teacher)
    report = TeacherReport.from_estimator(model, data.X, data.y, residual_model=None)
    assert report.n_rows == model.report_.n_rows
    for scores in report.scores.values():
        assert np.isfinite(list(scores.values())).all()
    assert "nan" not in str(model.report_)


@any_gap
def test_all_given_probabilities_are_used_where_the_folds_are_for_the_strength_only(cv):
    """And no warning says that they are not."""
    data = DATA[3]
    model = DistilledClassifier(None, TREE, cv=cv, calibration="sigmoid", random_state=0)
    model.fit(data.X, data.y, teacher_proba=data.teacher)
    assert model.report_.shrinkage is not None
    assert model.report_.n_rows == 240
    given = clone(model).set_params(strength=model.strength_)
    given.fit(data.X, data.y, teacher_proba=data.teacher)
    assert_allclose(model.predict_proba(data.X), given.predict_proba(data.X))


@any_gap
@without_a_word
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
def test_one_pass_over_the_same_folds_lacks_the_same_rows(cv, weighted):
    data = DATA[2]
    weight = np.where(np.arange(240) % 7 == 0, 0.0, 1.0) if weighted else None
    model = DistilledClassifier(GaussianNB(), TREE, cv=cv, strength=0.2, calibration="stacked")
    model.fit(data.X, data.y, sample_weight=weight)
    known = ~np.isnan(model.teacher_proba_[:, 0])
    assert_array_equal(known, ~np.isnan(model.calibrated_proba_[:, 0]))
    assert model.report_.n_rows == known.sum()


@pytest.mark.parametrize("method", ["sigmoid", "temperature", "isotonic", "stacked"])
def test_rows_without_probabilities_cannot_be_calibrated(method):
    data = DATA[2]
    p, lacks = data.teacher, data.teacher.copy()
    lacks[3] = np.nan
    with pytest.raises(InputError, match=r"got NaN in some rows: leave out"):
        calibrate(method, data.one_hot, lacks, None, p)
    if method == "stacked":
        with pytest.raises(InputError, match="direct student"):
            calibrate(method, data.one_hot, p, None, lacks)

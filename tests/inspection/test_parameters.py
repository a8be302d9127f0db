"""What reports and comparisons refuse, each with the remedy."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifierCV
from skdistill.exceptions import ParameterError
from skdistill.inspection import (
    DistillationCurveDisplay,
    DistillationReport,
    FidelityDisplay,
    FrontierDisplay,
    ResidualDisplay,
    TeacherReport,
    compare,
    frontier,
)
from tests.common.data import sample

DATA = sample(2, 60)
STUDENTS = {"stump": DecisionTreeClassifier(max_depth=1)}
# From a model: what judges it on its training rows, on others, or by fits of its own.
OF_THE_FIT = {
    "teacher": lambda model, **kw: TeacherReport.from_estimator(model, DATA.X, DATA.y, **kw),
    "report": lambda model, **kw: DistillationReport.from_estimator(model, DATA.X, DATA.y, **kw),
}
BY_FITS = {
    "compare": lambda model, **kw: compare(model, DATA.X, DATA.y, **kw),
    "frontier": lambda model, **kw: frontier(model, DATA.X, DATA.y, STUDENTS, **kw),
    "curve": lambda model, **kw: DistillationCurveDisplay.from_estimator(
        model, DATA.X, DATA.y, **kw
    ),
}
OF_PREDICTIONS = {
    "predictions": lambda _, **kw: TeacherReport.from_predictions(DATA.y, DATA.teacher, **kw),
    "fidelity": lambda _, **kw: FidelityDisplay.from_predictions(DATA.teacher, DATA.bayes, **kw),
}


@pytest.mark.parametrize(
    "make", (every := OF_THE_FIT | BY_FITS | OF_PREDICTIONS).values(), ids=every
)
@pytest.mark.parametrize("floor", [0.0, 0.5, -0.1, np.nan, "auto", None, True])
def test_floors(two, make, floor):
    with pytest.raises(ParameterError, match=r"floor must be a .*number in \(0, 0.5\)"):
        make(two.model, floor=floor)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((), r"non-empty sequence of numbers of rows, such as \(1, 10_000\), got \(\)"),
        (1, "got 1"),
        ("10", "got '10'"),
        ((1, 0), "every entry of latency_rows must be an integer of at least 1, got 0"),
        ((1.5,), "got 1.5"),
    ],
)
def test_numbers_of_rows_to_time(two, numbers, said):
    with pytest.raises(ParameterError, match=said):
        OF_THE_FIT["report"](two.model, latency_rows=numbers)


@pytest.mark.parametrize("make", [OF_THE_FIT["report"], BY_FITS["frontier"]])
@pytest.mark.parametrize("budget", [-1.0, np.nan, "long"])
def test_seconds_to_spend(two, make, budget):
    with pytest.raises(ParameterError, match=r"budget must be a .*number in"):
        make(two.model, budget=budget)


@pytest.mark.parametrize("make", OF_THE_FIT.values(), ids=OF_THE_FIT)
def test_reports_of_other_estimators_say_what_they_want(two, make):
    pipeline = make_pipeline(StandardScaler(), clone(two.model)).fit(DATA.X, DATA.y)
    grid = GridSearchCV(two.model, {"strength": [0.0]}, cv=2).fit(DATA.X, DATA.y)
    wanted = "must be a fitted DistilledClassifier or DistilledClassifierCV, got"
    for estimator, said in (
        (pipeline, rf"{wanted} Pipeline: pass its step, pipeline\[-1\], and the rows"),
        (grid, f"{wanted} GridSearchCV: .*has it as best_estimator_"),
        (LogisticRegression().fit(DATA.X, DATA.y), f"{wanted} LogisticRegression"),
        (None, f"{wanted} NoneType"),
    ):
        with pytest.raises(ParameterError, match=said):
            make(estimator)
    with pytest.raises(ParameterError, match=f"{wanted} Pipeline"):
        ResidualDisplay.from_estimator(pipeline, DATA.X, DATA.y, 0)
    rows = pipeline[:-1].transform(DATA.X)  # the remedy
    found = TeacherReport.from_estimator(pipeline[-1], rows, DATA.y, residual_model=None)
    assert found.n_rows == 60


@pytest.mark.parametrize("make", BY_FITS.values(), ids=BY_FITS)
def test_searches_are_not_compared(two, make):
    """Fitted or not: they choose on rows that would be tested on."""
    search = DistilledClassifierCV(GaussianNB(), STUDENTS["stump"], cv=3)
    for model in (search, clone(search).fit(DATA.X, DATA.y)):
        with pytest.raises(
            ParameterError, match="must be a DistilledClassifier, got DistilledClassifierCV: pass"
        ):
            make(model)


@pytest.mark.parametrize(
    "others", [["a"], [("nb", GaussianNB())], GaussianNB(), {"nb": "GaussianNB"}], ids=repr
)
def test_others_are_classifiers_by_name(two, others):
    with pytest.raises(ParameterError, match="others must be a mapping of names to classifiers"):
        compare(two.model, DATA.X, DATA.y, others=others)


def test_a_loss_that_is_not_known_is_on_no_front():
    display = FrontierDisplay.from_predictions(
        ["lost", "good", "bad"], [np.nan, 0.3, 0.4], [1e-5, 1e-3, 1e-2], [1, 100, 200]
    )
    assert display.frame()["on_front"].tolist() == [False, True, False]
    texts = [text.get_text() for text in display.plot().ax_.texts]
    assert texts == ["good", "bad"]
    nobody = FrontierDisplay.from_predictions(["lost"], [np.nan], [1e-5], [1])
    assert not nobody.plot().frame()["on_front"].any()

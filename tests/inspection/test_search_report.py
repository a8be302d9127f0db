"""The page of a search, and what a notebook shows of one."""

import json

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill.exceptions import ParameterError
from skdistill.inspection import SearchReport
from tests.common.data import sample

DATA = sample(2, 90)
QUICK = {"cv": 3, "strengths": (0.5,), "random_state": 0}


@pytest.fixture(scope="module", params=["classes", "numbers"])
def search(request):
    grid = {"max_leaf_nodes": [2, 4]}
    if request.param == "classes":
        students = [("tree", DecisionTreeClassifier(random_state=0), grid)]
        students += [("<line>", LogisticRegression())]
        model = DistilledClassifierCV(GaussianNB(), students, calibrations=(None,), **QUICK)
        return model.fit(DATA.X, DATA.y)
    students = [("tree", DecisionTreeRegressor(random_state=0), grid), ("<line>", Ridge())]
    model = DistilledRegressorCV(Ridge(), students, calibrations=(None,), **QUICK)
    return model.fit(DATA.X, DATA.X[:, 0] ** 2 + DATA.X[:, 1])


def test_the_page_has_verdict_picture_and_table(search, tmp_path):
    report = SearchReport.from_estimator(search)
    report.save(tmp_path / "search.html")
    page = (tmp_path / "search.html").read_text(encoding="utf-8")
    assert page.index(search.verdict_.sentence[:20]) < page.index("<img") < page.index("<table>")
    assert "&lt;line&gt;, direct" in page
    assert "<line>" not in page
    frame = report.frame()
    assert len(frame) == len(search.frontier_["loss"]) == 6
    assert frame["loss"].tolist() == search.frontier_["loss"].tolist()
    assert frame["on_front"].sum() == page.count("<td>yes</td>")
    facts = json.loads(json.dumps(report.to_dict()))
    assert facts["sentence"] == search.verdict_.sentence
    assert str(report) == str(search.verdict_)


def test_a_notebook_shows_verdict_and_picture_above_the_diagram(search):
    plain = clone(search)._repr_mimebundle_()["text/html"]
    assert "<img" not in plain
    for shown in (search._repr_mimebundle_()["text/html"], search._repr_html_()):
        assert shown.index(search.verdict_.sentence[:20]) < shown.index("<img")
        assert shown.index("<img") < shown.index("sk-top-container")
    with config_context(display="text"):
        assert "text/html" not in search._repr_mimebundle_()
        assert not hasattr(search, "_repr_html_")
    assert search._repr_mimebundle_()["text/plain"] == repr(search)


def test_displays_show_themselves(search):
    display = SearchReport.from_estimator(search).display
    assert display._repr_html_().startswith('<figure><img alt="FrontierDisplay"')
    assert np.isfinite(display.teacher)


def test_what_is_no_search_is_refused(search, two):
    with pytest.raises(ParameterError, match="search must be a fitted DistilledClassifierCV"):
        SearchReport.from_estimator(two.model)
    with pytest.raises(NotFittedError):
        SearchReport.from_estimator(clone(search))

"""Learners that cannot be pickled: served where no pickle is needed, refused before a fit else."""

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import ParameterError, TeacherError
from skdistill.inspection import DistillationReport, frontier
from tests.common.data import sample
from tests.common.spies import CountingTeacher

DATA = sample(2)
X, Y = DATA.X, DATA.y
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
NAMELESS = make_pipeline(FunctionTransformer(lambda x: x), TREE)


def search(teacher=None, student=NAMELESS, **settings):
    teacher = GaussianNB() if teacher is None else teacher
    return DistilledClassifierCV(teacher, student, cv=3, random_state=0, **settings)


def test_the_honest_choice_leaves_the_size_open():
    model = search(student=[NAMELESS, TREE]).fit(X, Y)
    sizes = pd.DataFrame(model.cv_results_).groupby("param_student")["size"].max()
    assert np.isnan(sizes.loc[sizes.index.str.lower() == "pipeline"].item())
    assert sizes.max() > 0


def test_where_sizes_decide_it_is_refused_before_a_teacher_is_fitted():
    fits = CountingTeacher.watch()
    with pytest.raises(ParameterError, match=r"prefer='smaller' compares .* cannot be pickled"):
        search(CountingTeacher(), prefer="smaller").fit(X, Y)
    assert not fits
    search(prefer="faster").fit(X, Y)
    search(student=make_pipeline(FunctionTransformer(np.abs), TREE), prefer="smaller").fit(X, Y)


def test_reports_say_that_the_size_was_not_measured():
    model = DistilledClassifier(GaussianNB(), NAMELESS, cv=3, random_state=0).fit(X, Y)
    report = DistillationReport.from_estimator(model, X[::2], Y[::2], budget=0.0)
    assert report.models["distilled"].size_bytes is None
    assert "not measured" in report._repr_html_()


def test_a_frontier_takes_no_unknown_size_for_a_small_one():
    model = DistilledClassifier(GaussianNB(), TREE, cv=3, random_state=0)
    found = frontier(model, X, Y, {"nameless": NAMELESS, "tree": TREE}, budget=0.0, random_state=0)
    assert [point.size_bytes is None for point in found.points] == [True, False]
    assert found.best_under(size=1e9).name == "tree"
    assert [point.name for point in found.front] == ["tree"]


def test_a_cache_needs_a_teacher_with_a_pickle(tmp_path):
    teacher = make_pipeline(FunctionTransformer(lambda x: x), CountingTeacher())
    fits = CountingTeacher.watch()
    for make in (DistilledClassifier, DistilledClassifierCV):
        model = make(teacher, TREE, cv=3, memory=str(tmp_path), random_state=0)
        with pytest.raises(TeacherError, match="finds a teacher by its pickle") as caught:
            model.fit(X, Y)
        assert len(str(caught.value)) < 600
        assert not fits
        model.set_params(memory=None).fit(X, Y)
        fits.clear()

"""Teachers of every kind: frames, sparse arrays, labels by number, silent tags."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground.answers import class_probabilities
from skdistill._ground.wrapping import LabelledClassifier, fit_labelled
from skdistill.exceptions import InputError, TeacherError
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


class Answering(GaussianNB):
    """Naive Bayes whose probabilities come in another form.

    Parameters
    ----------
    form : callable
        From probabilities and class names to what `predict_proba` gives.
    """

    def __init__(self, form=None):
        super().__init__()
        self.form = form

    def predict_proba(self, X):
        p = super().predict_proba(X)
        return p if self.form is None else self.form(p, self.classes_)


def turned(frame):
    def form(p, classes):
        order = np.arange(len(classes))[::-1]
        return frame(p[:, order], [str(name) for name in classes[order]])

    return form


def of_pandas(p, names):
    return pd.DataFrame(p, columns=names, index=np.arange(len(p))[::-1])


def of_polars(p, names):
    return pl.DataFrame(p, schema=list(names))


FORMS = {
    "pandas": of_pandas,
    "pandas, turned": turned(of_pandas),
    "pandas, unnamed": lambda p, _: pd.DataFrame(p),
    "pandas, nullable": lambda p, names: pd.DataFrame(p, columns=names).convert_dtypes(),
    "polars, turned": turned(of_polars),
    "polars, unnamed": lambda p, _: pl.DataFrame(p),
    "csr": lambda p, _: sp.csr_array(p),
    "dok": lambda p, _: sp.dok_array(p),
    "dok matrix": lambda p, _: sp.dok_matrix(p),
    "lists": lambda p, _: p.tolist(),
    "float32": lambda p, _: p.astype(np.float32),
}


def teach(teacher, data, **settings):
    settings = {"strength": 0.3, "cv": 3, "random_state": 0} | settings
    return DistilledClassifier(teacher, TREE, **settings).fit(data.X, data.y)


@any_classes
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("n_repeats", [1, 2])
def test_the_form_of_probabilities_changes_nothing(n_classes, form, n_repeats):
    data = DATA[n_classes]
    plain = teach(Answering(), data, n_repeats=n_repeats)
    model = teach(Answering(form), data, n_repeats=n_repeats)
    tolerance = 1e-6 if form is FORMS["float32"] else 0.0
    np.testing.assert_allclose(model.teacher_proba_, plain.teacher_proba_, atol=tolerance)


@pytest.mark.parametrize("frame", [of_pandas, of_polars])
def test_columns_named_after_something_else_are_refused(frame):
    teacher = Answering(lambda p, names: frame(p, [f"p({name})" for name in names]))
    with pytest.raises(TeacherError, match=r"columns \['no', 'yes'\].*got \['p\(no\)', 'p\(yes\)"):
        teach(teacher, DATA[2])


def test_masked_probabilities_are_refused():
    teacher = Answering(lambda p, _: np.ma.array(p, mask=p > 0.5))
    with pytest.raises(TeacherError, match="masked"):
        teach(teacher, DATA[2])


class Unsorted(GaussianNB):
    """Has its classes in the other order."""

    def fit(self, X, y):
        super().fit(X, y)
        self.shown_ = self.classes_
        self.classes_ = self.classes_[::-1]
        return self

    def predict_proba(self, X):
        return GaussianNB.predict_proba(self, X)[:, ::-1]


@any_classes
def test_classes_in_another_order(n_classes):
    data = DATA[n_classes]
    assert_array_equal(
        teach(Unsorted(), data).teacher_proba_, teach(GaussianNB(), data).teacher_proba_
    )


class Misnamed(GaussianNB):
    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = np.array(["left", "right"])
        return self


def test_other_classes_are_refused():
    with pytest.raises(TeacherError, match=r"classes_ of Misnamed must be .*no.*yes.*got.*left"):
        teach(Misnamed(), DATA[2])


# Labels


class ByNumber(DecisionTreeClassifier):
    """Takes the labels 0..K-1 only; its `fit` returns nothing."""

    def fit(self, X, y, sample_weight=None):
        if not np.array_equal(np.unique(y), np.arange(len(np.unique(y)))):
            raise ValueError(f"expected labels 0..K-1, got {np.unique(y)}")
        super().fit(X, y, sample_weight)


@any_classes
@pytest.mark.parametrize("kind", ["text", "numbers", "floats", "bool"])
def test_teachers_that_know_classes_by_number(n_classes, kind):
    data = DATA[n_classes]
    codes = data.codes % 2 if kind == "bool" else data.codes
    y = {"text": data.y, "numbers": codes * 5 - 3, "floats": codes + 0.0, "bool": codes == 1}[kind]
    settings = {"max_depth": 3, "random_state": 0}
    how = {"strength": 0.3, "cv": 3, "random_state": 0}
    ours = DistilledClassifier(ByNumber(**settings), TREE, **how).fit(data.X, y)
    plain = DistilledClassifier(DecisionTreeClassifier(**settings), TREE, **how).fit(data.X, y)
    assert_array_equal(ours.teacher_proba_, plain.teacher_proba_)
    assert_array_equal(ours.predict(data.X), plain.predict(data.X))


def test_weights_reach_a_teacher_that_knows_classes_by_number():
    data, weight = DATA[2], np.linspace(0.1, 3.0, 240)
    settings = {"max_depth": 3, "random_state": 0}
    p, q = (
        DistilledClassifier(kind(**settings), TREE, strength=0.3, cv=3, random_state=0)
        .fit(data.X, data.y, sample_weight=weight)
        .teacher_proba_
        for kind in (ByNumber, DecisionTreeClassifier)
    )
    assert_array_equal(p, q)


class Broken(GaussianNB):
    def fit(self, X, y):
        raise ValueError(f"broken at {y[0]}")


def test_the_first_error_is_raised():
    with pytest.raises(TeacherError, match=r"broken at (yes|no)"):
        teach(Broken(), DATA[2])


def test_class_weights_by_name_are_not_read_as_numbers():
    """Weights of classes that there are not are an error, also where the numbers would fit."""
    teacher = DecisionTreeClassifier(class_weight={0: 1.0, 1: 5.0})
    with pytest.raises(TeacherError, match="class_weight"):
        teach(teacher, DATA[2])


def test_what_fit_returns_is_not_asked_for():
    model = ByNumber(max_depth=2)
    assert fit_labelled(model, DATA[2].X, DATA[2].codes) is model
    wrapped = fit_labelled(ByNumber(max_depth=2), DATA[2].X, DATA[2].y)
    assert type(wrapped) is LabelledClassifier
    p = class_probabilities(wrapped, DATA[2].X, DATA[2].classes)
    assert_array_equal(p, model.predict_proba(DATA[2].X))
    again = wrapped.fit(DATA[2].X, DATA[2].y)
    assert_array_equal(again.predict_proba(DATA[2].X), p)


def test_xgboost_as_teacher_with_labels_of_any_kind():
    xgboost = pytest.importorskip("xgboost")
    data = DATA[3]
    teacher = xgboost.XGBClassifier(n_estimators=5, n_jobs=1)
    p = [
        DistilledClassifier(teacher, TREE, strength=0.3, cv=3, random_state=0)
        .fit(data.X, y)
        .teacher_proba_
        for y in (data.codes, data.y, data.codes * 2 + 1)
    ]
    assert_array_equal(p[0], p[1])
    assert_array_equal(p[0], p[2])


# Tags


class MixinLast(BaseEstimator, ClassifierMixin):
    """The mixin behind BaseEstimator, as many packages have it."""

    def fit(self, X, y, sample_weight=None):
        self.inner_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


class NoMixin(BaseEstimator):
    fit, predict, predict_proba = MixinLast.fit, MixinLast.predict, MixinLast.predict_proba


class TypeOnly(NoMixin):
    _estimator_type = "classifier"


class NoBase:
    """No estimator of scikit-learn's at all, but with its methods."""

    fit, predict, predict_proba = MixinLast.fit, MixinLast.predict, MixinLast.predict_proba

    def get_params(self, deep=True):  # noqa: FBT002
        return {}

    def set_params(self, **params):
        return self


class MixinAlone(ClassifierMixin, NoBase):
    """Its tags fail: the mixin expects some behind it."""


SILENT = [MixinLast, NoMixin, TypeOnly, NoBase, MixinAlone]
silent = pytest.mark.parametrize("learner", SILENT, ids=lambda kind: kind.__name__)


@silent
@any_classes
@pytest.mark.filterwarnings("ignore:.*__sklearn_tags__:DeprecationWarning")  # scikit-learn 1.6
def test_silent_tags_are_no_obstacle(learner, n_classes):
    data = DATA[n_classes]
    how = {"strength": 0.3, "cv": 3, "random_state": 0}
    ours = DistilledClassifier(learner(), learner(), **how).fit(data.X, data.y)
    plain = DistilledClassifier(GaussianNB(), GaussianNB(), **how).fit(data.X, data.y)
    assert_array_equal(ours.predict_proba(data.X), plain.predict_proba(data.X))
    assert ours.route_.name == "replication"


class RegressorLast(BaseEstimator, RegressorMixin):
    fits = 0

    def fit(self, X, y):
        self.inner_ = Ridge().fit(X, y)
        return self

    def predict(self, X):
        return self.inner_.predict(X)


class RegressorByType(BaseEstimator):
    _estimator_type = "regressor"
    fit, predict = RegressorLast.fit, RegressorLast.predict


class RegressorWithoutBase(RegressorMixin):
    """Its tags fail: the mixin expects some behind it."""

    fit, predict = RegressorLast.fit, RegressorLast.predict
    get_params, set_params = NoBase.get_params, NoBase.set_params


@any_classes
@pytest.mark.filterwarnings("ignore:.*__sklearn_tags__:DeprecationWarning")
@pytest.mark.parametrize("learner", [RegressorLast, RegressorByType, RegressorWithoutBase])
def test_silent_regressors(learner, n_classes):
    data = DATA[n_classes]
    how = {"strength": 0.3, "cv": 3, "random_state": 0}
    ours = DistilledClassifier(GaussianNB(), learner(), **how).fit(data.X, data.y)
    plain = DistilledClassifier(GaussianNB(), Ridge(), **how).fit(data.X, data.y)
    np.testing.assert_allclose(ours.predict_proba(data.X), plain.predict_proba(data.X), atol=1e-12)
    with pytest.raises(TeacherError, match="must be a classifier, got the regressor"):
        teach(learner(), data)


@pytest.mark.parametrize("learner", [MixinLast, NoMixin], ids=lambda kind: kind.__name__)
def test_votes_ask_the_tags_and_the_remedy_helps(learner):
    class Tagged(learner):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.estimator_type = "classifier"
            return tags

    data = DATA[2]
    with pytest.raises(TeacherError, match=rf"{learner.__name__}.*estimator_type='classifier'"):
        teach([("a", GaussianNB()), ("b", learner())], data)
    teach([("a", GaussianNB()), ("b", Tagged())], data)
    teach(learner(), data)


def test_frames_that_are_given_must_be_in_order():
    data = DATA[2]
    p = pd.DataFrame(data.teacher[:, ::-1], columns=data.classes[::-1])
    with pytest.raises(InputError, match="reorder"):
        DistilledClassifier(None, TREE).fit(data.X, data.y, teacher_proba=p)

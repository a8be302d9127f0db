"""Pipelines: the steps before the last see the rows and labels as they are."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.fixes import parse_version

from skdistill import DistilledClassifier
from skdistill.exceptions import StudentError
from skdistill.students import Problem, resolve
from skdistill.students import lightgbm as lightgbm_module
from tests.common.data import sample
from tests.common.spies import SpyTransformer
from tests.common.students import LIGHTGBM

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


def fit(student, data, *, weight=None, X=None, **settings):
    settings = {"strength": 0.0, "calibration": None, "size": "free"} | settings
    model = DistilledClassifier(None, student, **settings)
    return model.fit(
        data.X if X is None else X, data.y, sample_weight=weight, teacher_proba=data.teacher
    )


@any_classes
@pytest.mark.parametrize(
    "last", [GaussianNB(), Ridge(), LGBMClassifier(**LIGHTGBM)], ids=["copies", "numbers", "native"]
)
def test_steps_see_each_row_once_with_its_label(n_classes, last):
    data = DATA[n_classes]
    calls = SpyTransformer.watch()
    weight = np.linspace(1.0, 2.0, len(data.y))
    student = make_pipeline(StandardScaler(), SpyTransformer(), last)
    model = fit(student, data, weight=weight)
    (call,) = calls
    assert_array_equal(call["y"], data.y)
    scaler = model.student_[0]
    assert scaler.n_samples_seen_ == len(data.y)
    assert_allclose(scaler.mean_, data.X.mean(axis=0), atol=1e-12)
    assert_allclose(scaler.var_, data.X.var(axis=0))


@any_classes
def test_last_step_is_what_its_own_route_makes(n_classes):
    data = DATA[n_classes]
    weight = np.linspace(1.0, 2.0, len(data.y))
    for last in (LogisticRegression(), Ridge(), LGBMClassifier(**LIGHTGBM)):
        scaled = StandardScaler().fit_transform(data.X)
        whole = fit(make_pipeline(StandardScaler(), last), data, weight=weight)
        bare = fit(last, data, weight=weight, X=scaled)
        assert_array_equal(whole.predict_proba(data.X), bare.predict_proba(scaled))
        assert whole.route_.name == f"pipeline > {bare.route_.name}"
        assert bare.route_.reason in whole.route_.reason


@any_classes
def test_supervised_encoders_see_labels_and_not_targets(n_classes):
    data = DATA[n_classes]
    X = data.X.round(0).astype(int)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    newer = parse_version(sklearn.__version__) >= parse_version("1.9")
    encoder = TargetEncoder(cv=folds) if newer else TargetEncoder(random_state=0)
    expected = clone(encoder)
    trained_on = expected.fit_transform(X, data.y)
    calls = SpyTransformer.watch()
    model = fit(make_pipeline(encoder, SpyTransformer(), GaussianNB()), data, X=X)
    for ours, theirs in zip(model.student_[0].encodings_, expected.encodings_, strict=True):
        assert_array_equal(ours, theirs)
    assert_array_equal(calls[0]["X"], trained_on)  # TargetEncoder's own cross-fitting


def test_selectors_see_labels():
    data = DATA[2]
    model = fit(make_pipeline(SelectKBest(k=2), GaussianNB()), data)
    expected = SelectKBest(k=2).fit(data.X, data.y)
    assert_array_equal(model.student_[0].get_support(), expected.get_support())


def test_settings_of_the_pipeline_are_kept(tmp_path, capsys):
    settings = {"memory": str(tmp_path), "verbose": True}
    if "transform_input" in Pipeline([]).get_params():
        settings["transform_input"] = []
    student = Pipeline([("scale", StandardScaler()), ("last", GaussianNB())], **settings)
    model = fit(student, DATA[2])
    for name, value in settings.items():
        assert getattr(model.student_, name) == value
    assert model.student_.named_steps.keys() == student.named_steps.keys()
    assert not hasattr(student[0], "mean_")
    again = fit(student, DATA[2])  # from the cache
    assert_array_equal(again.predict_proba(DATA[2].X), model.predict_proba(DATA[2].X))


def test_subclass_of_pipeline_is_kept():
    class Line(Pipeline):
        pass

    student = Line([("scale", StandardScaler()), ("last", GaussianNB())])
    assert type(fit(student, DATA[2]).student_) is Line


@any_classes
def test_pipelines_nest(n_classes):
    data = DATA[n_classes]
    inner = make_pipeline(PCA(2, random_state=0), LogisticRegression())
    model = fit(make_pipeline(StandardScaler(), inner), data)
    flat = fit(make_pipeline(StandardScaler(), *[step for _, step in inner.steps]), data)
    assert model.route_.name == "pipeline > pipeline > linear"
    assert_array_equal(model.predict_proba(data.X), flat.predict_proba(data.X))


def test_pipeline_of_one_step():
    data = DATA[2]
    alone = fit(Pipeline([("last", GaussianNB())]), data)
    assert_array_equal(alone.predict_proba(data.X), fit(GaussianNB(), data).predict_proba(data.X))


def test_frames_reach_the_column_transformer():
    data = DATA[2]
    frame = pd.DataFrame(data.X, columns=["a", "b", "c", "d"])
    frame["colour"] = np.array(["red", "green", "blue"])[np.arange(len(frame)) % 3]
    columns = make_column_transformer(
        (OneHotEncoder(), ["colour"]), (StandardScaler(), ["a", "b", "c", "d"])
    )
    model = fit(make_pipeline(columns, LogisticRegression()), data, X=frame)
    p = model.predict_proba(frame)
    assert_array_equal(p, model.predict_proba(frame[["colour", "d", "c", "b", "a"]][frame.columns]))
    assert list(model.feature_names_in_) == list(frame.columns)


def test_temperature_is_undone_in_the_last_step():
    data = DATA[2]
    hot = fit(make_pipeline(StandardScaler(), LogisticRegression()), data, temperature=2.0)
    assert type(hot.student_[-1]) is LogisticRegression
    bare = fit(LogisticRegression(), data, temperature=2.0, X=hot.student_[0].transform(data.X))
    assert_array_equal(hot.student_[-1].coef_, bare.student_.coef_)
    tree = fit(make_pipeline(StandardScaler(), DecisionTreeClassifier()), data, temperature=2.0)
    assert_array_equal(tree.student_.predict_proba(data.X), tree.predict_proba(data.X))


@pytest.mark.parametrize(
    "last", ["passthrough", None, StandardScaler(), LogisticRegression], ids=str
)
def test_last_step_must_be_a_learner(last):
    with pytest.raises(StudentError):
        resolve(Pipeline([("first", StandardScaler()), ("last", last)]))


def test_settings_of_the_last_step_are_checked():
    student = make_pipeline(StandardScaler(), LGBMClassifier(is_unbalance=True))
    with pytest.raises(StudentError, match="is_unbalance"):
        fit(student, DATA[2])
    with pytest.raises(StudentError, match="logit"):
        fit(make_pipeline(StandardScaler(), GaussianNB()), DATA[2], loss="logit")


def test_metadata_needs_routing_and_finds_its_step():
    class Marked(SpyTransformer):
        def fit(self, X, y=None, *, colour=None):
            self.colour_ = colour
            return super().fit(X, y)

    class Taker(GaussianNB):
        def fit(self, X, y, sample_weight=None, *, size=None):
            self.size_ = size
            return super().fit(X, y, sample_weight)

    data = DATA[2]
    Marked.watch()
    extra = {"colour": np.arange(240), "size": np.arange(240) / 2.0}
    problem = {"X": data.X, "target": data.teacher, "labels": data.y, "classes": data.classes}
    with sklearn.config_context(enable_metadata_routing=True):
        student = make_pipeline(
            Marked().set_fit_request(colour=True), Taker().set_fit_request(size=True)
        )
        adapter = resolve(student)
        fitted = adapter.fit(Problem(**problem, loss=None, params=extra)).model
    assert_array_equal(fitted[0].colour_, np.arange(240))
    assert_array_equal(fitted[1].size_, np.repeat(np.arange(240) / 2.0, 2))
    with pytest.raises(StudentError, match=r"colour.*metadata routing.*set_config"):
        adapter.fit(Problem(**problem, loss=None, params=extra))


def test_device_is_that_of_the_last_step(monkeypatch):
    monkeypatch.setattr(lightgbm_module, "gpu_learner", lambda: ("cuda", None))
    adapter = resolve(make_pipeline(StandardScaler(), LGBMClassifier())).on_device("cuda")
    assert adapter.last.student.device_type == "cuda"
    with pytest.raises(StudentError, match="device='cuda'"):
        resolve(make_pipeline(StandardScaler(), GaussianNB())).on_device("cuda")

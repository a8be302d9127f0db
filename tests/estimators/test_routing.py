"""Weights, metadata, routing and callbacks: who gets what."""

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier, StackingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import ParameterError, StudentError, TeacherError
from tests.common.spies import CountingTeacher


class Seen(list):
    """A list that clones share."""

    def __deepcopy__(self, memo):
        return self


class Listener(ClassifierMixin, BaseEstimator):
    """A classifier that records the metadata of its fits."""

    def __init__(self, seen, who="listener"):
        self.seen = seen
        self.who = who

    def fit(self, X, y, sample_weight=None, hint=None):
        self.seen.append((self.who, len(X), sample_weight, hint))
        self.model_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def predict(self, X):
        return self.model_.predict(X)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def weight(binary):
    return np.random.default_rng(0).uniform(0.5, 2.0, len(binary.y))


def test_weights_go_to_teacher_and_student(binary, weight):
    X, y = binary
    seen = Seen()
    DistilledClassifier(
        Listener(seen, "teacher"), Listener(seen, "student"), cv=3, strength=1.0, random_state=0
    ).fit(X, y, sample_weight=weight)
    assert [who for who, *_ in seen] == ["teacher"] * 3 + ["student"]
    for _, n, got, _ in seen:
        assert len(got) == n
    np.testing.assert_array_equal(seen[-1][2], weight)


def test_weights_reach_the_last_step_of_a_teacher_pipeline(binary, weight):
    X, y = binary
    seen = Seen()
    teacher = make_pipeline(StandardScaler(), Listener(seen))
    DistilledClassifier(teacher, DecisionTreeClassifier(), cv=3, strength=0.5).fit(
        X, y, sample_weight=weight
    )
    assert len(seen) == 3
    assert all(got is not None and len(got) == n for _, n, got, _ in seen)


def test_weights_go_to_a_stack(binary, weight):
    X, y = binary
    stack = StackingClassifier([("tree", DecisionTreeClassifier(max_depth=2))], cv=2)
    model = DistilledClassifier(stack, DecisionTreeClassifier(max_depth=2), cv=3, random_state=0)
    weighted = model.fit(X, y, sample_weight=weight * np.where(y == 1, 5.0, 1.0)).teacher_proba_
    assert weighted[:, 1].mean() > model.fit(X, y).teacher_proba_[:, 1].mean() + 0.05


def test_a_teacher_that_takes_no_weights_is_said(binary, weight):
    X, y = binary
    model = DistilledClassifier(KNeighborsClassifier(), DecisionTreeClassifier())
    with pytest.raises(TeacherError, match="KNeighborsClassifier takes no sample_weight"):
        model.fit(X, y, sample_weight=weight)


def test_metadata_without_routing_raise(binary):
    X, y = binary
    model = DistilledClassifier(GaussianNB(), DecisionTreeClassifier())
    with pytest.raises(ParameterError, match=r"\['hint'\].*enable_metadata_routing"):
        model.fit(X, y, hint=np.ones(len(y)))


@pytest.mark.usefixtures("routing")
def test_requests_decide_who_gets_weights_and_hints(binary, weight):
    X, y = binary
    seen = Seen()
    teacher = Listener(seen, "teacher").set_fit_request(sample_weight=False, hint=True)
    student = Listener(seen, "student").set_fit_request(sample_weight=True, hint=False)
    hint = np.arange(len(y))
    model = DistilledClassifier(teacher, student, cv=3, strength=1.0, random_state=0)
    model.fit(X, y, sample_weight=weight, hint=hint)
    teachers, (last,) = seen[:3], seen[3:]
    for _, n, got, hints in teachers:
        assert got is None
        assert len(hints) == n
    assert last[3] is None
    np.testing.assert_array_equal(last[2], weight)


@pytest.mark.usefixtures("routing")
def test_rows_without_weight_take_their_metadata_along(binary):
    X, y = binary
    seen = Seen()
    teacher = Listener(seen, "teacher").set_fit_request(sample_weight=True, hint=True)
    student = GaussianNB().set_fit_request(sample_weight=True)
    weight = np.where(np.arange(len(y)) < 100, 0.0, 1.0)
    DistilledClassifier(teacher, student, cv=3, strength=0.5).fit(
        X, y, sample_weight=weight, hint=np.arange(len(y))
    )
    assert sum(n for _, n, *_ in seen) == 2 * 200
    assert all(hints.min() >= 100 for *_, hints in seen)


@pytest.mark.usefixtures("routing")
def test_groups_are_routed_through_cross_validation(binary):
    X, y = binary
    groups = np.arange(len(y)) // 6
    model = DistilledClassifier(
        GaussianNB(), DecisionTreeClassifier(max_depth=2), cv=GroupKFold(3), strength=0.5
    )
    scores = cross_val_score(model, X, y, cv=GroupKFold(3), params={"groups": groups})
    assert np.isfinite(scores).all()


@pytest.mark.usefixtures("routing")
def test_metadata_of_a_student_pipeline_go_to_the_step_that_asks(binary):
    X, y = binary
    seen = Seen()
    last = Listener(seen).set_fit_request(hint=True, sample_weight=True)
    student = Pipeline([("select", SelectKBest(k=3)), ("last", last)])
    DistilledClassifier(GaussianNB(), student, cv=3, strength=1.0).fit(X, y, hint=np.arange(len(y)))
    ((_, n, _, hints),) = seen
    assert n == len(hints) == len(y)


def test_callbacks_see_every_fold(binary):
    callback = pytest.importorskip("sklearn.callback")

    class Recorder:
        def __init__(self):
            self.begun, self.ended = [], []

        def setup(self, estimator, context):
            self.root = context.task_name

        def teardown(self, estimator, context):
            self.done = True

        def on_fit_task_begin(self, estimator, context):
            self.begun.append(context.task_name)

        def on_fit_task_end(self, estimator, context):
            self.ended.append(context.task_name)

    recorder = Recorder()
    assert isinstance(recorder, callback.FitCallback)
    X, y = binary
    model = DistilledClassifier(GaussianNB(), DecisionTreeClassifier(max_depth=2), cv=3)
    model.set_callbacks(recorder)
    model.fit(X, y)
    stages = ["fit the direct student", "cross-fit the teacher", "fit the student"]
    folds = ["fold 0", "fold 1", "fold 2"]
    expected = ["fit", stages[0], *folds, stages[1], *folds, stages[2]]
    assert recorder.begun == expected
    assert sorted(recorder.ended) == sorted(expected)
    assert recorder.done


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_progress_bar_of_scikit_learn_runs(binary, n_jobs, capfd):
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    X, y = binary
    model = DistilledClassifier(
        RandomForestClassifier(5), DecisionTreeClassifier(max_depth=2), cv=3, n_jobs=n_jobs
    )
    model.set_callbacks(callback.ProgressBar(max_propagation_depth=None))
    model.fit(X, y)
    assert "DistilledClassifier" in capfd.readouterr().out


def test_verbose_reports_the_folds(binary, capfd):
    X, y = binary
    model = DistilledClassifier(LogisticRegression(), DecisionTreeClassifier(), cv=3, verbose=50)
    model.fit(X, y)
    said = "".join(capfd.readouterr())
    assert "3 out of" in said or "3 tasks" in said  # as the version of joblib words it


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_progress_bar_runs_through_a_search(binary, n_jobs, capfd):
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    X, y = binary
    model = DistilledClassifierCV(
        GaussianNB(), DecisionTreeClassifier(max_depth=2), cv=3, n_jobs=n_jobs
    )
    model.set_callbacks(callback.ProgressBar(max_propagation_depth=None))
    model.fit(X, y)
    said = capfd.readouterr().out
    assert "DistilledClassifierCV" in said
    assert "fit the candidates" in said


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("kind", ["distiller", "search"])
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_the_progress_bar_knows_folds_with_the_same_training_rows(binary, n_jobs, kind, capfd):
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    X, y = binary
    tree, groups = DecisionTreeClassifier(max_depth=2), np.arange(len(y)) % 4
    cv = [(np.arange(150), np.arange(150, 220)), (np.arange(150), np.arange(220, 290))]
    if kind == "distiller":
        every = [
            (DistilledClassifier(GaussianNB(), tree, cv=2, n_repeats=4, random_state=0), groups),
            (DistilledClassifier(GaussianNB(), tree, cv=cv, strength=0.5), None),
            (
                DistilledClassifier(GaussianNB(), tree, cv=GroupShuffleSplit(6, random_state=0)),
                groups,
            ),
        ]
    else:
        again = DistilledClassifierCV(GaussianNB(), tree, cv=4, n_repeats=2, random_state=0)
        every = [(again, groups)]
    for model, of_rows in every:
        model.set_params(n_jobs=n_jobs)
        model.set_callbacks(callback.ProgressBar(max_propagation_depth=None))
        model.fit(X, y, groups=of_rows)
        assert type(model).__name__ in capfd.readouterr().out
        if kind == "distiller":
            assert model.report_.n_teacher_fits < (len(cv) if of_rows is None else 8)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("further", ["X_transfer", "synthetic"])
def test_rows_without_labels_have_no_hints(binary, further):
    X, y = binary
    student = Listener(Seen(), "student").set_fit_request(sample_weight=True, hint=True)
    teacher = Listener(Seen(), "teacher").set_fit_request(sample_weight=False, hint=False)
    settings = {"synthetic": "munge"} if further == "synthetic" else {}
    given = {"X_transfer": X[:20]} if further == "X_transfer" else {}
    model = DistilledClassifier(teacher, student, cv=3, strength=0.5, random_state=0, **settings)
    with pytest.raises(ParameterError, match=r"\['hint'\] have no values for the rows"):
        model.fit(X, y, hint=np.arange(len(y)), **given)


@pytest.mark.parametrize("estimator", [DistilledClassifier, DistilledClassifierCV])
@pytest.mark.parametrize(
    "learner",
    [AdaBoostClassifier(n_estimators=2), make_pipeline(StandardScaler(), AdaBoostClassifier())],
    ids=["itself", "pipeline"],
)
def test_learners_that_have_no_part_in_routing(binary, estimator, learner):
    X, y = binary
    fits = CountingTeacher.watch()
    tree, teacher = DecisionTreeClassifier(max_depth=2), CountingTeacher()
    said = r"has no part in metadata routing, which is on \(AdaBoostClassifier has not implemented"
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(StudentError, match=f"the student .*{said}"):
            estimator(teacher, learner).fit(X, y)
        with pytest.raises(TeacherError, match=f"the teacher .*{said}.*or use another teacher"):
            estimator(learner, tree).fit(X, y)
        with pytest.raises(TeacherError, match="the teacher VotingClassifier"):
            estimator([("a", GaussianNB()), ("b", learner)], tree).fit(X, y)
    assert fits == []
    weight = np.linspace(0.5, 2.0, len(y))
    with sklearn.config_context(enable_metadata_routing=False):  # the remedy
        DistilledClassifier(teacher, learner, strength=0.3).fit(X, y, sample_weight=weight)

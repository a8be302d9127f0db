"""Short names, and ``module:attribute``."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.naive_bayes import GaussianNB

from skdistill.cli.errors import CommandError
from skdistill.cli.names import STUDENTS, TEACHERS, describe, resolve
from tests.cli import learners

EVERY = [(name, names) for names in (TEACHERS, STUDENTS) for name in names]


@pytest.mark.parametrize(("name", "names"), EVERY)
def test_short_names_are_classifiers_with_probabilities(name: str, names: dict) -> None:
    learner = resolve(name, names, seed=3)
    assert is_classifier(learner)
    assert hasattr(learner, "predict_proba")
    clone(learner)


@pytest.mark.parametrize("name", ["logistic", "mlp", "tree", "lightgbm", "rf10"])
def test_students_take_missing_values(name: str) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 3)), rng.integers(0, 2, 120)
    X[::7, 1] = np.nan
    model = clone(resolve(name, STUDENTS, seed=0))
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()


def test_seed_reaches_every_member_of_an_ensemble() -> None:
    members = dict(resolve("vote", TEACHERS, seed=11).estimators)
    assert {member.random_state for member in members.values()} == {11}


def test_every_short_name_is_described() -> None:
    assert [line.split()[0] for line in describe(STUDENTS).splitlines()] == list(STUDENTS)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("sklearn.naive_bayes:GaussianNB", GaussianNB),
        ("tests.cli.learners:FOREST", ExtraTreesClassifier),
        ("tests.cli.learners:forest", ExtraTreesClassifier),
    ],
)
def test_module_attribute_gives_an_instance(spec: str, kind: type) -> None:
    assert type(resolve(spec, TEACHERS)) is kind


def test_an_instance_is_taken_as_it_is() -> None:
    assert resolve("tests.cli.learners:FOREST", TEACHERS, seed=5) is learners.FOREST


def test_what_a_function_returns_is_taken_as_it_is() -> None:
    assert resolve("tests.cli.learners:unseeded", TEACHERS, seed=5).random_state is None


def test_a_class_is_seeded_where_it_leaves_the_seed_open() -> None:
    paired = resolve("tests.cli.learners:Paired", TEACHERS, seed=5)
    assert (paired.random_state, paired.part.random_state) == (5, 5)
    assert resolve("tests.cli.learners:Paired", TEACHERS).random_state is None


def test_modules_of_the_current_folder_are_found(tmp_path, monkeypatch) -> None:
    source = "from sklearn.naive_bayes import GaussianNB\nMODEL = GaussianNB()\n"
    (tmp_path / "a_learner_of_my_own.py").write_text(source)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    monkeypatch.chdir(tmp_path)
    assert isinstance(resolve("a_learner_of_my_own:MODEL", TEACHERS), GaussianNB)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("forrest", "expected one of lightgbm, tree"),
        ("no_such_module:thing", "No module named 'no_such_module'"),
        ("sklearn.tree:NoSuchTree", "NoSuchTree"),
        (":tree", "cannot load"),
        ("sklearn.linear_model:Ridge", "gives Ridge, expected a scikit-learn classifier"),
        ("sklearn.linear_model:Perceptron", "with predict_proba"),
        ("tests.cli.learners:NUMBER", "neither an estimator nor callable"),
        ("tests.cli.learners:needs_argument", "without arguments"),
    ],
)
def test_what_cannot_be_resolved_is_said(spec: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        resolve(spec, STUDENTS)

"""What is read of a model computes what the model says, to the last digits."""

import warnings

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    Brier,
    CrossEntropy,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    Logit,
)
from skdistill.exceptions import ExportError
from skdistill.export.numpy_run import _step, choose, compute, follow, go_down
from skdistill.export.onnx_nodes import node_of
from skdistill.export.pieces import Leaves, Piece, Rows, Shares, every_piece
from skdistill.export.reading import read
from skdistill.export.reading.composed import decoded
from skdistill.students import Decoder
from tests.export.students import (
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    rows,
    say,
)


def check(model, X, tolerance=1e-13):
    answer = read(model, Rows(X.shape[1]))
    expected = say(model, X)
    apart = np.abs(compute(answer.piece, X) - expected) / np.maximum(1.0, np.abs(expected))
    assert apart.max() <= tolerance
    if answer.classes is not None:
        assert np.array_equal(answer.classes[choose(answer.decision, X)], model.predict(X))


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_is_read_exactly(name, n_classes):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    single = name == "soft network"
    check(fitted(CLASSIFIERS[name], X, y), rows(seed=3), 1e-6 if single else 1e-13)


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_is_read_exactly(name):
    X = rows()
    check(fitted(REGRESSORS[name], X, numbers(X)), rows(seed=3))


def test_missing_numbers_take_the_way_that_was_learnt():
    X = rows()
    X[::3, 0] = X[1::4, 1] = np.nan
    model = fitted(CLASSIFIERS["forest"], X, classes(np.nan_to_num(X), 2))
    check(model, X)


def test_several_outputs():
    X = rows()
    check(DecisionTreeRegressor(max_leaf_nodes=6).fit(X, np.column_stack([X[:, 0], X[:, 1]])), X)


@pytest.mark.parametrize("scores", [(80,), (80, 3)])
@pytest.mark.parametrize("loss", [Brier(), Logit()])
@pytest.mark.parametrize("power", [1.0, 0.6])
def test_the_decode_step_is_that_of_the_students(loss, scores, power):
    given = np.random.RandomState(0).normal(size=scores)
    given[:2] = -1.0  # no mass at all
    decode = Decoder(loss, power)
    piece = decoded(decode, Rows(1 if len(scores) == 1 else 3))
    found = compute(piece, given.reshape(len(given), -1))
    np.testing.assert_allclose(found, decode(given), rtol=0, atol=1e-15)


def test_a_loss_of_ones_own_is_refused():
    class Own(Brier):
        pass

    with pytest.raises(ExportError, match=r"Own\(\).*'brier' or 'logit'"):
        decoded(Decoder(Own()), Rows(1))


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", ["tree", "ridge", "forest"])
def test_a_distilled_regressor_is_read_with_its_decode_step(name, n_classes):
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], REGRESSORS[name], strength=0.5, loss="logit", cv=3, random_state=0
    ).fit(X, classes(X, n_classes))
    assert model.decode_ == Decoder(Logit())
    check(model, rows(seed=3))


@pytest.mark.parametrize("name", ["tree", "forest", "logistic", "boosting", "soft double"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_temperature_is_undone(name, n_classes):
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"],
        CLASSIFIERS[name],
        strength=0.5,
        loss=CrossEntropy(temperature=2.0),
        cv=3,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networks are not trained to the end
        model.fit(X, classes(X, n_classes))
    assert model.decode_ is None
    check(model, rows(seed=3))


@pytest.mark.parametrize(
    "student", [CLASSIFIERS["boosting"], DecisionTreeRegressor(min_samples_leaf=8, random_state=0)]
)
def test_a_student_with_a_temperature_of_its_own(student):
    X = rows()
    y = classes(X, 2)
    y = np.where(np.random.default_rng(0).random(len(y)) < 0.2, y[::-1], y)
    model = DistilledClassifierCV(
        CLASSIFIERS["logistic"],
        student,
        strengths=(0.0, 1.0),
        calibrations=(None,),
        student_calibration="temperature",
        cv=3,
        random_state=0,
    ).fit(X, y)
    assert (model.cv_results_["student_temperature"] != 1.0).any()
    for limits in ({"max_leaves": 10_000}, {"size_kb": 10_000.0}):
        check(model.best_under(**limits), rows(seed=3))
    check(model, rows(seed=3))


def test_one_tree_at_a_temperature_is_one_tree_still():
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"],
        CLASSIFIERS["tree"],
        strength=0.5,
        temperature=3.0,
        cv=3,
        random_state=0,
    ).fit(X, classes(X, 2))
    assert type(model.student_).__name__ == "DecisionTreeClassifier"
    assert isinstance(read(model, Rows(6)).piece, Leaves)


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_distilled_regressor_is_read_in_the_shape_of_its_labels(shape):
    X = rows()
    y = np.broadcast_to(numbers(X).reshape(len(X), *(1 for _ in shape)), (len(X), *shape))
    model = DistilledRegressor(
        REGRESSORS["ridge"], REGRESSORS["tree"], strength=0.5, cv=3, random_state=0
    ).fit(X, y)
    check(model, rows(seed=3))
    assert read(model, Rows(6)).is_flat == (shape == ())


def test_the_way_through_the_trees_is_scikit_learns():
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    tree = next(p for p in every_piece(read(model, Rows(6)).piece) if isinstance(p, Leaves)).trees
    rounded = X.astype(np.float32).astype(float)
    leaf_nodes = np.flatnonzero(model.tree_.children_left < 0)
    assert np.array_equal(leaf_nodes[go_down(tree, rounded)[:, 0]], model.apply(X))
    comes_by = model.decision_path(X).toarray().astype(bool)
    asks = np.flatnonzero(model.tree_.children_left >= 0)
    assert comes_by[follow(tree, rounded), asks].all()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (SVC(), r"sklearn\.SVC is a learner that no format.*joblib"),
        (type("Own", (DecisionTreeClassifier,), {})(), "Own is a learner that no format"),
        (
            GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()),
            "init=LogisticRegression",
        ),
    ],
)
def test_what_cannot_be_read_is_named(model, said):
    X = rows()
    model.fit(X, classes(X, 2))
    with pytest.raises(ExportError, match=said):
        read(model, Rows(6))


def test_classes_of_several_outputs_are_refused():
    X = rows()
    y = np.column_stack([classes(X, 2), classes(X, 5)])
    with pytest.raises(ExportError, match="2 outputs at once"):
        read(DecisionTreeClassifier(max_depth=2).fit(X, y), Rows(6))


def test_shares_of_nothing_are_equal():
    found = compute(Shares(Rows(4)), np.array([[-1.0, -2.0, 0.0, -1.0], [1.0, 0.0, 3.0, -5.0]]))
    assert found.tolist() == [[0.25] * 4, [0.25, 0.0, 0.75, 0.0]]


def test_an_operation_that_a_format_lacks_is_refused_by_name():
    class Unheard(Piece):
        width = 1

    for write in (node_of, _step):
        with pytest.raises(ExportError, match="Unheard cannot be"):
            write(Unheard(), None)

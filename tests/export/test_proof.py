"""The proof finds files that say something else, and says where."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from skdistill.exceptions import ExportError
from skdistill.export.numpy_run import choose, compute
from skdistill.export.pieces import Arithmetic, As, Decision, Leaves, Rows, every_piece
from skdistill.export.probes import EXTREMES, next_to_thresholds
from skdistill.export.proof import Said, prove
from skdistill.export.reading import read
from skdistill.export.tables import as_exported
from tests.export.students import CLASSIFIERS, REGRESSORS, classes, fitted, numbers, rows


def running(answer, *, shift=0.0, turn=False):
    """Return what stands for a file: the pieces in NumPy, with a fault or without."""

    def run(table):
        labels = None
        if answer.decision is not None:
            number = choose(answer.decision, table.numbers)
            labels = answer.classes[len(answer.classes) - 1 - number if turn else number]
        return Said(compute(answer.piece, table.numbers) + shift, labels)

    return run


def case(name="tree", n_classes=2):
    X = rows()
    model = fitted(CLASSIFIERS[name], X, classes(X, n_classes))
    return model, read(model, Rows(6)), as_exported(model, X)


@pytest.mark.parametrize("name", ["tree", "forest", "logistic"])
def test_a_true_file_is_proved_on_more_rows_than_were_given(name):
    model, answer, table = case(name)
    proof = prove(model, running(answer), answer, table, 1e-12)
    assert proof.largest_difference <= 1e-12
    assert proof.n_rows > len(table)


def test_another_number_is_found_and_named():
    model, answer, table = case()
    with pytest.raises(ExportError, match=r"row \d+ of X: the file says .* the model .*Nothing"):
        prove(model, running(answer, shift=1e-9), answer, table, 1e-12)


def test_a_difference_may_be_allowed():
    model, answer, table = case()
    assert prove(model, running(answer, shift=1e-9), answer, table, 1e-6).largest_difference > 1e-10


def test_another_label_is_found_and_named():
    model, answer, table = case()
    with pytest.raises(ExportError, match=r"row 0 of X: the file says \S+, the model"):
        prove(model, running(answer, turn=True), answer, table, 1e-12)


def test_a_number_that_is_none_is_a_difference():
    model, answer, table = case()
    with pytest.raises(ExportError, match="nan"):
        prove(model, running(answer, shift=np.nan), answer, table, 1.0)


@pytest.mark.parametrize("name", ["tree", "forest", "boosting"])
def test_thresholds_rounded_to_single_precision_are_found(name):
    """The usual fault of exports: no given row shows it, the rows next to thresholds do."""
    model, answer, table = case(name)
    rounded = answer_with(answer, lambda trees: np.float32(trees.threshold).astype(float))
    same = compute(rounded.piece, table.numbers) == compute(answer.piece, table.numbers)
    assert same.all()
    with pytest.raises(ExportError, match=r"row \d+ of X with .* in column"):
        prove(model, running(rounded), answer, table, 1e-12)


def test_rows_left_in_double_precision_are_found():
    model, answer, table = case()
    piece = answer.piece
    bare = Leaves(Rows(6), piece.trees, piece.values)
    unrounded = type(answer)(bare, answer.classes, Decision(bare))
    with pytest.raises(ExportError, match=r"row \d+ of X with"):
        prove(model, running(unrounded), answer, table, 1e-12)


def answer_with(answer, threshold):
    """Return the answer with other thresholds."""
    from dataclasses import fields, replace

    def changed(piece):
        own = {}
        for each in fields(piece):
            value = getattr(piece, each.name)
            if each.name == "of":
                own["of"] = changed(value)
            if each.name == "trees":
                own["trees"] = replace(value, threshold=threshold(value))
        return replace(piece, **own)

    piece = changed(answer.piece)
    return replace(answer, piece=piece, decision=Decision(piece))


def test_probes_stand_on_both_sides_of_every_threshold():
    _, answer, table = case()
    trees = next(p for p in every_piece(answer.piece) if isinstance(p, Leaves)).trees
    probe = next_to_thresholds(answer, table.numbers)
    for feature, threshold in zip(trees.feature, trees.threshold, strict=True):
        near = probe.value[probe.column == feature]
        near = near[np.abs(near - threshold) < 1e-5]
        assert (near < threshold).any()
        assert (near > threshold).any()
        assert np.nextafter(threshold, np.inf) in near
        assert np.nextafter(np.float32(threshold), np.float32(np.inf)) in near


def test_probes_look_through_scales():
    X = rows()
    scaler = StandardScaler().fit(X)
    model = fitted(CLASSIFIERS["stump"], scaler.transform(X), classes(X, 2))
    of = Arithmetic(Arithmetic(Rows(6), "add", -scaler.mean_), "divide", scaler.scale_)
    answer = read(model, of)
    probe = next_to_thresholds(answer, X)
    feature, threshold = model.tree_.feature[0], model.tree_.threshold[0]
    expected = threshold * scaler.scale_[feature] + scaler.mean_[feature]
    assert set(probe.column) == {feature}
    assert np.abs(probe.value - expected).max() < 1e-5


@pytest.mark.parametrize(("name", "refused"), [("logistic", 3), ("boosting", 3), ("tree", 2)])
def test_extremes_that_the_model_refuses_are_left_out(name, refused):
    """Infinity, and what is missing but for trees."""
    model, answer, table = case(name)
    proof = prove(model, running(answer), answer, table, 1e-12)
    n_near = len(next_to_thresholds(answer, table.numbers).row)
    assert proof.n_rows == len(table) + n_near + 6 * (len(EXTREMES) - refused)


def test_large_predictions_may_differ_by_as_many_digits():
    X = rows()
    model = fitted(REGRESSORS["ridge"], X, 1e9 * numbers(X))
    answer = read(model, Rows(6))
    table = as_exported(model, X)
    assert prove(model, running(answer, shift=1e-6), answer, table, 1e-12).largest_difference > 0


@pytest.mark.parametrize("how", ["add", "divide", "multiply"])
def test_columns_of_one_number_are_traced_back(how):
    of = As(Arithmetic(Rows(1), how, np.array([4.0])), "float64")
    X = np.linspace(-1.0, 1.0, 50)[:, None]
    model = fitted(CLASSIFIERS["stump"], compute(of, X), (X[:, 0] > 0.2).astype(int))
    probe = next_to_thresholds(read(model, of), X)
    assert np.abs(probe.value - 0.2).max() < 0.03

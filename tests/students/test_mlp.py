"""The network: gradients, stopping, weights, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from skdistill import CrossEntropy, Logit, SoftMLPClassifier
from skdistill._ground.arrays import to_host
from skdistill.exceptions import InputError, ParameterError, StudentError
from skdistill.students import Problem, network, resolve
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
SMALL = {"hidden_layer_sizes": (8,), "random_state": 0, "dtype": "float64"}


def how(**changes):
    settings = {
        "activation": "tanh",
        "learning_rate": 0.01,
        "weight_decay": 0.0,
        "dropout": 0.0,
        "batch_size": 1000,
        "max_epochs": 3,
        "patience": 3,
        "tol": 0.0,
    }
    return network.Training(**settings | changes)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("hidden", [(5,), (5, 4, 3)])
def test_gradients_are_finite_differences(activation, dropout, hidden):
    data, rng = DATA[3], np.random.RandomState(0)
    first = network.start((4, *hidden, 3), np.array([0.2, 0.3, 0.5]), activation, rng)
    parameters = [a + 0.3 * rng.normal(size=a.shape) for a in first]
    share = rng.uniform(0.5, 2.0, len(data.y)) / len(data.y)
    target = 1.2 * data.teacher - 0.2 / 3
    given = (data.X, target, share, how(activation=activation, dropout=dropout), 7)
    _, gradients = network._gradients(parameters, *given)
    for number, gradient in enumerate(gradients):
        for place in [(0,) * gradient.ndim, tuple(n - 1 for n in gradient.shape)]:
            values = []
            for step in (1e-6, -1e-6):
                moved = [a.copy() for a in parameters]
                moved[number][place] += step
                values.append(network._gradients(moved, *given)[0])
            slope = (values[0] - values[1]) / 2e-6
            assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_dropout_masks():
    like = np.empty((400, 50))
    kept = network._kept(like, 0.3, 1)
    assert set(np.unique(kept)) == {0.0, 1.0 / 0.7}
    assert np.mean(kept == 0.0) == pytest.approx(0.3, abs=0.02)
    assert_allclose(np.mean(kept == 0.0, axis=0), 0.3, atol=0.1)
    assert np.mean(kept == network._kept(like, 0.3, 2)) == pytest.approx(0.58, abs=0.02)
    assert_array_equal(kept, network._kept(like, 0.3, 1))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("hidden", [(16,), (16, 8), (16, 8, 8)])
def test_learns_the_teacher(n_classes, hidden):
    data = sample(n_classes, n_rows=800)
    model = SoftMLPClassifier(hidden, learning_rate=0.01, random_state=0).fit(data.X, data.teacher)
    p = model.predict_proba(data.X)
    divergence = np.mean(np.sum(data.teacher * np.log(data.teacher / p), axis=1))
    prior = data.teacher.mean(axis=0)
    assert divergence < 0.1 * np.mean(np.sum(data.teacher * np.log(data.teacher / prior), axis=1))
    assert p.dtype == np.float32
    assert_allclose(np.exp(model.predict_log_proba(data.X)), p, rtol=1e-5)
    assert [a.shape for a in model.coefs_] == list(
        zip((4, *hidden), (*hidden, n_classes), strict=True)
    )


def test_no_worse_than_scikit_learns_on_labels():
    data, fresh = sample(3, n_rows=1500), sample(3, n_rows=3000, seed=1)
    scaler = StandardScaler().fit(data.X)
    theirs = MLPClassifier((16,), early_stopping=True, random_state=0, max_iter=300)
    theirs.fit(scaler.transform(data.X), data.codes)  # 1.6 cannot stop early on strings
    ours = SoftMLPClassifier((16,), random_state=0).fit(data.X, data.codes)
    losses = [
        -np.mean(np.log(p[np.arange(len(p)), fresh.codes]))
        for p in (ours.predict_proba(fresh.X), theirs.predict_proba(scaler.transform(fresh.X)))
    ]
    assert losses[0] < losses[1] + 0.01


def test_features_are_standardised_inside():
    data = DATA[2]
    moved = data.X * [1.0, 1e3, 1e-3, 10.0] + [0.0, 1e4, 1.0, -5.0]
    p = SoftMLPClassifier(**SMALL).fit(data.X, data.teacher).predict_proba(data.X)
    q = SoftMLPClassifier(**SMALL).fit(moved, data.teacher).predict_proba(moved)
    assert_allclose(p, q, atol=1e-6)
    constant = np.column_stack([data.X, np.full(len(data.y), 0.1)])
    assert np.isfinite(
        SoftMLPClassifier(**SMALL).fit(constant, data.y).predict_proba(constant)
    ).all()


def test_whole_weights_are_repeated_rows_in_full_batches():
    data = DATA[3]
    weight = np.random.default_rng(0).integers(0, 4, len(data.y))
    rows = np.repeat(np.arange(len(data.y)), weight)
    settings = SMALL | {"batch_size": 10_000, "max_epochs": 50}
    weighted = SoftMLPClassifier(**settings).fit(data.X, data.teacher, weight)
    repeated = SoftMLPClassifier(**settings).fit(data.X[rows], data.teacher[rows])
    assert_allclose(weighted.predict_proba(data.X), repeated.predict_proba(data.X), atol=1e-8)


def test_stops_by_the_true_labels_of_held_out_rows():
    """Targets that say nothing of the labels: their own loss falls, the true one does not."""
    data = sample(2, n_rows=600)
    inverted = data.one_hot[:, ::-1]
    settings = SMALL | {"early_stopping": True, "max_epochs": 60, "patience": 3}
    by_labels = SoftMLPClassifier(**settings).fit(data.X, inverted, labels=data.codes)
    by_targets = SoftMLPClassifier(**settings).fit(data.X, inverted)
    assert by_labels.n_iter_ <= 6 < by_targets.n_iter_
    assert by_labels.best_loss_ > by_targets.best_loss_
    problem = Problem(data.X, inverted, CrossEntropy(), data.y, data.classes)
    routed = resolve(SoftMLPClassifier(**settings)).fit(problem).model
    assert routed.n_iter_ == by_labels.n_iter_


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_held_out_rows_are_judged_as_the_student_predicts(temperature, weighted):
    """The best loss is the weighted log-loss of the probabilities that are handed out."""
    data = sample(3, n_rows=600)
    n = len(data.y)
    loss = CrossEntropy(temperature=temperature)
    target = loss.target(data.one_hot, data.teacher, np.full(n, 0.5))
    weight = np.random.default_rng(0).exponential(size=n) if weighted else None
    model = SoftMLPClassifier(**SMALL | {"early_stopping": True, "max_epochs": 15})
    problem = Problem(data.X, target, loss, data.y, data.classes, weight)
    model = resolve(model).fit(problem).model
    rows = train_test_split(
        np.arange(n), test_size=0.1, stratify=data.codes, random_state=np.random.RandomState(0)
    )[1]
    p = model.predict_proba(data.X[rows])
    log_loss = -np.log(p[np.arange(len(rows)), data.codes[rows]])
    expected = np.average(log_loss, weights=None if weight is None else weight[rows])
    assert model.best_loss_ == pytest.approx(expected, rel=1e-10)
    if weighted:  # without them it would be another number
        assert np.mean(log_loss) != pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("temperature", [0.25, 0.5])
def test_early_stopping_leaves_time_for_sharp_targets(temperature):
    """Scores are small at a low temperature: without it the labels would stop them from growing."""
    data = sample(2, n_rows=2000)
    settings = SMALL | {"learning_rate": 0.01, "early_stopping": True, "validation_fraction": 0.5}
    loss = CrossEntropy(temperature=temperature)
    target = loss.target(data.one_hot, data.bayes, np.zeros(len(data.y)))
    problem = Problem(data.X, target, loss, data.y, data.classes)
    p = resolve(SoftMLPClassifier(**settings)).fit(problem).model.predict_proba(data.X)
    assert np.mean(np.sum(data.bayes * np.log(data.bayes / p), axis=1)) < 0.006


def test_rows_are_held_out_where_there_are_many():
    few, many = sample(2, n_rows=300), sample(2, n_rows=1000)
    model = SoftMLPClassifier(**SMALL)
    for data, expected in ((few, False), (many, True)):
        rows = network.Rows(data.X, data.teacher, np.ones(len(data.y)))
        judge = replace(rows, target=data.one_hot)
        inside, outside = model._split(rows, judge, np.random.RandomState(0))
        assert (outside is not None) is expected
        assert len(inside.X) == len(data.y) - (100 if expected else 0)
    assert_array_equal(np.unique(outside.target), [0.0, 1.0])


def test_weight_decay_and_dropout_regularise():
    data = DATA[2]
    settings = SMALL | {"max_epochs": 300, "learning_rate": 0.02, "patience": 300}
    size = {}
    for changes in ({"weight_decay": 0.0}, {"weight_decay": 3.0}, {"dropout": 0.5}):
        model = SoftMLPClassifier(**settings | changes).fit(data.X, data.y)
        p = model.predict_proba(data.X)
        size[str(changes)] = -np.mean(np.log(p[np.arange(len(p)), data.codes]))
    free, decayed, dropped = size.values()
    assert min(decayed, dropped) > free + 0.01


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 1e6},
        {"learning_rate": 1e308},
        {"learning_rate": 1e39, "batch_size": 1000, "max_epochs": 1},  # the loss is that before
        {"learning_rate": 1e3},  # a finite loss in the first pass, of 1e21
        {"weight_decay": 1e6},
        {"weight_decay": 1e10, "activation": "tanh"},
    ],
    ids=str,
)
def test_nothing_is_learnt_where_training_diverges(changes, early_stopping, xp):
    data = sample(2, n_rows=600)
    settings = {"early_stopping": early_stopping, "random_state": 0} | changes
    message = r"training diverged.*pass \d.*nothing was learnt.*Lower learning_rate="
    with pytest.raises(StudentError, match=message):
        SoftMLPClassifier((8,), **settings).fit(xp.asarray(data.X), data.teacher)


def test_what_was_learnt_before_training_diverges_is_kept(xp):
    """Weights that grow by half a step: good ones in the first passes, none at last."""
    data = sample(2, n_rows=200)
    model = SoftMLPClassifier(
        (4,),
        learning_rate=0.01,
        weight_decay=250.0,
        batch_size=1000,
        patience=1000,
        max_epochs=1000,
        early_stopping=True,
        random_state=0,
    )
    X = xp.asarray(data.X)
    with pytest.warns(ConvergenceWarning, match=r"diverged: in pass 1\d\d.*best pass.*are kept"):
        model.fit(X, data.teacher)
    assert model.n_iter_ < 200
    stopped = clone(model).set_params(max_epochs=50).fit(X, data.teacher)
    assert model.best_loss_ == stopped.best_loss_
    assert_array_equal(to_host(model.predict_proba(X)), to_host(stopped.predict_proba(X)))


@pytest.mark.parametrize("factor", [1e-50, 1e50, 1e307])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_weights_are_relative(factor, early_stopping):
    """Also where float32 has no such numbers."""
    data = DATA[2]
    weight = np.linspace(0.5, 2.0, len(data.y))
    settings = {"early_stopping": early_stopping, "max_epochs": 5, "random_state": 0}
    p, q = (
        SoftMLPClassifier((4,), **settings).fit(data.X, data.y, w).predict_proba(data.X)
        for w in (weight, factor * weight)
    )
    assert_allclose(p, q, atol=1e-5)


def test_signed_targets_stay_finite():
    data = DATA[3]
    target = 3.0 * data.one_hot - 2.0 * data.teacher
    p = SoftMLPClassifier(**SMALL).fit(data.X, target).predict_proba(data.X)
    assert np.isfinite(p).all()


def test_temperature_is_undone_in_the_last_layer():
    data = DATA[3]
    fitted = {}
    for temperature in (1.0, 2.0):
        loss = CrossEntropy(temperature=temperature)
        problem = Problem(data.X, data.teacher, loss, data.y, data.classes)
        fitted[temperature] = resolve(SoftMLPClassifier(**SMALL)).fit(problem).model
    powers = fitted[1.0].predict_proba(data.X) ** 2
    assert_allclose(
        fitted[2.0].predict_proba(data.X), powers / powers.sum(axis=1, keepdims=True), atol=1e-10
    )
    by_itself = SoftMLPClassifier(**SMALL).fit(data.X, data.teacher, temperature=2.0)
    assert_array_equal(by_itself.predict_proba(data.X), fitted[2.0].predict_proba(data.X))


def test_seed_repeats():
    data = DATA[2]
    fits = [
        SoftMLPClassifier((4,), dropout=0.2, random_state=s).fit(data.X, data.y) for s in (1, 1, 2)
    ]
    p, same, other = (model.predict_proba(data.X) for model in fits)
    assert_array_equal(p, same)
    assert np.max(np.abs(p - other)) > 1e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_layer_sizes": ()}, "one to three integers"),
        ({"hidden_layer_sizes": (1, 2, 3, 4)}, "one to three integers"),
        ({"hidden_layer_sizes": 5}, "one to three integers"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be an integer"),
        ({"activation": "gelu"}, "activation must be one of"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"weight_decay": -1.0}, "weight_decay must be"),
        ({"learning_rate": 0.0}, "learning_rate must be"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"max_epochs": 0}, "max_epochs must be"),
        ({"patience": 0}, "patience must be"),
        ({"tol": -1.0}, "tol must be"),
        ({"early_stopping": "yes"}, "early_stopping must be"),
        ({"validation_fraction": 1.0}, "validation_fraction must be"),
        ({"dtype": "float16"}, "dtype must be"),
    ],
    ids=str,
)
def test_settings_out_of_range(changes, message):
    data = DATA[2]
    with pytest.raises(ParameterError, match=message):
        SoftMLPClassifier(**changes).fit(data.X, data.y)
    with pytest.raises(ParameterError, match=message):
        resolve(SoftMLPClassifier(**changes)).check(CrossEntropy(), 10, weighted=False)


@pytest.mark.parametrize(
    ("fraction", "left", "needed"), [(0.999, 0, 3), (0.99, 2, 3)], ids=["none", "too few"]
)
def test_rows_left_to_train_on(fraction, left, needed):
    data = DATA[3]
    model = SoftMLPClassifier(early_stopping=True, validation_fraction=fraction)
    message = rf"validation_fraction={fraction} leaves {left} of 240 rows.*at least {needed} are"
    with pytest.raises(ParameterError, match=message):
        model.fit(data.X, data.y)
    with pytest.raises(ParameterError, match=r"leaves 0 of 2 rows.*at least 1 are"):
        model.fit([[0.0], [1.0]], [0, 1])


def test_rows_too_large():
    data = DATA[2]
    X = data.X.copy()
    X[3, 1] = 1e200
    for given in (X, np.where(np.arange(4) == 1, 1e200, data.X)):  # one entry, a constant column
        with pytest.raises(InputError, match=r"too large.*squares of feature 1 overflow float64"):
            SoftMLPClassifier(**SMALL).fit(given, data.y)
    model = SoftMLPClassifier(**SMALL | {"dtype": "float32"}).fit(data.X, data.y)
    with pytest.raises(InputError, match=r"X is too large: the scores of row 3 overflow float32"):
        model.predict_proba(X)
    with pytest.raises(InputError, match=r"overflow float32"):
        model.predict_proba(1e60 * data.X)  # infinity less infinity in the hidden layer


def test_what_cannot_be_had():
    data = DATA[2]
    with pytest.raises(InputError, match="class numbers from 0 to 1"):
        SoftMLPClassifier().fit(data.X, data.teacher, labels=data.y)
    with pytest.raises(ParameterError, match="temperature must be a finite number"):
        SoftMLPClassifier().fit(data.X, data.teacher, temperature=0.0)
    with pytest.raises(InputError, match="a target must be real numbers"):
        SoftMLPClassifier().fit(data.X, data.teacher.astype(str))
    with pytest.raises(StudentError, match="loss='logit'"):
        resolve(SoftMLPClassifier()).check(Logit(), 10, weighted=False)

"""What must hold for every student on every route; each check takes a student and a sample."""

import copy
import pickle
from dataclasses import replace
from io import BytesIO

import joblib
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone


def check_answers(student, data):
    """What is said can be said of rows, and is said by the route that was expected."""
    model = data.distil(student)
    said = data.answer(model, data.X)
    assert said.shape == data.teacher.shape
    data.check_answer(model, said)
    assert model.route_.name == student.route


def check_teacher_matters(student, data):
    """An inverted teacher makes an inverted student, not the same one."""
    turned = data.turned()
    p, q = data.taught(student), turned.taught(student)
    assert np.mean(np.abs(p - q)) > 0.1
    assert data.loss(data.teacher, p) < data.loss(data.teacher, q)
    assert data.loss(turned.teacher, q) < data.loss(turned.teacher, p)


def check_follows_teacher(student, data):
    """Between the teacher and the truth: the target is what it is at 0 and at 1, and moves evenly.

    A learner that treats copies of rows otherwise than rows (that counts labels to balance them,
    that stops early on them) would be another one at strength 1 than just before it. So its answers
    are balanced against the target, and a hair's breadth beside either end with that end.
    """
    loss = "brier" if student.loss == "logit" else student.loss
    skewed = data.skewed()
    turned = skewed.turned()

    def mean(given, strength):
        return given.taught(student, strength=strength, loss=loss).mean(axis=0)

    for given in (skewed, turned):
        for strength in (0.0, 0.5, 1.0):
            said = given.taught(student, strength=strength, loss=loss)
            assert_allclose(given.balance(said, strength), 0.0, atol=student.mean_tolerance)
        for end, near in ((0.0, 1e-3), (1.0, 1.0 - 1e-3)):
            assert_allclose(mean(given, near), mean(given, end), atol=0.06)
    taught, inverted = mean(skewed, 0.0), mean(turned, 0.0)
    assert np.abs(taught - inverted).max() > 0.1
    assert_array_equal(mean(skewed, 1.0), mean(turned, 1.0))


def check_constant_teacher(student, data):
    """A teacher that says the same of every row makes a student that does, at strength zero."""
    constant = data.constant()
    ripple = 1e-7 * np.sin(np.arange(len(data)))[:, None]
    ripple = ripple * np.array([1.0, -1.0, 0.0])[: constant.shape[1]]
    # A teacher constant to the last bit is refused.
    said = replace(data, teacher=constant + ripple).taught(student)
    assert_allclose(said, np.broadcast_to(constant, said.shape), atol=student.constant_tolerance)


def check_oracle_teacher(student, data):
    """The truth teaches better than few observations: their noise is gone."""
    fresh = data.draw(1000, seed=1)
    lead = []
    for seed in range(2, 6):
        few = data.draw(60, seed=seed)
        few = replace(few, teacher=few.bayes)
        taught, direct = (  # of the size that the targets ask for
            data.answer(few.distil(student, strength=s, size="free"), fresh.X) for s in (0, 1)
        )
        lead.append(data.loss(fresh.bayes, direct) - data.loss(fresh.bayes, taught))
    assert np.mean(lead) > 0.0


def check_full_correction_is_direct(student, data):
    """At strength one the student is the learner trained on y itself, to the last bit."""
    loss = "brier" if student.loss == "logit" else student.loss
    ours = data.taught(student, strength=1.0, loss=loss)
    assert_allclose(ours, data.direct(student), rtol=0.0, atol=student.direct_tolerance)


def check_whole_weights_are_repeats(student, data):
    """A row of weight two is the row twice."""
    weight = np.random.default_rng(0).integers(1, 4, size=len(data))
    repeated = data.rows(np.repeat(np.arange(len(data)), weight))
    for strength in (0.0, 0.5, 1.0):
        weighted = data.taught(student, strength=strength, weight=weight.astype(float))
        twice = data.answer(repeated.distil(student, strength=strength), data.X)
        assert_allclose(weighted, twice, atol=student.weight_tolerance)
    even = data.taught(student, strength=1.0)  # weights do matter
    assert np.max(np.abs(even - weighted)) > 1e-3


def check_corrections_heed_weights(student, data, correction):
    """An average over rows that a correction takes counts a row of weight two twice."""
    weight = np.random.default_rng(0).integers(1, 6, size=len(data))
    repeated = data.rows(np.repeat(np.arange(len(data)), weight))
    how = {"strength": 0.5, "correction": correction}
    weighted = data.taught(student, weight=weight.astype(float), **how)
    twice = data.answer(repeated.distil(student, **how), data.X)
    assert_allclose(weighted, twice, atol=student.weight_tolerance)


def check_weight_zero_is_absence(student, data):
    """A row of weight zero leaves no trace, whatever its y, features and teacher say."""
    present = np.arange(len(data)) % 5 != 0
    y = data.y.copy()
    y[~present] = data.wrong
    spoilt = replace(
        data,
        X=np.where(present[:, None], data.X, 1e3),
        teacher=np.where(present[:, None], data.teacher, data.turned().teacher),
        y=y,
    )
    weight = np.where(present, np.linspace(0.5, 2.0, len(data)), 0.0)
    without = data.rows(present).distil(student, strength=0.5, weight=weight[present])
    said = data.answer(spoilt.distil(student, strength=0.5, weight=weight), data.X)
    assert_array_equal(said, data.answer(without, data.X))


def check_other_names(student, data):
    """Another order of the classes only moves the columns; another unit of y only that of answers.

    A zero that lies elsewhere moves the answers as far, where the loss knows of no zero.
    """
    other, back = data.renamed(student)
    for strength in (0.0, 0.6):
        said = data.taught(student, strength=strength)
        assert_allclose(
            said, back(other.taught(student, strength=strength)), atol=student.naming_tolerance
        )
    assert said.shape == data.teacher.shape


def check_row_order(student, data):
    """Learners that look at no row numbers give the same student for shuffled rows."""
    order = np.random.default_rng(0).permutation(len(data))
    shuffled = data.rows(order).distil(student, strength=0.5)
    said = data.taught(student, strength=0.5)
    assert_allclose(said, data.answer(shuffled, data.X), atol=student.weight_tolerance)


def check_student_is_plain(student, data):
    """`student_` is of the given class, with the given settings, and answers by itself."""
    given = student.make()
    inner = data.check_plain(student, data.distil(student))
    assert type(inner) is type(given)
    if student.by_number:  # XGBoost sets its own objective where there are more than two classes
        given.fit(data.X, data.codes)
    assert repr_params(inner) == repr_params(given)


def repr_params(estimator):
    return {key: repr(value) for key, value in estimator.get_params().items()}


def check_copies(student, data):
    """Clones and pickles predict what the original does, or nothing yet."""
    model = data.distil(student)
    said = data.answer(model, data.X)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), joblib_copy(model)):
        assert_array_equal(data.answer(copied, data.X), said)
    assert_array_equal(
        pickle.loads(pickle.dumps(model.student_)).predict(data.X), model.student_.predict(data.X)
    )
    fresh = clone(model)
    assert not hasattr(fresh, "student_")
    fresh.fit(data.X, data.y, **{data.given: data.teacher})
    assert_array_equal(data.answer(fresh, data.X), said)


def joblib_copy(model):
    stream = BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    return joblib.load(stream)


def check_nothing_given_is_changed(student, data):
    """Fitting changes neither learners nor arrays."""
    teacher, learner = data.learner(), student.make()
    arrays = {"X": data.X, "y": data.y, "sample_weight": np.linspace(1.0, 2.0, len(data))}
    if not student.takes_weight:
        del arrays["sample_weight"]
    before = copy.deepcopy((vars(teacher), {k: repr(v) for k, v in vars(learner).items()}, arrays))
    model = data.estimator(teacher, learner, loss=student.loss, strength=0.5, cv=3)
    model.fit(**arrays)
    after = (vars(teacher), {k: repr(v) for k, v in vars(learner).items()}, arrays)
    assert before[:2] == after[:2]
    for name, array in arrays.items():
        assert_array_equal(array, before[2][name])
    assert model.teacher is teacher
    assert model.student is learner
    said = data.teacher.copy()
    data.distil(student)
    assert_array_equal(said, data.teacher)
    said.flags.writeable = False
    model.fit(data.X, data.y, **{data.given: said})

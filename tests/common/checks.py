"""What must hold for every student on every route; each check takes a student and a sample."""

import copy
import pickle
from dataclasses import replace

import joblib
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_regressor
from sklearn.naive_bayes import GaussianNB

from skdistill import DistilledClassifier
from tests.common.data import sample
from tests.common.students import LIGHTGBM

ONE_OUTPUT = (
    "hist_gradient_boosting_regressor",
    "lgbm_regressor",
    "mlp_regressor",
)  # one learner per class


def distil(student, data, *, strength=0.0, weight=None, **settings):
    """Return the student distilled from the teacher's given probabilities."""
    settings = {"loss": student.loss, "calibration": None} | settings
    model = DistilledClassifier(None, student.make(), strength=strength, **settings)
    return model.fit(data.X, data.y, sample_weight=weight, teacher_proba=data.teacher)


def rows(data, index):
    return replace(data, **{name: value[index] for name, value in vars(data).items()})


def log_loss(bayes, p):
    """Return the expected log-loss under the Bayes probabilities; regressors may say zero."""
    floored = np.clip(p, 0.01, None)
    floored = floored / floored.sum(axis=1, keepdims=True)
    return -np.mean(np.sum(bayes * np.log(floored), axis=1))


def check_probabilities(student, data):
    model = distil(student, data)
    p = model.predict_proba(data.X)
    assert p.shape == data.teacher.shape
    assert np.all((p >= 0) & (p <= 1))
    assert_allclose(p.sum(axis=1), 1.0, atol=1e-6)
    assert_array_equal(model.predict(data.X), model.classes_[p.argmax(axis=1)])
    assert model.route_.name == student.route


def check_teacher_matters(student, data):
    """An inverted teacher makes an inverted student, not the same one."""
    inverted = data.teacher[:, ::-1]
    p = distil(student, data).predict_proba(data.X)
    q = distil(student, replace(data, teacher=inverted)).predict_proba(data.X)
    assert np.mean(np.abs(p - q)) > 0.1
    assert log_loss(data.teacher, p) < log_loss(data.teacher, q)
    assert log_loss(inverted, q) < log_loss(inverted, p)


def check_follows_teacher(student, data):
    """Between the teacher and the labels: the target is what it is at 0 and at 1, and moves evenly.

    A learner that treats copies of rows otherwise than rows (that counts labels to balance them,
    that stops early on them) would be another one at strength 1 than just before it. So its mean
    probability of each class is compared with the mean target, and a hair's breadth beside either
    end with that end.
    """
    loss = "brier" if student.loss == "logit" else student.loss
    skewed = replace(data, teacher=softened(data.teacher))
    turned = replace(skewed, teacher=skewed.teacher[:, ::-1])

    def mean(given, strength):
        p = distil(student, given, strength=strength, loss=loss).predict_proba(data.X)
        return p.mean(axis=0)

    for given in (skewed, turned):
        for strength in (0.0, 0.5, 1.0):
            target = (1.0 - strength) * given.teacher + strength * data.one_hot
            assert_allclose(mean(given, strength), target.mean(axis=0), atol=0.1)
        for end, near in ((0.0, 1e-3), (1.0, 1.0 - 1e-3)):
            assert_allclose(mean(given, near), mean(given, end), atol=0.06)
    taught, inverted = mean(skewed, 0.0), mean(turned, 0.0)
    assert np.abs(taught - inverted).max() > 0.1
    assert_array_equal(mean(skewed, 1.0), mean(turned, 1.0))


def softened(p):
    """Return probabilities whose classes are far from even, the first the rarest."""
    weighed = p * np.arange(1, p.shape[1] + 1) ** 2
    return weighed / weighed.sum(axis=1, keepdims=True)


def check_constant_teacher(student, data):
    """A teacher that says the same of every row makes a student that does, at strength zero."""
    constant = np.linspace(1.0, 2.0, data.teacher.shape[1])
    constant /= constant.sum()
    ripple = 1e-7 * np.sin(np.arange(len(data.y)))[:, None] * (np.arange(len(constant)) == 0)
    teacher = constant + ripple  # a teacher constant to the last bit is refused
    teacher /= teacher.sum(axis=1, keepdims=True)
    p = distil(student, replace(data, teacher=teacher)).predict_proba(data.X)
    assert_allclose(p, np.broadcast_to(constant, p.shape), atol=student.constant_tolerance)


def check_oracle_teacher(student, data):
    """Bayes probabilities teach better than few labels: their noise is gone."""
    n_classes = data.teacher.shape[1]
    fresh = sample(n_classes, n_rows=2000, seed=1)
    lead = []
    for seed in range(2, 6):
        few = sample(n_classes, n_rows=60 * n_classes, seed=seed)
        few = replace(few, teacher=few.bayes)
        taught, direct = (  # of the size that the targets ask for
            distil(student, few, strength=s, size="free").predict_proba(fresh.X) for s in (0, 1)
        )
        lead.append(log_loss(fresh.bayes, direct) - log_loss(fresh.bayes, taught))
    assert np.mean(lead) > 0.0


def check_full_correction_is_direct(student, data):
    """At strength one the student is the learner trained on y itself, to the last bit."""
    loss = "brier" if student.loss == "logit" else student.loss
    model = distil(student, data, strength=1.0, loss=loss)
    direct = student.make()
    ours = model.predict_proba(data.X)
    if student.loss == "cross_entropy":  # LGBMRegressor on our objective: LightGBM's classifier
        from lightgbm import LGBMClassifier

        theirs = LGBMClassifier(**LIGHTGBM).fit(data.X, data.y).predict_proba(data.X)
        assert_allclose(ours, theirs, atol=1e-6)
    elif is_regressor(direct):
        columns = [1] if len(data.classes) == 2 else range(len(data.classes))
        fits = [clone(direct).fit(data.X, data.one_hot[:, k]).predict(data.X) for k in columns]
        theirs = np.column_stack(fits)
        if len(fits) > 1 and type(model.student_) is type(direct):  # of several outputs
            theirs = clone(direct).fit(data.X, data.one_hot).predict(data.X)
        theirs = np.column_stack([1.0 - theirs, theirs]) if theirs.shape[1] == 1 else theirs
        theirs = np.clip(theirs, 0.0, None)
        mass = theirs.sum(axis=1, keepdims=True)
        tolerance = 1e-6 if student.name == "xgb_regressor" else 0.0  # it predicts in float32
        assert_allclose(ours, theirs / mass, rtol=tolerance)
    else:
        labels = data.codes if student.name.startswith("xgb") else data.y
        theirs = direct.fit(data.X, labels).predict_proba(data.X)
        assert_array_equal(ours, theirs)


def check_whole_weights_are_repeats(student, data):
    """A row of weight two is the row twice."""
    weight = np.random.default_rng(0).integers(1, 4, size=len(data.y))
    repeated = rows(data, np.repeat(np.arange(len(data.y)), weight))
    for strength in (0.0, 0.5, 1.0):
        weighted = distil(student, data, strength=strength, weight=weight.astype(float))
        twice = distil(student, repeated, strength=strength)
        assert_allclose(
            weighted.predict_proba(data.X),
            twice.predict_proba(data.X),
            atol=student.weight_tolerance,
        )
    even = distil(student, data, strength=1.0)  # weights do matter
    assert np.max(np.abs(even.predict_proba(data.X) - weighted.predict_proba(data.X))) > 1e-3


def check_weight_zero_is_absence(student, data):
    """A row of weight zero leaves no trace, whatever its label, features and teacher say."""
    present = np.arange(len(data.y)) % 5 != 0
    spoilt = replace(
        data,
        X=np.where(present[:, None], data.X, 1e3),
        teacher=np.where(present[:, None], data.teacher, data.teacher[:, ::-1]),
        y=np.where(present, data.y, data.classes[-1]),
    )
    weight = np.where(present, np.linspace(0.5, 2.0, len(data.y)), 0.0)
    without = distil(student, rows(data, present), strength=0.5, weight=weight[present])
    p = distil(student, spoilt, strength=0.5, weight=weight).predict_proba(data.X)
    assert_array_equal(p, without.predict_proba(data.X))


def check_class_order(student, data):
    """Renaming the classes so that they sort the other way only moves the columns."""
    n_classes = len(data.classes)
    renamed = data.classes[::-1][data.codes]
    other = replace(data, y=renamed, teacher=data.teacher[:, ::-1])
    for strength in (0.0, 0.6):
        p = distil(student, data, strength=strength).predict_proba(data.X)
        q = distil(student, other, strength=strength).predict_proba(data.X)
        assert_allclose(p, q[:, ::-1], atol=student.class_tolerance)
    assert p.shape[1] == n_classes


def check_row_order(student, data):
    """Learners that look at no row numbers give the same student for shuffled rows."""
    order = np.random.default_rng(0).permutation(len(data.y))
    p = distil(student, data, strength=0.5).predict_proba(data.X)
    q = distil(student, rows(data, order), strength=0.5).predict_proba(data.X)
    assert_allclose(p, q, atol=student.weight_tolerance)


def check_student_is_plain(student, data):
    """`student_` is of the given class, with the given settings, and predicts labels by itself."""
    given = student.make()
    model = distil(student, data)
    fitted = model.student_
    p = model.predict_proba(data.X)
    n_classes = len(data.classes)
    if is_regressor(given):
        plain = type(fitted) is type(given)
        assert plain or (n_classes > 2 and student.name in ONE_OUTPUT)
        inner = fitted if plain else fitted.estimator
        raw = np.asarray(fitted.predict(data.X))
        if student.loss == "logit":
            scores = np.column_stack([np.zeros(len(p)), raw]) if raw.ndim == 1 else raw
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        else:
            powers = np.column_stack([1.0 - raw, raw]) if raw.ndim == 1 else raw
            powers = np.clip(powers, 0.0, None)
        assert_allclose(p, powers / powers.sum(axis=1, keepdims=True), atol=1e-6)
    else:
        inner = fitted.classifier if student.name == "xgb" else fitted  # which knows no labels
        assert type(inner) is type(given)
        assert_array_equal(fitted.predict_proba(data.X), p)
        assert_array_equal(fitted.predict(data.X), model.predict(data.X))
        assert list(fitted.classes_) == list(data.classes)
    expected = given
    if student.name == "xgb":  # sets its own objective where there are more than two classes
        expected = given.fit(data.X, data.codes)
    assert repr_params(inner) == repr_params(expected)


def repr_params(estimator):
    return {key: repr(value) for key, value in estimator.get_params().items()}


def check_copies(student, data):
    """Clones and pickles predict what the original does, or nothing yet."""
    model = distil(student, data)
    p = model.predict_proba(data.X)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), joblib_copy(model)):
        assert_array_equal(copied.predict_proba(data.X), p)
    assert_array_equal(
        pickle.loads(pickle.dumps(model.student_)).predict(data.X), model.student_.predict(data.X)
    )
    fresh = clone(model)
    assert not hasattr(fresh, "student_")
    fresh.fit(data.X, data.y, teacher_proba=data.teacher)
    assert_array_equal(fresh.predict_proba(data.X), p)


def joblib_copy(model):
    from io import BytesIO

    stream = BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    return joblib.load(stream)


def check_nothing_given_is_changed(student, data):
    """Fitting changes neither learners nor arrays."""
    teacher, learner = GaussianNB(), student.make()
    arrays = {"X": data.X, "y": data.y, "sample_weight": np.linspace(1.0, 2.0, len(data.y))}
    if not student.takes_weight:
        del arrays["sample_weight"]
    before = copy.deepcopy((vars(teacher), {k: repr(v) for k, v in vars(learner).items()}, arrays))
    model = DistilledClassifier(teacher, learner, loss=student.loss, strength=0.5, cv=3)
    model.fit(**arrays)
    after = (vars(teacher), {k: repr(v) for k, v in vars(learner).items()}, arrays)
    assert before[:2] == after[:2]
    for name, array in arrays.items():
        assert_array_equal(array, before[2][name])
    assert model.teacher is teacher
    assert model.student is learner
    probabilities = data.teacher.copy()
    distil(student, data)
    assert_array_equal(probabilities, data.teacher)
    probabilities.flags.writeable = False
    model.fit(data.X, data.y, teacher_proba=probabilities)

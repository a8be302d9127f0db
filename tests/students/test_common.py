"""Every check on every student: tests that distillation packages do not have."""

import pytest

from tests.common import checks
from tests.common.data import sample
from tests.common.students import STUDENTS

every_student = pytest.mark.parametrize("student", STUDENTS, ids=str)
weighable = pytest.mark.parametrize("student", [s for s in STUDENTS if s.takes_weight], ids=str)
repeatable = pytest.mark.parametrize(
    "student", [s for s in STUDENTS if s.takes_weight and s.weight_tolerance is not None], ids=str
)
symmetric = pytest.mark.parametrize(
    "student", [s for s in STUDENTS if s.class_tolerance is not None], ids=str
)

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}


@pytest.fixture(params=[2, 3], ids=["binary", "multiclass"])
def data(request):
    return DATA[request.param]


@every_student
def test_probabilities(student, data):
    checks.check_probabilities(student, data)


@every_student
def test_inverting_the_teacher_inverts_the_student(student, data):
    checks.check_teacher_matters(student, data)


@every_student
def test_a_student_follows_its_teacher_to_the_labels(student, data):
    checks.check_follows_teacher(student, data)


@every_student
def test_constant_teacher_makes_a_constant_student(student, data):
    checks.check_constant_teacher(student, data)


@every_student
def test_oracle_teacher_beats_the_labels(student, data):
    checks.check_oracle_teacher(student, data)


@every_student
def test_strength_one_is_the_direct_student(student, data):
    checks.check_full_correction_is_direct(student, data)


@repeatable
def test_whole_weights_are_repeated_rows(student, data):
    checks.check_whole_weights_are_repeats(student, data)


@weighable
def test_weight_zero_is_absence(student, data):
    checks.check_weight_zero_is_absence(student, data)


@symmetric
def test_classes_are_treated_alike(student, data):
    checks.check_class_order(student, data)


@repeatable
def test_rows_are_treated_alike(student, data):
    checks.check_row_order(student, data)


@every_student
def test_student_is_the_plain_fitted_model(student, data):
    checks.check_student_is_plain(student, data)


@every_student
def test_clone_pickle_joblib(student, data):
    checks.check_copies(student, data)


@every_student
def test_nothing_given_is_changed(student, data):
    checks.check_nothing_given_is_changed(student, data)

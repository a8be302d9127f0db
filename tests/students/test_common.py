"""Every check on every student of both tasks: tests that distillation packages do not have."""

from functools import cache

import pytest

from tests.common import checks
from tests.common.data import sample
from tests.common.numbers import numbers
from tests.common.numeric_students import NUMERIC_STUDENTS
from tests.common.students import STUDENTS

NAMES = {2: "binary", 3: "multiclass"}


@cache
def classes(n_classes):
    return sample(n_classes)


@cache
def outputs(n_outputs, level):
    return numbers(n_outputs, 240 if level is None else 120, level=level)  # those come six times


CASES = [pytest.param(s, classes(n), id=f"{s}-{NAMES[n]}") for s in STUDENTS for n in NAMES] + [
    pytest.param(s, outputs(n, s.level), id=f"{s}-{n}") for s in NUMERIC_STUDENTS for n in s.outputs
]


def every(*needs):
    """Parametrise by all students that have what is needed, each with the samples it takes."""
    cases = [
        case
        for case in CASES
        if all(getattr(case.values[0], need) not in (None, False) for need in needs)
    ]
    return pytest.mark.parametrize(("student", "data"), cases)


@every()
def test_answers(student, data):
    checks.check_answers(student, data)


@every()
def test_inverting_the_teacher_inverts_the_student(student, data):
    checks.check_teacher_matters(student, data)


@every()
def test_a_student_follows_its_teacher_to_the_truth(student, data):
    checks.check_follows_teacher(student, data)


@every()
def test_constant_teacher_makes_a_constant_student(student, data):
    checks.check_constant_teacher(student, data)


@every()
def test_oracle_teacher_beats_the_observations(student, data):
    checks.check_oracle_teacher(student, data)


@every()
def test_strength_one_is_the_direct_student(student, data):
    checks.check_full_correction_is_direct(student, data)


@every("takes_weight", "weight_tolerance")
def test_whole_weights_are_repeated_rows(student, data):
    checks.check_whole_weights_are_repeats(student, data)


@pytest.mark.parametrize("correction", ["fast", "slow", "absolute", "relative"])
@pytest.mark.parametrize(
    ("student", "data"), [case for case in CASES if case.values[0].name == "ridge"]
)
def test_corrections_heed_weights(student, data, correction):
    checks.check_corrections_heed_weights(student, data, correction)


@every("takes_weight")
def test_weight_zero_is_absence(student, data):
    checks.check_weight_zero_is_absence(student, data)


@every("naming_tolerance")
def test_names_play_no_part(student, data):
    checks.check_other_names(student, data)


@every("takes_weight", "weight_tolerance")
def test_rows_are_treated_alike(student, data):
    checks.check_row_order(student, data)


@every()
def test_student_is_the_plain_fitted_model(student, data):
    checks.check_student_is_plain(student, data)


@every()
def test_clone_pickle_joblib(student, data):
    checks.check_copies(student, data)


@every()
def test_nothing_given_is_changed(student, data):
    checks.check_nothing_given_is_changed(student, data)

"""One check per concept: what passes, and what each message says."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.exceptions import DataConversionWarning

from skdistill._ground.fingerprints import row_fingerprints
from skdistill._ground.validation import (
    brief,
    check_choice,
    check_integer,
    check_labels,
    check_number,
    check_probabilities,
    check_weights,
    has_missing,
    index_rows,
)
from skdistill.exceptions import InputError, ParameterError


def message_of(error_type, function, *args, **kwargs):
    """Return the message of the error that the call raises."""
    with pytest.raises(error_type) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is error_type
    return str(caught.value)


# brief


def test_a_wrong_value_is_told_in_one_short_line():
    assert brief({"a": [1, 2]}) == "{'a': [1, 2]}"
    assert brief("x" * 118) == repr("x" * 118)
    assert brief("x" * 119) == "'" + "x" * 119 + " ..."
    assert brief(pd.DataFrame({"a": [1, 2]})) == "a 0 1 1 2"


# check_number


@pytest.mark.parametrize(
    "value", [0, 1, 0.5, np.float32(0.5), np.float64(0.5), np.int64(1), Fraction(1, 2)]
)
def test_numbers_become_floats(value):
    number = check_number("s", value, low=0.0, high=1.0)
    assert type(number) is float
    assert number == value


def test_the_ends_of_an_interval_are_in_it_unless_open():
    ends = {"low": 0.0, "high": 1.0}
    assert check_number("s", 0, **ends) == 0.0
    assert check_number("s", 1, **ends) == 1.0
    assert check_number("s", 1, low_open=True, **ends) == 1.0
    assert check_number("s", 0, high_open=True, **ends) == 0.0
    message_of(ParameterError, check_number, "s", 0, low_open=True, **ends)
    message_of(ParameterError, check_number, "s", 1, high_open=True, **ends)
    assert check_number("s", -1e300) == -1e300


@pytest.mark.parametrize(
    ("keywords", "interval"),
    [
        ({"low": 0.0, "high": 1.0}, "[0, 1]"),
        ({"low": 0.0, "high": 1.0, "low_open": True}, "(0, 1]"),
        ({"low": 0.0, "high": 0.5, "high_open": True}, "[0, 0.5)"),
        ({"low": 0.0, "low_open": True}, "(0, inf)"),
        ({"high": 1.0}, "(-inf, 1]"),
        ({}, "(-inf, inf)"),
    ],
)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_must_be_finite(keywords, interval, bad):
    message = message_of(ParameterError, check_number, "rho", bad, **keywords)
    assert message == f"rho must be a finite number in {interval}, got {bad!r}."


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.float64(2.0), -1])
def test_numbers_must_lie_in_their_interval(bad):
    message = message_of(ParameterError, check_number, "rho", bad, low=0.0, high=1.0)
    assert message == f"rho must be a finite number in [0, 1], got {bad!r}."


@pytest.mark.parametrize(
    "bad", ["0.5", None, True, np.True_, 1j, [0.5], Decimal("0.5"), np.array([0.5])]
)
def test_numbers_must_be_numbers(bad):
    message = message_of(ParameterError, check_number, "rho", bad, low=0.0, high=1.0)
    kind = type(bad).__name__
    assert message == f"rho must be a number in [0, 1], got {bad!r} of type {kind}."


def test_an_integer_beyond_every_float_is_out_of_range():
    message = message_of(ParameterError, check_number, "rho", 10**400, low=0.0)
    assert message.startswith("rho must be a finite number in [0, inf)")


# check_integer


@pytest.mark.parametrize("value", [2, 3, np.int32(2), np.uint8(7)])
def test_integers_become_ints(value):
    number = check_integer("cv", value, low=2)
    assert type(number) is int
    assert number == value


@pytest.mark.parametrize("bad", [1, -5, 2.0, "2", None, True, np.True_, np.float64(3), math.nan])
def test_integers_must_be_integers_and_large_enough(bad):
    message = message_of(ParameterError, check_integer, "cv", bad, low=2)
    assert message == f"cv must be an integer of at least 2, got {bad!r}."


# check_choice


@pytest.mark.parametrize("value", ["a", "b", None, np.str_("a")])
def test_choices(value):
    assert check_choice("mode", value, ["a", "b", None]) is None


@pytest.mark.parametrize("bad", ["A", "", "c", 1, ["a"], np.array(["a", "b"])])
def test_choices_must_be_known(bad):
    message = message_of(ParameterError, check_choice, "mode", bad, ["a", "b", None])
    assert message == f"mode must be one of 'a', 'b', None, got {bad!r}."


def test_choices_say_what_else_would_do():
    message = message_of(ParameterError, check_choice, "mode", 1, iter("ab"), "or an object")
    assert message == "mode must be one of 'a', 'b' or an object, got 1."


# check_labels


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([3, 1, 3, 2], [1, 2, 3]),
        (["no", "yes", "no", "yes"], ["no", "yes"]),
        (np.array(["b", "a", "b", "c"], dtype=object), ["a", "b", "c"]),
        ([True, False, True, True], [False, True]),
        ([1.0, 2.0, 1.0, 1.0], [1.0, 2.0]),
        (pd.Series([5, 4, 5, 4], index=[9, 8, 7, 6]), [4, 5]),
        (pd.Series(["b", "a", "b", "a"], dtype="category"), ["a", "b"]),
        (pd.Series([5, 4, 5, 4], dtype="Int64"), [4, 5]),
        (pl.Series([5, 4, 5, 4]), [4, 5]),
    ],
)
def test_labels_become_codes(y, classes):
    found, codes = check_labels(y)
    assert found.tolist() == classes
    assert codes.dtype == np.int64
    assert codes.shape == (4,)
    assert found[codes].tolist() == list(y)


def test_a_column_of_labels_is_flattened_with_a_warning():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        classes, codes = check_labels(np.array([[0], [1], [1]]))
    assert (classes.tolist(), codes.tolist()) == ([0, 1], [0, 1, 1])


def test_one_class_raises():
    message = message_of(InputError, check_labels, ["spam"] * 3)
    assert "y must have at least two classes" in message
    assert "spam" in message
    assert "check how the rows were selected" in message


@pytest.mark.parametrize("missing", [math.nan, math.inf])
def test_missing_labels_raise(missing):
    message = message_of(InputError, check_labels, [0.0, 1.0, missing, missing, missing])
    assert "y must have a label in every row, got 3 NaN, None or infinite values" in message
    assert "drop the unlabelled rows" in message


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA])
@pytest.mark.parametrize("others", [["a", "b"], [0, 1]], ids=["strings", "integers"])
def test_missing_labels_among_objects_raise(missing, others):
    y = np.array([*others, missing, others[0]], dtype=object)
    message = message_of(InputError, check_labels, y)
    assert "y must have a label in every row, got 1" in message
    assert "drop the unlabelled rows" in message


def test_continuous_labels_raise():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        check_labels([0.1, 0.2, 0.7])


def test_one_hot_labels_raise():
    with pytest.raises(ValueError, match="y should be a 1d array"):
        check_labels(np.eye(3))


# check_weights


def test_no_weights():
    assert check_weights(None, 3) is None


@pytest.mark.parametrize(
    "weights",
    [[1, 0, 2], (0.0, 0.0, 0.5), np.ones(3, dtype=np.float32), np.array([True, False, True])],
)
def test_weights_become_float64(weights):
    checked = check_weights(weights, 3)
    assert checked.dtype == np.float64
    assert checked.tolist() == [float(w) for w in weights]


def test_weights_of_data_frames():
    for series in (pd.Series([1, 2, 3], index=[5, 1, 0]), pl.Series([1, 2, 3])):
        assert check_weights(series, 3).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("weights", [[1.0, 2.0], [[1.0], [1.0], [1.0]], [[1.0, 1.0, 1.0]], 1.0, []])
def test_weights_must_have_one_entry_per_row(weights):
    message = message_of(InputError, check_weights, weights, 3)
    assert "sample_weight must have shape (3,), one weight per row of X" in message
    assert f"got shape {np.shape(weights)}" in message


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1.0, -1e-300])
def test_weights_must_be_finite_and_not_negative(bad):
    message = message_of(InputError, check_weights, [1.0, 2.0, bad, 0.0, -7.0], 5)
    assert "sample_weight must be finite and not negative" in message
    assert f"{bad!r}" in message
    assert "at row 2 (2 such rows)" in message
    assert "weight 0" in message


def test_some_weight_must_be_positive():
    message = message_of(InputError, check_weights, [0.0, 0.0], 2)
    assert "sample_weight must have a positive entry, got all zeros" in message


# check_probabilities


CLASSES = np.array(["cat", "dog"])


def probabilities_message(p, n_rows=2, classes=CLASSES):
    return message_of(
        InputError, check_probabilities, p, n_rows, classes, "teacher_proba", "Do it so."
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_probabilities_keep_their_float_dtype(dtype):
    p = np.array([[0.25, 0.75], [1.0, 0.0]], dtype=dtype)
    checked = check_probabilities(p, 2, CLASSES, "p")
    assert checked.dtype == dtype
    assert checked.tolist() == p.tolist()


@pytest.mark.parametrize("p", [[[1, 0], [0, 1]], np.eye(2, dtype=bool), np.eye(2, dtype=np.uint8)])
def test_whole_probabilities_become_float64(p):
    checked = check_probabilities(p, 2, CLASSES, "p")
    assert checked.dtype == np.float64
    assert checked.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_probabilities_of_data_frames():
    columns = {"cat": [0.25, 1.0], "dog": [0.75, 0.0]}
    for frame in (pd.DataFrame(columns, index=[7, 3]), pl.DataFrame(columns)):
        checked = check_probabilities(frame, 2, ["cat", "dog"], "p")
        assert checked.tolist() == [[0.25, 0.75], [1.0, 0.0]]


def test_small_errors_of_the_sum_pass():
    assert check_probabilities([[0.5, 0.5009], [0.5, 0.4991]], 2, CLASSES, "p").shape == (2, 2)


@pytest.mark.parametrize("p", [[["0.5", "0.5"]], [[0.5, None]], [[0.5j, 0.5]]])
def test_probabilities_must_be_numbers(p):
    message = probabilities_message(p, n_rows=1)
    dtype = np.asarray(p).dtype
    assert message == f"teacher_proba must be numbers, got dtype {dtype}. Do it so."


@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 3), (2, 1), (2, 2, 1), ()])
def test_probabilities_must_have_their_shape(shape):
    message = probabilities_message(np.full(shape, 0.5))
    assert "teacher_proba must have shape (2, 2)" in message
    assert "one row per row of X and one column per class, in the order cat, dog;" in message
    assert f"got shape {shape}." in message
    assert message.endswith("Do it so.")


def test_many_classes_are_not_all_listed():
    message = probabilities_message(np.ones((1, 1)), n_rows=1, classes=list(range(11)))
    assert "in the order 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...;" in message
    message = probabilities_message(np.ones((1, 1)), n_rows=1, classes=list(range(10)))
    assert "in the order 0, 1, 2, 3, 4, 5, 6, 7, 8, 9;" in message


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ([math.nan, 1.0], "finite"),
        ([math.inf, 0.0], "finite"),
        ([-0.25, 1.25], "not negative"),
        ([0.5, 0.502], "rows that sum to one"),
        ([0.5, 0.25], "rows that sum to one"),
        ([2.0, -1.5], "not negative"),
    ],
)
def test_rows_must_be_probabilities(bad, what):
    message = probabilities_message([[0.5, 0.5], bad, [0.0, 1.0], bad], n_rows=4)
    assert message == (
        f"teacher_proba must be probabilities ({what}), got {bad} in row 1 (2 such rows). Do it so."
    )


def test_messages_do_without_a_remedy():
    message = message_of(InputError, check_probabilities, [[2.0, 0.0]], 1, CLASSES, "p")
    assert message.endswith("in row 0 (1 such rows).")


# index_rows


@pytest.mark.parametrize(
    "value",
    [
        ["a", "b", "c"],
        np.array(["a", "b", "c"]),
        pd.Series(["a", "b", "c"], index=[2, 1, 0]),
        pl.Series(["a", "b", "c"]),
    ],
)
def test_metadata_with_an_entry_per_row_is_indexed(value):
    assert list(index_rows(value, np.array([2, 0]), 3)) == ["c", "a"]


def test_tables_of_metadata_are_indexed_by_row():
    table = np.arange(6).reshape(3, 2)
    assert index_rows(table, np.array([2, 0]), 3).tolist() == [[4, 5], [0, 1]]
    assert index_rows(sp.csr_array(table), np.array([1]), 3).toarray().tolist() == [[2, 3]]


@pytest.mark.parametrize(
    "value", ["abc", None, 3, {1: 2, 3: 4, 5: 6}, [1, 2], np.array(3.0), np.ones((2, 3))]
)
def test_other_metadata_stays_as_it_is(value):
    assert index_rows(value, np.array([2, 0]), 3) is value


# has_missing


def table_with(value, dtype=np.float64):
    X = np.arange(12.0).reshape(4, 3).astype(dtype)
    X[2, 1] = value
    return X


@pytest.mark.parametrize(
    "make",
    [np.asarray, sp.csr_array, sp.csc_matrix, sp.coo_array, pd.DataFrame, np.ndarray.tolist],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_missing_and_infinite_entries_are_found(make, dtype):
    for bad in (math.nan, math.inf, -math.inf):
        assert has_missing(make(table_with(bad, dtype))) is True
    assert has_missing(make(table_with(7.0, dtype))) is False


def test_infinities_that_cancel_are_found():
    assert has_missing(np.array([[math.inf, -math.inf]])) is True


def test_sums_that_overflow_are_not_missing():
    assert has_missing(np.full((4, 2), np.finfo(np.float64).max)) is False
    assert has_missing(np.full((4, 2), np.finfo(np.float32).max, dtype=np.float32)) is False


def test_missing_entries_of_data_frames():
    columns = {"city": ["Oslo", "Rome"], "count": [1, 2], "number": [1.5, math.nan]}
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns)):
        assert has_missing(frame) is True
        assert has_missing(frame[["city", "count"]]) is False


@pytest.mark.parametrize("X", [np.array([["a", "b"]]), np.array([[1, 2]]), np.eye(2, dtype=bool)])
def test_what_cannot_be_nan_is_not_missing(X):
    assert has_missing(X) is False


# row_fingerprints


def fingerprints(X):
    """Return the fingerprints of `X`, checked for their kind and repeated."""
    first = row_fingerprints(X)
    assert first.dtype == np.uint64
    assert first.shape == (X.shape[0],)
    assert row_fingerprints(X).tolist() == first.tolist()
    return first.tolist()


def assert_groups(X, groups):
    """Assert that rows have the same fingerprint exactly where they have the same group."""
    prints = fingerprints(X)
    for i, a in enumerate(groups):
        for j, b in enumerate(groups):
            assert (prints[i] == prints[j]) == (a == b), (i, j)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8, np.uint16])
def test_equal_rows_and_only_they_are_equal(dtype):
    X = np.array([[1, 2, 3], [1, 2, 4], [1, 2, 3], [3, 2, 1], [0, 0, 0], [1, 2, 3]], dtype=dtype)
    assert_groups(X, "abacda")


@pytest.mark.parametrize("n_columns", [1, 2, 7])
def test_a_hundred_thousand_rows_do_not_collide(n_columns):
    X = np.random.default_rng(0).normal(size=(100_000, n_columns))
    assert len(np.unique(row_fingerprints(X))) == 100_000


def test_small_integers_do_not_collide():
    """Every row of a dense grid, where a weak mix would show."""
    axes = np.meshgrid(*[np.arange(-23, 24)] * 3)
    X = np.stack([a.ravel() for a in axes], axis=1)
    assert len(np.unique(row_fingerprints(X))) == len(X) == 47**3


def test_half_of_the_bits_change_with_one():
    X = np.random.default_rng(1).normal(size=(500, 3))
    Z = X.copy()
    Z[:, 1] = np.nextafter(Z[:, 1], np.inf)
    changed = np.bitwise_count(row_fingerprints(X) ^ row_fingerprints(Z))
    assert 31 < changed.mean() < 33


def test_the_order_of_columns_counts():
    X = np.random.default_rng(2).normal(size=(50, 3))
    assert not np.any(row_fingerprints(X) == row_fingerprints(X[:, [1, 0, 2]]))
    assert_groups(np.array([[1, 2], [2, 1], [1, 2]]), "aba")


def test_the_order_of_rows_does_not_count():
    X = np.random.default_rng(3).integers(3, size=(50, 3))
    order = np.random.default_rng(4).permutation(50)
    assert row_fingerprints(X[order]).tolist() == row_fingerprints(X)[order].tolist()


def test_memory_layout_does_not_count():
    X = np.random.default_rng(5).normal(size=(20, 4))
    expected = fingerprints(X)
    assert fingerprints(np.asfortranarray(X)) == expected
    assert fingerprints(np.repeat(X, 2, axis=1)[:, ::2]) == expected
    read_only = X.copy()
    read_only.flags.writeable = False
    assert fingerprints(read_only) == expected


def test_the_kind_of_number_does_not_count():
    X = np.array([[1, 0, 3], [0, 1, 7]])
    expected = fingerprints(X)
    assert fingerprints(X.astype(np.float32)) == expected
    assert fingerprints(pd.DataFrame(X)) == expected
    assert fingerprints(pl.DataFrame(X, schema=["a", "b", "c"])) == expected
    assert row_fingerprints(X.tolist()).tolist() == expected


def test_negative_zero_is_zero_and_nan_is_nan():
    other_nan = np.array([0x7FF8_0000_0000_0001], dtype=np.uint64).view(np.float64)[0]
    X = np.array([[0.0, math.nan], [-0.0, other_nan], [0.0, -math.nan], [0.0, 0.0], [-0.0, 0.0]])
    assert_groups(X, "aaabb")
    assert_groups(sp.csr_array(X), "aaabb")
    assert_groups(np.array([[math.inf], [-math.inf], [math.nan], [math.inf]]), "abca")


def test_one_column_and_one_dimension():
    assert_groups(np.array([1.5, 2.5, 1.5]), "aba")
    assert_groups(np.array(["a text", "another", "a text"]), "aba")
    assert_groups(np.array([[1.5], [2.5], [1.5]]), "aba")


def test_more_than_two_dimensions():
    X = np.zeros((4, 2, 3))
    X[1, 0, 2] = X[2, 1, 2] = X[3, 0, 2] = 1.0
    assert_groups(X, "abcb")


def test_no_rows():
    assert fingerprints(np.empty((0, 3))) == []
    assert fingerprints(sp.csr_array((0, 3))) == []
    assert fingerprints(pd.DataFrame({"a": []})) == []


def test_booleans_and_dates():
    assert_groups(np.array([[True, False], [False, True], [True, False]]), "aba")
    days = np.array(["2020-01-01", "2020-01-02", "NaT", "2020-01-01", "NaT"], dtype="M8[D]")
    assert_groups(days[:, None], "abcac")
    assert_groups((days - days[0])[:, None], "abcac")
    stamp = datetime(2020, 1, 1, tzinfo=UTC)
    later = datetime(2020, 1, 2, tzinfo=UTC)
    for values in ([stamp, later, None, stamp, None], list(days)):
        assert_groups(pd.DataFrame({"when": pd.to_datetime(values)}), "abcac")
    assert_groups(pl.DataFrame({"when": [stamp, later, None, stamp, None]}), "abcac")


@pytest.mark.parametrize("kind", ["U", "S", "O"])
def test_strings(kind):
    X = np.array([["ab", "c"], ["a", "bc"], ["ab", "c"], ["c", "ab"]]).astype(kind)
    assert_groups(X, "abac")


def test_objects_of_several_kinds():
    X = np.array(
        [["x", 1, None], ["x", 1.0, None], ["x", 2, None], ["y", 1, None], ["x", 1, "z"]],
        dtype=object,
    )
    assert_groups(X, "aabcd")


def test_missing_objects_are_equal_to_each_other():
    X = np.array([["x", math.nan], ["x", np.float64("nan")], ["x", 1.0]], dtype=object)
    assert_groups(X, "aab")


def test_numbers_among_objects_are_equal_by_value():
    X = np.array([["x", 0.0], ["x", -0.0], ["x", 0], ["x", 1], ["x", np.float32(1)]], dtype=object)
    assert_groups(X, "aaabb")


@pytest.mark.parametrize(
    ("a", "b"), [(-1, -2), (math.nan, 0), ("", 0), ("", math.nan), (None, math.nan), (0, None)]
)
def test_different_objects_differ(a, b):
    """Python's own hashes are equal for -1 and -2, and for 0 and the empty string."""
    assert_groups(np.array([["x", a], ["x", b], ["x", a]], dtype=object), "aba")


def test_pandas_with_mixed_columns():
    frame = pd.DataFrame(
        {
            "number": [1.5, 1.5, math.nan, math.nan, 1.5, 1.5],
            "city": ["Oslo", "Oslo", "Rome", "Rome", "Rome", None],
            "grade": pd.Categorical(["low", "low", "high", None, "low", "low"]),
            "flag": [True, True, False, False, True, True],
            "count": pd.array([1, 1, 2, 2, 1, 1], dtype="int32"),
        },
        index=[5, 5, 4, 3, 2, 1],
    )
    assert_groups(frame, "aabcde")
    assert_groups(pd.concat([frame, frame], ignore_index=True), "aabcdeaabcde")


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean"])
def test_nullable_pandas_columns(dtype):
    frame = pd.DataFrame({"a": pd.array([1, 0, None, 1, None], dtype=dtype)})
    assert_groups(frame, "abcac")


def test_nullable_pandas_strings():
    frame = pd.DataFrame({"a": pd.array(["x", "y", None, "x", None], dtype="string")})
    assert_groups(frame, "abcac")


def test_categories_count_by_value_and_not_by_code():
    a = pd.DataFrame({"a": pd.Categorical(["x", "y"], categories=["x", "y"])})
    b = pd.DataFrame({"a": pd.Categorical(["x", "y"], categories=["y", "x"])})
    assert fingerprints(a) == fingerprints(b)


def test_pandas_with_repeated_column_names():
    frame = pd.DataFrame([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 1.0]], columns=["a", "a"])
    assert_groups(frame, "abac")


def test_polars_with_mixed_columns():
    frame = pl.DataFrame(
        {
            "number": [1.5, 1.5, None, None, 1.5, 1.5],
            "city": ["Oslo", "Oslo", "Rome", "Rome", "Rome", None],
            "grade": pl.Series(["low", "low", "high", None, "low", "low"], dtype=pl.Categorical),
            "flag": [True, True, False, False, True, True],
        }
    )
    assert_groups(frame, "aabcde")


def test_column_names_do_not_count():
    X = np.random.default_rng(6).normal(size=(5, 2))
    a, b = pd.DataFrame(X, columns=["a", "b"]), pd.DataFrame(X, columns=["c", "d"])
    assert fingerprints(a) == fingerprints(b)


def sparse_example():
    X = np.zeros((7, 6))
    X[0, 1] = X[1, 1] = X[2, 2] = 1.5
    X[3, [1, 4]] = X[4, [4, 1]] = [1.5, -2.0]
    return X  # the last two rows are empty


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, sp.coo_array, sp.csr_matrix])
def test_sparse_rows(make):
    assert_groups(make(sparse_example()), "aabcdee")
    assert len(set(row_fingerprints(make(np.eye(300))).tolist())) == 300


def test_sparse_explicit_zeros_and_duplicates_do_not_count():
    plain = sp.csr_array(np.array([[0.0, 3.0], [0.0, 3.0]]))
    stored = sp.csr_array(([0.0, 3.0, 3.0], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    assert fingerprints(stored) == fingerprints(plain)
    halves = sp.coo_array(([1.0, 2.0, 3.0], ([0, 0, 1], [1, 1, 1])), shape=(2, 2))
    assert fingerprints(halves) == fingerprints(plain)
    backwards = sp.csr_array(([2.0, 1.0, 1.0, 2.0], [1, 0, 0, 1], [0, 2, 4]), shape=(2, 2))
    assert_groups(backwards, "aa")
    negative = sp.csr_array(([-0.0, 3.0, 3.0], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    assert_groups(negative, "aa")


def test_the_input_is_not_written_to():
    stored = sp.csr_array(([0.0, 3.0, 3.0, 1.0], [0, 1, 1, 1], [0, 2, 4]), shape=(2, 2))
    before = (stored.data.tolist(), stored.indices.tolist(), stored.indptr.tolist())
    row_fingerprints(stored)
    assert before == (stored.data.tolist(), stored.indices.tolist(), stored.indptr.tolist())
    X = np.array([[-0.0, math.nan], [1.0, 2.0]])
    copy = X.tobytes()
    row_fingerprints(X)
    assert X.tobytes() == copy


def test_integers_that_float64_cannot_tell_apart_collide():
    """A known limit: beyond 2**53 neighbours share a float, and so a fingerprint."""
    a, b = row_fingerprints(np.array([[2**53], [2**53 + 1]]))
    assert a == b
    a, b = row_fingerprints(np.array([[2**53 - 1], [2**53]]))
    assert a != b


@given(
    hnp.arrays(np.float64, (12, 3), elements=st.sampled_from([0.0, -0.0, 1.0, math.nan, 1e-300])),
)
def test_fingerprints_group_rows_as_the_rows_themselves(X):
    assert_groups(X, [repr((row + 0.0).tolist()) for row in np.abs(X)])
    assert_groups(sp.csr_array(X), [repr((row + 0.0).tolist()) for row in np.abs(X)])

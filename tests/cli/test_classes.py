"""Notes on the labels: which there are, how many of each, and which look like a slip."""

import numpy as np
import pytest

from skdistill.cli.classes import check_classes, tell_classes
from skdistill.cli.errors import CommandError


@pytest.fixture
def told(capsys):
    """Return the notes on some labels, without what they all start with."""

    def notes(labels) -> list[str]:
        tell_classes(np.array(labels), "y", "t.csv")
        lines = capsys.readouterr().err.splitlines()
        assert all(line.startswith("note: t.csv: ") for line in lines)
        return [line.removeprefix("note: t.csv: ") for line in lines]

    return notes


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["b", "a", "b"], "2 classes in 3 rows: 'a' (1), 'b' (2)"),
        ([2, 0, 2], "2 classes in 3 rows: 0 (1), 2 (2)"),
        ([True, False, True], "2 classes in 3 rows: False (1), True (2)"),
        ([1.0, 2.0], "2 classes in 2 rows: 1.0 (1), 2.0 (1)"),
    ],
)
def test_classes_are_counted(told, labels, shown: str) -> None:
    assert told(labels) == [f"column 'y' has {shown}"]


def test_very_many_classes_are_cut(told) -> None:
    (line,) = told([f"c{i:04}" for i in range(1200)])
    assert "1,200 classes in 1,200 rows: 'c0000' (1), " in line
    assert line.endswith("'c0009' (1), ... (1,200 in all)")


def test_blanks_are_told(told) -> None:
    _, line = told(["a", "a ", " b", "b", "\tb", "c", "A", "d "])
    assert line.startswith(
        "classes '\\tb', ' b', 'b', 'a', 'a ' of column 'y' differ only by blanks"
    )
    assert "strip them" in line


@pytest.mark.parametrize("label", ["NA", "?", "None", "nan", "null", "N/A", " ", ""])
def test_labels_that_read_like_missing_values(told, label: str) -> None:
    _, line = told(["a", label, "b"])
    assert line.startswith(f"class(es) {label!r} of column 'y' read like missing values")
    assert "remove these rows" in line


def test_ordinary_labels_are_not_blamed(told) -> None:
    assert len(told(["yes", "Yes", "no", "nano", "a b", "ab"])) == 1
    assert len(told(["NA", "?"])) == 1  # no other label shows that these are none


def test_small_classes_are_named_and_counted() -> None:
    y = np.array(["a"] * 5 + ["b"] * 5 + [f"c{i:02}" for i in range(30)])
    check_classes(y[:10], 5, "--cv 5", "y", "t.csv")
    with pytest.raises(CommandError, match="30 of 32 classes of column 'y'") as caught:
        check_classes(y, 5, "--cv 5", "y", "t.csv")
    assert "'c09', ... (30 in all)" in str(caught.value)
    assert "c10" not in str(caught.value)
    with pytest.raises(CommandError, match="one class only, 'a', in 1 row"):
        check_classes(y[:1], 2, "--cv 2", "y", "t.csv")

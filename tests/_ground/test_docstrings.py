"""Docstrings with shared entries are whole."""

import pytest

from skdistill._ground.docstrings import entries, filled

KNOWN = entries("""
X : array of shape (n, d)
    The $kind.

    More of it.
a_, b_ : float
    Two.
sklearn.exceptions.NotFittedError
    If not.
""")


def test_entries_go_by_their_first_name_and_its_last_part():
    assert list(KNOWN) == ["X", "a_", "NotFittedError"]
    assert KNOWN["X"] == "X : array of shape (n, d)\n    The $kind.\n\n    More of it."


def test_lines_that_are_a_name_are_filled_at_their_indent():
    doc = "Do.\n\n    $X\n    costs $X\n        $NotFittedError\n"
    assert filled(doc, KNOWN, {"kind": "rows"}) == (
        "Do.\n\n    X : array of shape (n, d)\n        The rows.\n\n        More of it.\n"
        "    costs $X\n        sklearn.exceptions.NotFittedError\n            If not.\n"
    )


def test_without_a_docstring_there_is_none():
    assert filled(None, KNOWN, {}) is None


@pytest.mark.parametrize(("doc", "lacking"), [("$y", "y"), ("$X", "kind")])
def test_an_entry_or_a_word_that_nobody_wrote_is_an_error(doc, lacking):
    with pytest.raises(KeyError, match=lacking):
        filled(doc, KNOWN, {})

"""Entries that several docstrings share, written once.

A line of a docstring that is ``$name`` alone stands for the entry `name` of a text, with words put
in. `inspect`, ``help`` and Sphinx see the whole.
"""

import re
from collections.abc import Mapping
from string import Template
from textwrap import indent

__all__ = ["entries", "filled"]

ENTRY = re.compile(r"^(?P<indent> *)\$(?P<name>\w+)$", re.MULTILINE)


def entries(text: str) -> dict[str, str]:
    """Return the entries of a numpydoc section, by their names.

    Parameters
    ----------
    text : str
        Entries that begin without an indent, as ``cv : int``; one of several names is known by the
        first, and one of a dotted name by its last part.

    Returns
    -------
    entries : dict of str to str
    """
    found = re.split(r"^(?=\S)", text.strip("\n"), flags=re.MULTILINE)
    return {
        re.search(r"[\w.]+", entry)[0].rpartition(".")[2]: entry.rstrip()
        for entry in found
        if entry
    }


def filled(doc: str | None, known: Mapping[str, str], words: Mapping[str, str]) -> str | None:
    """Return a docstring with its entries in place of their names; None where there is none.

    Parameters
    ----------
    doc : str or None
        With lines that are ``$name`` alone.
    known : mapping of str to str
        The entries, as `entries` returns them.
    words : mapping of str to str
        What stands for ``$word`` within them.

    Raises
    ------
    KeyError
        If a line names no entry, or an entry no word.
    """

    def entry(line: re.Match[str]) -> str:
        return indent(Template(known[line["name"]]).substitute(words), line["indent"])

    return doc and ENTRY.sub(entry, doc)

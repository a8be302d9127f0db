"""The commands that measure what the raw table of `benchmarks.suite` has, read off its rows."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

__all__ = ["commands", "grid"]

PARTS = ("seed", "method", "student", "data", "teacher")
OPTIONS = {
    "data": "--sets",
    "teacher": "--teachers",
    "student": "--students",
    "method": "--methods",
}


def commands(frame: pd.DataFrame, prefix: str, defaults: Mapping[str, Sequence]) -> list[str]:
    """Return commands that measure these rows and no others.

    Parameters
    ----------
    frame : DataFrame
        The raw rows.
    prefix : str
        What all commands begin with.
    defaults : mapping
        Of the parts of a row (see `PARTS`), the values that need not be named; their order is that
        of the values named.
    """
    return [
        " ".join([prefix, *_options(block, seeds, defaults)])
        for block in _blocks(frame)
        for seeds in _runs(block["seed"])
    ]


def grid(frame: pd.DataFrame) -> tuple[int, int]:
    """Return how many cells have the direct student, and how many their parts would make."""
    cells = frame.loc[frame["method"] == "direct", [p for p in PARTS if p != "method"]]
    return len(cells), int(cells.nunique().prod())


def _blocks(frame: pd.DataFrame) -> list[dict]:
    """Return products of parts, each part a tuple, that are the rows when taken together."""
    blocks = frame[list(PARTS)].drop_duplicates().sort_values(list(PARTS))
    for part in PARTS:
        rest = [other for other in PARTS if other != part]
        joined = [
            dict(zip(rest, key, strict=True)) | {part: tuple(found)}
            for key, found in blocks.groupby(rest, sort=False)[part]
        ]
        blocks = pd.DataFrame(joined, columns=list(PARTS))
    return blocks.to_dict("records")


def _runs(seeds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield first seed and number of seeds without a gap."""
    start = 0
    for end in range(1, len(seeds) + 1):
        if end == len(seeds) or seeds[end] != seeds[end - 1] + 1:
            yield seeds[start], end - start
            start = end


def _options(block: Mapping, seeds: tuple[int, int], defaults: Mapping[str, Sequence]) -> list[str]:
    options = []
    for part, option in OPTIONS.items():
        known = list(defaults[part])
        if set(block[part]) != set(known):
            at = {value: number for number, value in enumerate(known)}
            values = sorted(block[part], key=lambda value: (at.get(value, len(at)), value))
            options += [option, *map(_quoted, values)]
    first, repeats = seeds
    options += ["--seed", str(first)] if first else []
    return options + (["--repeats", str(repeats)] if repeats != len(defaults["seed"]) else [])


def _quoted(word: str) -> str:
    return word if shlex.quote(word) == word else f'"{word}"'

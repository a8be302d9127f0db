"""LightGBM's own text of a booster: how many leaves its trees have, and back again."""

import re

import lightgbm

__all__ = ["booster_of", "leaf_counts"]

# Written of columns with categories, and not read.
UNREADABLE = re.compile(r"^\[categorical_feature: .*\]\n", flags=re.MULTILINE)


def leaf_counts(text: str) -> list[int]:
    """Return the number of leaves of each tree; LightGBM's JSON breaks on odd column names."""
    return [int(n) for n in re.findall(r"^num_leaves=(\d+)$", text, re.MULTILINE)]


def booster_of(text: str) -> lightgbm.Booster:
    """Return the booster of a text, without the line of it that LightGBM itself cannot read."""
    return lightgbm.Booster(model_str=UNREADABLE.sub("", text))

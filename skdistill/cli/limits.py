"""What ``--budget``, ``--within`` and ``--max-time`` mean: limits with their units."""

import argparse
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["budget", "seconds", "within"]

_TIMES = {"us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}
_SIZES = {"b": 1e-3, "kb": 1.0, "mb": 1e3, "gb": 1e6}
# By the name on the command line: that of the search, and what a unit is worth in its.
_KEYS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "latency": ("latency_us", _TIMES),
    "size": ("size_kb", _SIZES),
    "leaves": ("max_leaves", {"": 1.0}),
}
_EXAMPLE = "latency<200us,size<50kB,leaves<=32,readable"
_LIMIT = re.compile(r"(?P<key>[^<=]+?)\s*<=?\s*(?P<number>[\d.]+(?:e[+-]?\d+)?)\s*(?P<unit>\S*)")


def budget(text: str) -> dict[str, Any]:
    """Return limits as the searches take them.

    Parameters
    ----------
    text : str
        As ``--budget`` has it.

    Raises
    ------
    argparse.ArgumentTypeError
        For a key or unit that is unknown or missing, no positive number, or a key given twice.

    Examples
    --------
    >>> budget("latency<0.2ms, size<=50kB")
    {'latency_us': 200.0, 'size_kb': 50.0}
    >>> budget("leaves<32,readable")
    {'max_leaves': 32.0, 'readable': True}
    """
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, value = ("readable", True) if part.strip() == "readable" else _limit(part.strip())
        if name in found:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is a second limit of its kind")
        found[name] = value
    return found


def _limit(part: str) -> tuple[str, float]:
    read = _LIMIT.fullmatch(part)
    if read is None or read["key"] not in _KEYS:
        raise argparse.ArgumentTypeError(
            f"expected limits such as {_EXAMPLE}, with some of {', '.join(_KEYS)}, readable, got "
            f"{part!r}"
        )
    name, units = _KEYS[read["key"]]
    unit = read["unit"].lower()
    if unit not in units:
        wanted = ", ".join(units) if unit not in units and "" not in units else "no unit"
        raise argparse.ArgumentTypeError(
            f"{part!r}: expected {wanted} after the number, got {read['unit']!r}"
        )
    value = _positive(read["number"], part)
    return name, value * units[unit]


def within(text: str) -> float:
    """Return how much worse a preferred student may be: ``1%`` or ``0.01``.

    Examples
    --------
    >>> within("1%"), within("0.02")
    (0.01, 0.02)
    """
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    value = _positive(number, text)
    return value / 100 if percent else value


def seconds(text: str) -> float:
    """Return a number of seconds.

    Examples
    --------
    >>> seconds("300"), seconds("300s")
    (300.0, 300.0)
    """
    return _positive(text.strip().removesuffix("s"), text)


def _positive(number: str, text: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return value

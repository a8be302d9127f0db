"""The rows of `benchmarks.suite` as ratios, ranks, shares of the lead, and paired tests."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.ratios import HARM, geometric_mean

__all__ = [
    "CELL",
    "LEAD",
    "by",
    "cliques",
    "counted",
    "lead_kept",
    "mean_ranks",
    "nemenyi_distance",
    "paired",
    "ratios",
    "sizes",
    "summary",
    "times",
]

LEAD = 0.98  # the teacher's log-loss over the direct student's, below which it has a lead to keep
ALPHA = 0.05
TESTED = 6  # sets; of fewer the Wilcoxon test cannot reach 0.05
CELL = ["data", "seed", "teacher", "student"]


def ratios(frame: pd.DataFrame, over: str = "direct") -> pd.DataFrame:
    """Return log-loss over the direct student's: one line per cell, one column per method.

    Parameters
    ----------
    frame : DataFrame
        The raw rows.
    over : str, default="direct"
        The method that the others are compared with; cells without it are left out.
    """
    wide = frame.pivot_table("log_loss", CELL, "method")
    if "direct" not in wide:
        raise SystemExit(
            "no cell has the direct student, which all others are compared with: run "
            "the suite's own methods on these cells first, into the same folder."
        )
    return wide.div(wide[over], axis=0).dropna(subset=over)


def sizes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return bytes over the direct student's, as `ratios` does; empty where none are known."""
    wide = frame.pivot_table("size", CELL, "method")
    if "direct" not in wide:
        return wide.iloc[:0]
    return wide.div(wide["direct"], axis=0).dropna(subset="direct")


def times(frame: pd.DataFrame) -> pd.Series:
    """Return the median over cells of the seconds to fit, by method; the teacher's not in it."""
    own = frame[frame["method"] != "teacher"]
    return own.groupby("method")["seconds"].median()


def lead_kept(ratio: pd.DataFrame, over: str = "direct") -> pd.DataFrame:
    """Return (direct - method) / (direct - teacher) of the cells in which the teacher leads.

    Parameters
    ----------
    ratio : DataFrame
        Of `ratios`, the column "teacher" among them.
    over : str, default="direct"
        The direct student that the ratios are over.

    Returns
    -------
    kept : DataFrame
        One line per cell in which the teacher's log-loss is below `LEAD` of the direct student's;
        1 where a student is as good as its teacher, 0 where it is as good as without one.
    """
    if "teacher" not in ratio:
        return ratio.iloc[:0]
    led = ratio[ratio["teacher"] < LEAD]
    return (1.0 - led).div(1.0 - led["teacher"], axis=0).drop(columns=[over, "teacher"])


def mean_ranks(ratio: pd.DataFrame) -> tuple[pd.Series, int]:
    """Return the mean rank of each method, best first, and the number of sets.

    Methods are ranked by log-loss within each cell that all were measured in; ranks are averaged
    within a data set, then over the sets, since the cells of one set are not independent. Methods
    for some students only have no rank.
    """
    ratio = ratio.drop(columns="teacher", errors="ignore")
    for_all = ratio.notna().groupby("student").any().all()
    students = ratio.loc[:, for_all].dropna()
    per_set = students.rank(axis=1).groupby("data").mean()
    return per_set.mean().dropna().sort_values(), len(per_set)  # NaN: no such cell


def nemenyi_distance(n_methods: int, n_sets: int, alpha: float = ALPHA) -> float:
    """Return by how much two mean ranks must differ to be told apart.

    ``q sqrt(k (k + 1) / (6 N))`` with `q` the quantile of the studentised range over sqrt(2)
    (Demsar, Journal of Machine Learning Research 7, 2006).

    Examples
    --------
    >>> round(nemenyi_distance(5, 30), 3)
    1.114
    """
    quantile = stats.studentized_range.ppf(1.0 - alpha, n_methods, np.inf) / np.sqrt(2.0)
    return float(quantile * np.sqrt(n_methods * (n_methods + 1) / (6.0 * n_sets)))


def cliques(ranks: pd.Series, distance: float) -> list[tuple[str, ...]]:
    """Return the largest runs of methods, two or more, whose ranks are within the distance.

    Examples
    --------
    >>> cliques(pd.Series({"a": 1.0, "b": 1.5, "c": 2.2}), 1.0)
    [('a', 'b'), ('b', 'c')]
    """
    runs: list[tuple[str, ...]] = []
    reached = 0
    for start, rank in enumerate(ranks):
        end = int((ranks <= rank + distance).sum())
        if end > reached and end - start > 1:
            runs.append(tuple(ranks.index[start:end]))
        reached = max(reached, end)
    return runs


def summary(
    ratio: pd.DataFrame,
    seconds: pd.Series | None = None,
    size: pd.DataFrame | None = None,
    over: str = "direct",
) -> pd.DataFrame:
    """Return one line per method, the direct student's among them.

    Parameters
    ----------
    ratio : DataFrame
        Of `ratios`.
    seconds : Series, optional
        Of `times`.
    size : DataFrame, optional
        Of `sizes`; without a single one there is no such column.
    over : str, default="direct"
        The direct student that the ratios are over.
    """
    ranks, kept = mean_ranks(ratio)[0], lead_kept(ratio, over).assign(**{over: 0.0})
    bytes_ = {} if size is None else {m: geometric_mean(size[m].dropna()) for m in size}
    lines = []
    for method in ratio.columns:
        values = ratio[method].dropna()
        if values.empty:
            continue
        lines.append(
            {
                "method": method,
                "geometric mean": f"{geometric_mean(values):.4f}",
                "worst": f"{values.max():.3f}",
                f"at most {HARM}": f"{(values <= HARM).mean():.1%}",
                "won / tied / lost": counted(values),
                "p": _shown(_p_value(np.log(values)), ".3f"),
                "mean rank": _shown(ranks.get(method), ".2f"),
                "lead kept": _shown(kept[method].median() if method in kept else None, ".0%"),
                **({"size": _shown(bytes_.get(method), ".2f")} if bytes_ else {}),
                "seconds": _shown((seconds if seconds is not None else {}).get(method), ".2f"),
                "cells": str(len(values)),
            }
        )
    return pd.DataFrame(lines).sort_values("geometric mean").reset_index(drop=True)


def counted(values: pd.Series) -> str:
    """Return in how many cells a ratio is a gain, neither, and a loss."""
    won, lost = int((values < 2 - HARM).sum()), int((values > HARM).sum())
    return f"{won} / {len(values) - won - lost} / {lost}"


def paired(ratio: pd.DataFrame, method: str, others: Iterable[str]) -> pd.DataFrame:
    """Return one line per other method: the first one's log-loss over the other's, and the test.

    Of the cells in which both were measured. No p-value with fewer than six sets.
    """
    lines = []
    for other in others:
        both = ratio[[method, other]].dropna()
        if both.empty:
            continue
        values = both[method] / both[other]
        lines.append(
            {
                "method": method,
                "against": other,
                "geometric mean": f"{geometric_mean(values):.4f}",
                "worst": f"{values.max():.3f}",
                "won / tied / lost": counted(values),
                "p": _shown(_p_value(np.log(values)), ".3f"),
                "sets": str(values.index.get_level_values("data").nunique()),
                "cells": str(len(values)),
            }
        )
    return pd.DataFrame(lines)


def _p_value(logarithms: pd.Series) -> float | None:
    """Return the Wilcoxon test over sets, each the mean of its cells; None of too few sets."""
    per_set = logarithms.groupby("data").mean()
    if len(per_set) < TESTED or not per_set.any():
        return None
    return float(stats.wilcoxon(per_set).pvalue)


def by(ratio: pd.DataFrame, level: str, over: str = "direct") -> pd.DataFrame:
    """Return the geometric mean and the worst cell per method, split by a part of the cell."""
    shown = {}
    for key, part in ratio.groupby(level=level):
        shown[key] = [
            ""
            if part[m].isna().all()
            else f"{geometric_mean(part[m].dropna()):.3f} / {part[m].max():.3f}"
            for m in part.columns
        ]
    table = pd.DataFrame(shown, index=ratio.columns).drop(index=over)
    return table.rename_axis("method").reset_index()


def _shown(value: float | None, style: str) -> str:
    return "" if value is None or np.isnan(value) else format(value, style)

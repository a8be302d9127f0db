"""The rows of `benchmarks.regression` as ratios, in short, and its page."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.ratios import HARM, geometric_mean, in_short
from benchmarks.results import Page
from skdistill.choosing.strength import Reading

__all__ = [
    "CHOSEN_ON",
    "JUDGED_ON",
    "MARKS",
    "bars",
    "costs",
    "page_of",
    "ratios",
    "rules",
    "summary",
]

CHOSEN_ON = ("friedman1", "friedman2_heavy", "friedman3_noisy", "linear", "counts", "amounts")
JUDGED_ON = (
    "abalone", "california_housing", "diamonds", "wine_quality", "friedman1_noisy",
    "friedman1_clean", "friedman2", "friedman2_clean", "friedman3", "linear_dense", "counts_rare",
    "amounts_noisy",
)  # fmt: skip
KINDS = {  # of the tables that judge
    **dict.fromkeys(
        ("abalone", "california_housing", "diabetes", "diamonds", "wine_quality"), "real"
    ),
    **dict.fromkeys(("friedman1_clean", "friedman2_clean"), "functions without noise"),
    **dict.fromkeys(("counts_rare", "amounts_noisy"), "claims that are mostly chance"),
}
OTHER_KIND = "functions with noise"
MARKS = (0.0, 0.25, 0.5, 0.75)  # strengths that the page interpolates between, with 1
Part = Callable[[float, float], float]
Pick = Callable[[list[float]], float]
CELL = ["data", "n_rows", "seed", "teacher", "student"]
TUNED = "direct, tuned"
COSTED = {"nodes": "nodes", "size": "bytes", "microseconds": "latency", "seconds": "seconds to fit"}
MADE_TOO = "honest, synthetic"
TITLES = {
    "distilled": "defaults", "distilled, tuned": "tuned student", "honest": "honest",
    MADE_TOO: MADE_TOO,
}  # fmt: skip
DEVELOPMENT = "Tables the rule was chosen on"
TEACHERS = {
    "lightgbm": "LightGBM of 300 trees",
    "forest": "a forest of 500",
    "stack": "a stack of that LightGBM and a forest of 200",
}
COMPARED = (  # a column's name, and whose loss is over whose
    ("defaults / direct", "distilled", "direct"),
    ("defaults / tuned direct", "distilled", TUNED),
    ("tuned student / tuned direct", "distilled, tuned", TUNED),
    ("honest / tuned direct", "honest", TUNED),
    ("honest, synthetic / tuned direct", MADE_TOO, TUNED),
)
BARS = (  # what was asked for before it was measured: mean, worst, share not harmed
    ("the honest choice over the tuned direct student", "honest", 0.98, 1.01, 0.97),
    ("the honest choice with synthetic rows over it", MADE_TOO, 0.98, 1.01, 0.97),
    ("the defaults over the tuned direct student", "distilled", 0.985, 1.03, 0.92),
    ("the defaults with the tuned student, over it", "distilled, tuned", 0.985, 1.03, 0.92),
)
ABOUT = (
    (
        "Test loss over that of the same student trained directly: geometric mean / worst cell / "
        f"share of cells of at most {HARM}. The loss is the root of the mean squared error; of "
        "counts (rates, with the exposure as weight) and amounts it is the Poisson or the Gamma "
        "deviance."
    ),
    (
        "*Direct* has its library's settings. *Tuned direct* has the best of three to six "
        "settings that keep its size (learning rates from .02 to .4 and 5 or 20 rows a leaf; 1 "
        "to 20 rows a leaf; half of the features a split; penalties; 100 or 300 epochs), chosen "
        "by five folds of the training rows. *Defaults* is `DistilledRegressor` with the student "
        "as its library has it; *tuned student* the same with the settings that the search for "
        "the direct student has found; *honest* is `DistilledRegressorCV`, which tries the same "
        "settings, "
        "distilled at strengths 0, .25, .5 and .75 and directly, on the same folds, and trains "
        "directly where its verdict is doubtful; *synthetic* tries each of them with "
        '``synthetics=(None, "munge")``, four made-up rows for each labelled one.'
    ),
)
KIND = (
    "Of the claims that are mostly chance next to nothing can be explained; what a student gains "
    "there it gains by saying less, down to the same number for all rows."
)
COSTS = (
    "Geometric mean over the tuned direct student's: nodes of its trees, bytes of its pickle, "
    "seconds to predict a thousand rows at once (on a machine that had other work, too); "
    "median seconds to fit, without the teacher."
)
VERDICT = (
    "What `DistilledRegressorCV` said of the student, and what became of it on the test rows. "
    "*Direct* is the share of cells in which it trained the student directly after all."
)
RULES_ABOUT = (
    "What else could have been made of the same ingredients, over the same student trained "
    "directly, with default (*direct*) and with tuned settings: test losses between the strengths "
    "0, .25, .5, .75 and 1 are interpolated. The bias that is presumed of the teacher is a share "
    "of what it explains; as in classification it would be one of all there is to explain. *Best* "
    "is the best of five strengths, chosen on the test rows, for comparison only."
)


def ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the test losses, one line per cell, one column per method; incomplete cells left out.

    Those without the row of `MADE_TOO` stay: it was not measured on the tables chosen on.

    Parameters
    ----------
    frame : DataFrame
        The raw rows.
    """
    wide = frame.pivot_table("loss", CELL, "method", sort=False)
    return wide.dropna(subset=[name for name in wide if name != MADE_TOO])


def summary(wide: pd.DataFrame, level: str = "student") -> pd.DataFrame:
    """Return a line per student (teacher, table, kind of table), and one for all.

    Parameters
    ----------
    wide : DataFrame
        Of `ratios`.
    level : {"student", "teacher", "data", "kind"}, default="student"
        What a line is of.
    """
    lines = []
    names = wide.index.get_level_values("data" if level == "kind" else level)
    if level == "kind":
        names = names.map(lambda name: KINDS.get(name, OTHER_KIND))
    for name, part in [*wide.groupby(names, sort=False), ("all", wide)]:
        line: dict[str, Any] = {level: name, "cells": len(part)}
        known = [each for each in COMPARED if len(part[each[1]].dropna())]
        line |= {title: in_short((part[own] / part[other]).dropna()) for title, own, other in known}
        for title, own in (("tuned direct / direct", TUNED), ("teacher / direct", "teacher")):
            line[title] = f"{geometric_mean(part[own] / part['direct']):.3f}"
        lines.append(line)
    return pd.DataFrame(lines)


def bars(wide: pd.DataFrame) -> str:
    """Return a sentence for each bar: what was asked for, what came, and whether that is enough."""
    sentences = []
    for title, method, mean, worst, share in BARS:
        ratio = (wide[method] / wide[TUNED]).dropna()
        reached = [
            round(geometric_mean(ratio), 3) <= mean,
            round(float(ratio.max()), 3) <= worst,
            float(np.mean(ratio <= HARM)) >= share,
        ]
        word = "met" if all(reached) else "missed"
        sentences.append(
            f"{title}: {in_short(ratio)}, asked for {mean:g} / {worst:g} / {share:.0%} ({word})"
        )
    return f"Bars set beforehand. {'; '.join(sentences)}."


def costs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what students cost over the tuned direct one, a line per student and method."""
    lines = []
    for student, own in frame.groupby("student", sort=False):
        wide = {name: own.pivot_table(name, CELL, "method", sort=False) for name in COSTED}
        for method, title in TITLES.items():
            line: dict[str, Any] = {"student": student, "trained": title}
            for name in ("nodes", "size", "microseconds"):
                ratio = _over_tuned(wide[name], method)
                line[COSTED[name]] = f"{geometric_mean(ratio):.2f}" if len(ratio) else ""
            line[COSTED["seconds"]] = f"{wide['seconds'][method].median():.2g}"
            lines.append(line)
    return pd.DataFrame(lines)


def _over_tuned(wide: pd.DataFrame, method: str) -> pd.Series:
    """Return the ratios that are known; none of what no student of the kind has."""
    known = method in wide and TUNED in wide
    return (wide[method] / wide[TUNED]).dropna() if known else pd.Series(dtype=float)


def verdicts(frame: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    """Return a line per outcome of the verdict."""
    honest = frame[frame["method"] == "honest"].set_index(CELL).loc[wide.index]
    notes = pd.DataFrame([json.loads(note) for note in honest["note"]], index=honest.index)
    ratio = wide["honest"] / wide[TUNED]
    return pd.DataFrame(
        {
            "verdict": outcome,
            "cells": len(part),
            "direct": f"{np.mean(part['fitted'] == 'direct'):.0%}",
            "honest / tuned direct": in_short(ratio[part.index]),
        }
        for outcome, part in notes.groupby("outcome")
    )


def rules(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what other rules of the strength would have done, by interpolation."""
    loss = frame.set_index([*CELL, "method"])["loss"]
    columns = {}
    for method, base in (("distilled", "direct"), ("distilled, tuned", TUNED)):
        own = frame[frame["method"] == method]
        seen = [json.loads(note) for note in own["note"]]
        direct = [loss[(*key, base)] for key in own[CELL].itertuples(index=False)]
        columns[base] = {
            name: in_short(
                np.array(
                    [
                        _between(rule(each), [*each["at"], ended]) / ended
                        for each, ended in zip(seen, direct, strict=True)
                    ]
                )
            )
            for name, rule in RULES.items()
        }
        best = [min(*each["at"], d) / d for each, d in zip(seen, direct, strict=True)]
        columns[base]["best"] = in_short(np.array(best))
    return pd.DataFrame(columns).rename_axis("rule").reset_index()


def _between(strength: float, losses: list[float]) -> float:
    return float(np.interp(strength, [*MARKS, 1.0], losses))


def _rule(share: float, part: Part, pick: Pick = max, only: str = "") -> Callable[..., float]:
    """Return a rule: how much bias it presumes, and what it makes of the measures' strengths."""

    def strength(seen: dict[str, Any]) -> float:
        found = []
        for name, (teacher, student, noise) in seen["readings"].items():
            presumed = min(share * seen["share"] * max(0.0, part(seen["whole"], teacher)), teacher)
            if only in name:
                found.append(Reading(teacher, student, noise, presumed).strength)
        return pick(found)

    return strength


def _all(whole: float, teacher: float) -> float:
    return whole


def _explained(whole: float, teacher: float) -> float:
    return whole - teacher


SHIPPED = _rule(1.0, _explained)
RULES = {
    "shipped": SHIPPED,
    "half of that bias": _rule(0.5, _explained),
    "bias as in classification": _rule(1.0, _all),
    "half of that": _rule(0.5, _all),
    "a quarter of that": _rule(0.25, _all),
    "no bias": _rule(0.0, _all),
    "the mean of both measures": _rule(1.0, _explained, lambda found: sum(found) / len(found)),
    "movement alone": _rule(1.0, _explained, only="movement"),
    "dispersion alone": _rule(1.0, _explained, only="dispersion"),
    "always .5": lambda _: 0.5,
    "always .75": lambda _: 0.75,
}


def page_of(
    frame: pd.DataFrame, command: str, measured: tuple[str, str]
) -> tuple[Page, list[tuple[str, pd.DataFrame]]]:
    """Return the page and its tables with their headings.

    Parameters
    ----------
    frame : DataFrame
        The raw rows.
    command : str
        That makes the page.
    measured : (str, str)
        First and last day.
    """
    every = ratios(frame)
    level = every.index.get_level_values("data")
    judged, chosen = every[level.isin(JUDGED_ON)], every[level.isin(CHOSEN_ON)]
    main = judged if len(judged) else every
    shown = frame[frame["data"].isin(main.index.get_level_values("data"))]
    tables = [("", summary(main))]
    tables += [
        ("By teacher", summary(main, "teacher")),
        ("By kind of table", summary(main, "kind")),
        ("By table", summary(main, "data")),
    ]
    if len(chosen) and len(judged):
        tables.append((DEVELOPMENT, summary(chosen)))
    tables += [("What it costs", costs(shown)), ("Verdicts", verdicts(shown, main))]
    for heading, names in (("Rules", JUDGED_ON), (f"Rules: {DEVELOPMENT}", CHOSEN_ON)):
        part = frame[frame["data"].isin(names)]
        if len(part):
            tables.append((heading, rules(part)))
    rows = " and ".join(f"{each:,}" for each in sorted(main.index.unique("n_rows")))
    taught = [
        f"{TEACHERS[name]} ({', '.join(part.index.unique('data'))})"
        for name, part in main.groupby(level="teacher", sort=False)
    ]
    cells = (
        f"{len(main)} cells: {len(main.index.unique('data'))} tables, {rows} training rows (or 70% "
        f"of a smaller table), {len(main.index.unique('seed'))} split. Teachers: "
        f"{'; '.join(taught)}."
    )
    page = Page(
        name="regression",
        title="Distilled regressors against direct and tuned direct ones",
        command=command,
        about=(*ABOUT, cells, bars(main)),
        measured=measured,
        texts={
            "By kind of table": KIND,
            "What it costs": COSTS,
            "Verdicts": VERDICT,
            "Rules": RULES_ABOUT,
        },
    )
    return page, tables

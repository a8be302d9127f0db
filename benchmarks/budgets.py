"""``python -m benchmarks.budgets``: ``students="auto"`` within a budget, and a search by hand.

A data scientist has microseconds a row to spend. One call of `DistilledClassifierCV` over the whole
catalogue takes so many seconds, its teachers' fits among them. The other searches by hand: grids
over the same kinds of student, trained on the labels, in random order until as many seconds are
over, with the same folds, the best loss of those that are fast enough. Both are judged on test rows
that neither saw.
"""

import argparse
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid, cross_validate, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.ratios import HARM, floored_log_loss, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.suite import N_TEST, teachers
from skdistill import DistilledClassifierCV
from skdistill._ground.costs import latency
from skdistill.teaching.folds import make_folds

__all__ = ["Plan", "Tried", "best_within", "by_hand", "hand_made", "main", "table_of"]

SETS = ("adult", "magic", "wine_quality", "churn")
BUDGETS = (100.0, 200.0, 400.0)  # microseconds a row
ROWS, N_FOLDS = 4000, 5
KEY = ("data", "seed", "budget")
MICRO = 1e6
Floats = NDArray[np.floating[Any]]
ABOUT = f"""\
Test log-loss (probabilities below .001 count as .001) within a budget of microseconds to predict
one row. *One call*: ``DistilledClassifierCV(teacher, "auto", settings="auto",
student_calibration="temperature")``, then ``best_under(latency_us=...)``; the teacher is a soft
vote of LightGBM and two forests. *By hand*: grids over trees, logistic regression, forests of 10,
LightGBM and small networks, in random order for as many seconds, teachers' fits included, or until
all {{n_grid}} are tried, on the same folds; then the best that is fast enough, fitted to all rows.
{{rows}} training rows, test rows up to {N_TEST:,}. At least as good: a ratio of at most {HARM}."""


@dataclass(frozen=True)
class Row:
    """What both found within a budget."""

    data: str
    seed: int
    budget: float
    called: str
    call_loss: float
    call_us: float
    by_hand: str
    hand_loss: float
    hand_us: float
    teacher: float
    seconds: float
    n_tried: int


@dataclass(frozen=True)
class Plan:
    """What both sides have to work with; `settings` are those of the one call."""

    teacher: Any
    by_hand: Sequence[Any]
    budgets: Sequence[float] = BUDGETS
    settings: str | None = "auto"


@dataclass(frozen=True)
class Tried:
    """A student that was tried by hand: its loss on the folds, microseconds a row."""

    model: Any
    loss: float
    latency_us: float


def hand_made() -> list[Any]:
    """Return the students of the grids, as one writes them without this package."""
    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    network = make_pipeline(StandardScaler(), MLPClassifier(early_stopping=True, random_state=0))
    grids: list[tuple[Any, dict[str, list[Any]]]] = [
        (
            DecisionTreeClassifier(random_state=0),
            {"max_leaf_nodes": [4, 8, 16, 32, 64, 128, 256], "min_samples_leaf": [1, 5, 20, 50]},
        ),
        (line, {"logisticregression__C": [0.01, 0.1, 1.0, 10.0, 100.0]}),
        (
            RandomForestClassifier(10, random_state=0),
            {"min_samples_leaf": [1, 3, 10, 30], "max_features": ["sqrt", 0.5]},
        ),
        (
            LGBMClassifier(verbose=-1, n_jobs=1),
            {
                "n_estimators": [20, 50, 100, 200],
                "num_leaves": [8, 15, 31],
                "learning_rate": [0.03, 0.1, 0.3],
                "min_child_samples": [20, 60],
            },
        ),
        (
            network,
            {
                "mlpclassifier__hidden_layer_sizes": [(32,), (100,), (64, 32)],
                "mlpclassifier__alpha": [1e-4, 1e-2, 1.0],
            },
        ),
    ]
    return [
        clone(model).set_params(**each) for model, grid in grids for each in ParameterGrid(grid)
    ]


def by_hand(
    models: Sequence[Any], X: Floats, y: NDArray[Any], splits: Any, seconds: float, seed: int
) -> list[Tried]:
    """Try students in random order until the seconds are over, one of them at least."""
    start, found = time.perf_counter(), []
    for number in np.random.default_rng(seed).permutation(len(models)):
        model = models[number]
        said = cross_validate(model, X, y, cv=splits, scoring=negative_loss, return_estimator=True)
        first = said["estimator"][0]
        found.append(Tried(model, -float(said["test_score"].mean()), microseconds(first, X)))
        if time.perf_counter() - start > seconds:
            break
    return found


def best_within(tried: Sequence[Tried], limit: float) -> Tried:
    """Return the student of the least loss that is fast enough; the fastest where none is."""
    fast = [each for each in tried if each.latency_us <= limit]
    if not fast:
        return min(tried, key=lambda each: each.latency_us)
    return min(fast, key=lambda each: each.loss)


def microseconds(model: Any, X: Floats) -> float:
    """Return how long a fitted model takes for a row."""
    return MICRO * latency(model.predict_proba, X, n_rows=1, budget=0.05).median


def negative_loss(model: Any, X: Floats, y: NDArray[Any]) -> float:
    """Return the score that the grids are searched by."""
    return -floored_log_loss(np.searchsorted(model.classes_, y), model.predict_proba(X))


def measure(name: str, seed: int, plan: Plan, rows: int) -> Iterator[Row]:
    """Yield the rows of one set and seed: one search of each side for all budgets."""
    X, y = load(name)
    n_train = min(rows, int(0.7 * len(y)))
    split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    X_train, X_test = encode(*split[:2])
    y_train = split[2]
    X_test, y_test = X_test[:N_TEST], split[3][:N_TEST]
    splits = list(make_folds(N_FOLDS, X_train, y_train, random_state=seed).splits)

    start = time.perf_counter()
    search = DistilledClassifierCV(
        clone(plan.teacher),
        "auto",
        cv=splits,
        settings=plan.settings,
        strengths=(0.0, 0.5, 1.0),
        calibrations=("sigmoid",),
        student_calibration="temperature",
    ).fit(X_train, y_train)
    seconds = time.perf_counter() - start
    tried = by_hand(plan.by_hand, X_train, y_train, splits, seconds, seed)
    of_teacher = -negative_loss(clone(plan.teacher).fit(X_train, y_train), X_test, y_test)

    for budget in plan.budgets:
        called = search.best_under(latency_us=budget)
        chosen = best_within(tried, budget)
        fitted = clone(chosen.model).fit(X_train, y_train)
        yield Row(
            name,
            seed,
            budget,
            in_words(called.student_, called.strength_),
            -negative_loss(called, X_test, y_test),
            microseconds(called.student_, X_train),
            in_words(fitted),
            -negative_loss(fitted, X_test, y_test),
            microseconds(fitted, X_train),
            of_teacher,
            seconds,
            len(tried),
        )


def in_words(model: Any, strength: float | None = None) -> str:
    """Return what a student is, and whether a teacher taught it."""
    model = getattr(model, "student_", model)
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    shown = {
        name: value
        for name, value in last.get_params(deep=False).items()
        if name in ("n_estimators", "num_leaves", "max_leaf_nodes", "hidden_layer_sizes")
    }
    told = f"{type(last).__name__}({', '.join(f'{k}={v}' for k, v in shown.items())})"
    return told if strength is None else f"{told}, strength {strength:.2g}"


def table_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per set and budget."""
    table = frame.drop(columns=["measured"], errors="ignore")
    table.insert(3, "ratio", (frame["call_loss"] / frame["hand_loss"]).round(3))
    timed = ["call_us", "hand_us", "seconds"]
    table[timed] = table[timed].round().astype(int)
    names = {"call_loss": "one call", "hand_loss": "by hand", "budget": "budget, us"}
    return table.rename(columns=names)


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, {row.budget:g} us: {row.call_loss:.4f} ({row.called}, {row.call_us:.0f} us), "
        f"by hand {row.hand_loss:.4f} ({row.by_hand}, {row.hand_us:.0f} us; {row.n_tried} tried in "
        f"{row.seconds:.0f} s)"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budgets", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=ROWS, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    arguments = parser.parse_args(argv)
    plan = Plan(teachers()["ensemble"], hand_made())
    if arguments.quick:
        arguments.sets, arguments.rows = sorted(BUNDLED)[:1], 120
        plan = Plan(teachers()["lightgbm"], hand_made()[::12], (5000.0,), None)
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "budgets.csv", Row, KEY, fresh=fresh)
    warnings.simplefilter("ignore")  # short fits
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    wanted = [(name, seed) for name in arguments.sets for seed in seeds]
    wanted = [key for key in wanted if log.missing([(*key, budget) for budget in plan.budgets])]
    rows = (row for key in wanted for row in measure(*key, plan, arguments.rows))
    for row in progress(rows, len(wanted) * len(plan.budgets), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    ratio = (shown["call_loss"] / shown["hand_loss"]).to_numpy()
    as_good = f"At least as good in {np.sum(ratio <= HARM)} of {len(ratio)} budgets; one call over "
    sentence = f"{as_good}by hand (mean / worst / at most {HARM}): {in_short(ratio)}."
    table = table_of(shown)
    print(table.to_string(index=False), sentence, sep="\n")
    Page(
        name="budgets",
        title="A student within a budget, by one call and by hand",
        command=command_line("budgets", argv),
        about=(sentence, ABOUT.format(rows=f"{arguments.rows:,}", n_grid=len(hand_made()))),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()

"""``python -m benchmarks.equal_loss``: how small a model may be at the loss of a large booster.

Boosters of a dozen sizes are trained directly and distilled, and the large one is pruned level by
level (`benchmarks.level_pruning`). Each way's smallest model that is as good on the test rows is
shown, with its leaves, bytes and microseconds.
"""

import argparse
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from benchmarks.datasets import encode, load
from benchmarks.level_pruning import booster_like, n_leaves, prune, trees_of
from benchmarks.ratios import HARM, floored_log_loss, geometric_mean, lifted
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.suite import N_TEST, boosting, teachers
from skdistill import DistilledClassifier
from skdistill._ground.costs import latency
from skdistill.teaching.calibration import Scaling, calibrate
from skdistill.teaching.folds import make_folds

__all__ = ["Case", "Row", "main", "measure", "reached", "table_of"]

SETS = ("adult", "bank_marketing", "credit_default", "higgs", "magic")
LARGE = (200, 31)
SIZES = (
    (10, 4), (20, 4), (20, 8), (50, 4), (50, 8), (50, 15), (50, 31), (100, 8), (100, 15),
    (200, 8), (100, 31), (200, 15), LARGE,
)  # fmt: skip
RATES = (0.05, 0.1, 0.2)
PENALTIES = (3.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03)
DIRECT, DISTILLED, PRUNED = WAYS = "direct", "distilled", "pruned by levels"
KEY = ("data", "seed", "way", "size")
ROWS, HELD_OUT, TIMED = 4000, 0.2, 1000
MICRO, KILO = 1e6, 1e3
Floats = NDArray[np.float64]
ABOUT = f"""\
The smallest booster of each way whose test log-loss is at most {HARM} times that of LightGBM of 200
trees of 31 leaves, trained directly (*large*): its leaves, the kB of its text and of slim-trees,
and microseconds a row in a batch of {TIMED:,}. *None* stands where none of the sizes is as good.
*Direct* and *distilled*: {len(SIZES)} sizes from 10 trees of 4 leaves on. The teacher of the
distilled ones is a soft vote of LightGBM and two forests, out of fold, fitted to the same {{rows}}
rows. *Pruned by levels*: the large one after LOP (Devos and others, ICML 2025), at
{len(PENALTIES)} penalties. All ways alike have their learning rate (of
{", ".join(map(str, RATES))}) and a temperature from a fifth of the training rows, and are then
fitted to all of them."""
CURVES = "Test log-loss over that of *large*, by way and size; the geometric mean over sets."


@dataclass(frozen=True)
class Row:
    """One model of one way."""

    data: str
    seed: int
    way: str
    size: str
    log_loss: float
    leaves: int
    kilobytes: float
    slim: float  # kB of slim-trees, where it is installed
    microseconds: float


@dataclass(frozen=True)
class Case:
    """Training rows of a set with what the teacher says of them out of fold, and test rows."""

    X: Floats
    y: NDArray[Any]
    p: Floats
    X_test: Floats
    y_test: NDArray[Any]

    @classmethod
    def of(cls, name: str, seed: int, teacher: Any, rows: int) -> "Case":
        """Split a set, and ask the teachers of five folds."""
        X, y = load(name)
        n_train = min(rows, int(0.7 * len(y)))
        given = {"train_size": n_train, "stratify": y, "random_state": seed}
        X_train, X_test, y_train, y_test = train_test_split(X, y, **given)
        X_train, X_test = encode(X_train, X_test)
        y_train, y_test = (np.searchsorted(np.unique(y), each) for each in (y_train, y_test))
        splits = make_folds(5, X_train, y_train, random_state=seed).splits
        p = np.empty((len(y_train), 2))
        for train, test in splits:
            p[test] = (
                clone(teacher).fit(X_train[train], y_train[train]).predict_proba(X_train[test])
            )
        return cls(X_train, y_train, p, X_test[:N_TEST], y_test[:N_TEST])

    def parts(self, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows that settings are fitted on, and those that they are chosen by."""
        how = {"test_size": HELD_OUT, "stratify": self.y, "random_state": seed}
        fitted, chosen = train_test_split(np.arange(len(self.y)), **how)
        return fitted, chosen


def direct(case: Case, rows: NDArray[np.int64], student: Any) -> Any:
    """Return the booster of a student that is trained on labels."""
    return clone(student).fit(case.X[rows], case.y[rows]).booster_


def distilled(case: Case, rows: NDArray[np.int64], student: Any) -> Any:
    """Return the booster of a student that is distilled by the defaults."""
    model = DistilledClassifier(None, student, random_state=0)
    return model.fit(case.X[rows], case.y[rows], teacher_proba=case.p[rows]).student_.booster_


def pruned(booster: Any, case: Case, rows: NDArray[np.int64], penalty: float) -> Any:
    """Return a booster that is pruned on the rows that it was fitted to."""
    return booster_like(booster, prune(trees_of(booster), case.X[rows], case.y[rows], penalty))


def measure(name: str, seed: int, case: Case, sizes: Sequence[tuple[int, int]]) -> Iterator[Row]:
    """Yield a row for each way and size."""
    fitted, chosen = case.parts(seed)
    whole = np.arange(len(case.y))
    fits = {DIRECT: direct, DISTILLED: distilled}

    def row(way: str, size: str, booster: Any, held: Any) -> Row:
        power = _power(held.predict(case.X[chosen], raw_score=True), case.y[chosen])
        scores = power * booster.predict(case.X_test, raw_score=True)
        p = np.exp(-np.logaddexp(0.0, np.stack([scores, -scores], axis=1)))
        timed = latency(booster.predict, case.X_test, TIMED, budget=0.2).median
        leaves = sum(map(n_leaves, trees_of(booster)))
        kilobytes = len(booster.model_to_string()) / KILO
        loss = floored_log_loss(case.y_test, p)
        costs = kilobytes, _slim(booster), MICRO * timed / TIMED
        return Row(name, seed, way, size, loss, leaves, *costs)

    for trees, leaves in sizes:
        for way, fit in fits.items():
            rate, held = _best_rate(case, fitted, chosen, boosting(trees, leaves), fit)
            student = boosting(trees, leaves).set_params(learning_rate=rate)
            booster = fit(case, whole, student)
            yield row(way, f"{trees}x{leaves}", booster, held)
            if way == DIRECT and (trees, leaves) == sizes[-1]:
                large, large_held = booster, held
    for penalty in PENALTIES:
        held = pruned(large_held, case, fitted, penalty)
        yield row(PRUNED, f"C={penalty:g}", pruned(large, case, whole, penalty), held)


def _best_rate(
    case: Case,
    fitted: NDArray[np.int64],
    chosen: NDArray[np.int64],
    student: Any,
    fit: Callable[..., Any],
) -> tuple[float, Any]:
    """Return the learning rate of the least loss on the rows to choose by, and its booster."""
    found = []
    for rate in RATES:
        booster = fit(case, fitted, clone(student).set_params(learning_rate=rate))
        p = booster.predict(case.X[chosen])
        loss = floored_log_loss(case.y[chosen], np.stack([1.0 - p, p], axis=1))
        found.append((loss, rate, booster))
    _, rate, booster = min(found, key=lambda each: each[0])
    return rate, booster


def _slim(booster: Any) -> float:
    """Return the kB of a booster as slim-trees compresses it."""
    try:
        from slim_trees import dumps_lgbm_compressed
    except ImportError:
        return math.nan
    try:
        return len(dumps_lgbm_compressed(booster)) / KILO
    except AssertionError:  # version 0.2.15 reads no tree of a single leaf
        return math.nan


def _power(scores: Floats, y: NDArray[Any]) -> float:
    """Return what log-odds are multiplied by: one over a temperature."""
    p = np.exp(-np.logaddexp(0.0, np.stack([scores, -scores], axis=1)))
    found = calibrate("temperature", np.eye(2)[y], lifted(p))
    return float(found.slope) if isinstance(found, Scaling) else 1.0


def reached(frame: pd.DataFrame, large: pd.Series) -> pd.DataFrame:
    """Return of each set, seed and way the model of fewest leaves that is as good as the large one.

    Parameters
    ----------
    frame : DataFrame
        The raw rows.
    large : Series
        Its loss, by set and seed.
    """
    limit = HARM * large.reindex(pd.MultiIndex.from_frame(frame[["data", "seed"]])).to_numpy()
    good = frame[frame["log_loss"].to_numpy() <= limit]
    return good.sort_values("leaves").drop_duplicates(["data", "seed", "way"])


def table_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per set and seed."""
    size = f"{LARGE[0]}x{LARGE[1]}"
    first = frame[(frame["way"] == DIRECT) & (frame["size"] == size)]
    first = first.set_index(["data", "seed"])
    found = reached(frame, first["log_loss"]).set_index(["data", "seed", "way"])
    lines = []
    for key, large in first.iterrows():
        line: dict[str, Any] = {"data": key[0], "seed": key[1], "large": _in_short(large)}
        for way in WAYS:
            known = (*key, way) in found.index
            line[way] = _in_short(found.loc[(*key, way)]) if known else "none"
        lines.append(line)
    return pd.DataFrame(lines)


def _in_short(row: pd.Series) -> str:
    """Return leaves, kB, slim kB and microseconds, and which model it is."""
    sizes = f"{row['leaves']:,.0f} / {row['kilobytes']:.0f} / {row['slim']:.0f}"
    return f"{sizes} / {row['microseconds']:.1f} ({row['size']})"


def curves(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the loss over the large one's, by way and size."""
    size = f"{LARGE[0]}x{LARGE[1]}"
    large = frame[(frame["way"] == DIRECT) & (frame["size"] == size)]
    large = large.set_index(["data", "seed"])["log_loss"]
    over = (
        frame["log_loss"].to_numpy()
        / large.reindex(pd.MultiIndex.from_frame(frame[["data", "seed"]])).to_numpy()
    )
    lines = []
    for (way, each), part in frame.assign(over=over).groupby(["way", "size"], sort=False):
        line = {"way": way, "size": each, "leaves": round(part["leaves"].mean())}
        lines.append(line | {"loss over large": round(geometric_mean(part["over"].to_numpy()), 4)})
    return pd.DataFrame(lines)


def said(row: Row) -> str:
    """Return what a line of progress says."""
    return f"{row.data}, {row.way} {row.size}: {row.log_loss:.4f}, {row.leaves:,} leaves"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equal_loss", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=ROWS, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="of two classes")
    arguments = parser.parse_args(argv)
    teacher, sizes = teachers()["ensemble"], SIZES
    if arguments.quick:
        arguments.sets, arguments.rows = ["breast_cancer"], 300
        teacher, sizes = teachers()["lightgbm"], (SIZES[0], LARGE)
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "equal_loss.csv", Row, KEY, fresh=fresh)
    warnings.simplefilter("ignore")  # short fits
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    last = PRUNED, f"C={PENALTIES[-1]:g}"
    pairs = [(name, seed) for name in arguments.sets for seed in seeds]
    wanted = [pair for pair in pairs if (*pair, *last) not in log]
    rows = (
        row
        for pair in wanted
        for row in measure(*pair, Case.of(*pair, teacher, arguments.rows), sizes)
    )
    for row in progress(rows, len(wanted) * (2 * len(sizes) + len(PENALTIES)), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = table_of(shown)
    print(table.to_string(index=False))
    Page(
        name="equal_loss",
        title="How small a booster may be at the loss of a large one",
        command=command_line("equal_loss", argv),
        about=(ABOUT.format(rows=f"{arguments.rows:,}"),),
        measured=log.measured(shown),
        texts={"Curves": CURVES},
    ).write(folder, table, ("Curves", curves(shown)))


if __name__ == "__main__":
    main()

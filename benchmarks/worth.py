"""``python -m benchmarks.worth``: what distilling is worth in labelled rows, and how robust it is.

Two figures that nobody publishes. How many labelled rows would the direct student, tuned and
calibrated, need to be as good as the distilled one is with `ROWS` of them? And how far does the
test loss range over a student's settings, for those who do not tune at all?
"""

import argparse
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, train_test_split

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.methods import TeacherLabels
from benchmarks.ratios import floored_log_loss, geometric_mean, lifted
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.suite import N_TEST, students, teacher_labels
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.choosing.tuning import tuned_grid
from skdistill.teaching.calibration import calibrate

SETS = ("adult", "bank_marketing", "credit_default", "higgs", "magic")
ROWS = 4000
SIZES = (0.5, 1.0, 2.0, 4.0, 7.5)  # times ROWS, as far as a set has them
HELD_OUT = 0.2  # of the rows, to choose a setting and a temperature by
KEY = ("data", "seed", "student", "method", "setting")
TUNED, HONEST = "direct, tuned and calibrated", "honest, tuned and calibrated"
Floats = NDArray[np.floating[Any]]
Key = tuple[str, int, str]  # set, seed, student
ABOUT = f"""\
*Worth*: how many times the {ROWS:,} labelled rows the direct student needs to reach the test
log-loss of the distilled one, which had {ROWS:,}. The direct student is tuned (the settings of
``settings="auto"``) and calibrated (a temperature) on a fifth of its rows, then fitted to all.
Between two of the sizes in the last table its loss is taken as linear in the logarithm of the rows.
*More than* stands where all the rows of a set do not suffice, *less than* where half the rows do.
The distilled student is the honest choice of ``settings="auto"``, of the same settings; the teacher
is a soft vote of LightGBM and two forests, fitted to the same {ROWS:,} rows."""
ROBUST = """\
The worst of a student's settings over the best, by test log-loss: geometric mean over the sets, and
the worst set. *Distilled* is `DistilledClassifier` with its defaults at each of the settings. The
last column is the worst distilled setting over the best direct one."""


@dataclass(frozen=True)
class Row:
    """What one student made of its rows."""

    data: str
    seed: int
    student: str
    method: str
    n_rows: int
    setting: str
    log_loss: float
    teacher: float


@dataclass(frozen=True)
class Split:
    """Rows of one set; the first of the training rows are those that distil."""

    X: Floats
    y: NDArray[Any]
    X_test: Floats
    y_test: NDArray[Any]
    labels: TeacherLabels
    n_distilled: int

    @classmethod
    def of(cls, name: str, seed: int, arguments: argparse.Namespace) -> "Split":
        """Split a set as the suite does; the test rows are the same at every size."""
        X, y = load(name)
        n_train = min(arguments.rows, int(0.5 * len(y)))
        split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
        train, rest = encode(*split[:2])
        n_test = min(N_TEST, len(rest) // 2)
        labels = teacher_labels(
            name, seed, "ensemble", train, split[2], rest[:N_TEST], arguments
        )  # fmt: skip
        return cls(
            np.concatenate([train, rest[n_test:]]),
            np.concatenate([split[2], split[3][n_test:]]),
            rest[:n_test],
            split[3][:n_test],
            labels,
            n_train,
        )

    def loss(self, p: Floats) -> float:
        """Return the log-loss of probabilities of the test rows."""
        return floored_log_loss(np.searchsorted(np.unique(self.y), self.y_test), p)

    def sizes(self) -> list[int]:
        """Return the numbers of rows to train a direct student on."""
        wanted = [int(self.n_distilled * size) for size in SIZES]
        return sorted({min(size, len(self.y)) for size in wanted})


def settings(student: Any) -> list[dict[str, Any]]:
    """Return the settings that ``settings="auto"`` tries."""
    return list(ParameterGrid(tuned_grid(student)))


def direct(split: Split, student: Any, n_rows: int) -> Floats:
    """Return test probabilities of a direct student tuned and calibrated on its own rows."""
    X, y = split.X[:n_rows], split.y[:n_rows]
    parts = train_test_split(X, y, test_size=HELD_OUT, stratify=y, random_state=0)
    codes = np.searchsorted(np.unique(y), parts[3])

    def held_out(setting: dict[str, Any]) -> Floats:
        model = clone(student).set_params(**setting).fit(parts[0], parts[2])
        return lifted(model.predict_proba(parts[1]))

    tried = [(setting, held_out(setting)) for setting in settings(student)]
    best, said = min(tried, key=lambda each: floored_log_loss(codes, each[1]))
    cooled = calibrate("temperature", np.eye(said.shape[1])[codes], said)
    model = clone(student).set_params(**best).fit(X, y)
    return np.asarray(cooled.transform(lifted(model.predict_proba(split.X_test))))


def measure(wanted: Iterable[Key], arguments: argparse.Namespace) -> Iterator[list[Row]]:
    """Yield the rows of each cell; the teachers of a split are fitted once for all students."""
    for (name, seed), keys in groupby(wanted, key=lambda key: key[:2]):
        split = Split.of(name, seed, arguments)
        for key in keys:
            yield list(of_cell(key, split, students()[key[2]]))


def of_cell(key: Key, split: Split, student: Any) -> Iterator[Row]:
    """Yield the rows of one student: each setting of both sides, then both sides at their best."""
    n, labels = split.n_distilled, split.labels
    X, y = split.X[:n], split.y[:n]
    teacher = split.loss(labels.test[: len(split.y_test)])

    def row(method: str, n_rows: int, setting: str, p: Floats) -> Row:
        return Row(*key, method, n_rows, setting, split.loss(p), teacher)

    for setting in settings(student):
        model = clone(student).set_params(**setting)
        name = "; ".join(f"{k.split('__')[-1]} {v}" for k, v in setting.items())
        yield row("direct", n, name, clone(model).fit(X, y).predict_proba(split.X_test))
        found = DistilledClassifier(None, model, cv=labels.splits)
        found.fit(X, y, teacher_proba=labels.out_of_fold)
        yield row("distilled", n, name, found.predict_proba(split.X_test))
    for size in split.sizes():
        yield row(TUNED, size, f"{size} rows", direct(split, student, size))
    search = DistilledClassifierCV(
        None,
        student,
        cv=labels.splits,
        settings="auto",
        student_calibration="temperature",
        strengths=(0.0, 0.5, 1.0),
        calibrations=("sigmoid",),
    )
    search.fit(X, y, teacher_proba=labels.out_of_fold, pool_proba=labels.pool)
    yield row(HONEST, n, "", search.predict_proba(split.X_test))


def worth(sizes: Sequence[int], losses: Sequence[float], reached: float, n_rows: int) -> str:
    """Return how many times `n_rows` a learning curve needs to fall to a loss.

    Examples
    --------
    >>> worth([2000, 4000, 8000], [0.5, 0.4, 0.3], 0.35, 4000)
    '1.4'
    >>> worth([2000, 4000, 8000], [0.5, 0.4, 0.3], 0.29, 4000)
    'more than 2.0'
    >>> worth([2000, 4000, 8000], [0.5, 0.4, 0.3], 0.6, 4000)
    'less than 0.5'
    """
    at = int(np.argmax(np.asarray(losses) <= reached))
    if losses[at] > reached:
        return f"more than {sizes[-1] / n_rows:.1f}"
    if at == 0:
        return f"less than {sizes[0] / n_rows:.1f}"
    share = (losses[at - 1] - reached) / (losses[at - 1] - losses[at])
    apart = math.log(sizes[at] / sizes[at - 1])
    return f"{sizes[at - 1] * math.exp(share * apart) / n_rows:.1f}"


def worth_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per student, a column per set; several seeds stand beside each other."""
    found = [
        {"student": student, "data": name, "worth": _worth_of(part)}
        for (student, name, _), part in frame.groupby(["student", "data", "seed"], sort=False)
    ]
    table = pd.DataFrame(found).pivot_table(
        index="student", columns="data", values="worth", aggfunc=", ".join, sort=False
    )
    return table.reset_index()


def _worth_of(part: pd.DataFrame) -> str:
    curve = part[part["method"] == TUNED].sort_values("n_rows")
    distilled = part[part["method"] == HONEST].iloc[0]
    reached, n_rows = float(distilled["log_loss"]), int(distilled["n_rows"])
    return worth(list(curve["n_rows"]), list(curve["log_loss"]), reached, n_rows)


def loss_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the losses behind the first table: of direct students by size, and of the others."""
    index = ["data", "student"]
    curves = frame[frame["method"] == TUNED]
    table = curves.pivot_table(index=index, columns="n_rows", values="log_loss", sort=False)
    table = table[sorted(table.columns)].rename(columns="direct, {:,} rows".format)
    distilled = frame[frame["method"] == HONEST].groupby(index)
    table["distilled"] = distilled["log_loss"].mean()
    table["teacher"] = distilled["teacher"].mean()
    return table.reset_index()


def robustness_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how far the losses range over the settings of each student."""
    methods = ["direct", "distilled"]
    each = frame[frame["method"].isin(methods)]
    cell = ["student", "data", "seed"]
    found = each.pivot_table(
        index=cell, columns="method", values="log_loss", aggfunc=["min", "max", "size"], sort=False
    )
    lines = []
    for student, part in found.groupby(level="student", sort=False):
        of = {method: part["max"][method] / part["min"][method] for method in methods}
        worst = part["max"]["distilled"] / part["min"]["direct"]
        lines.append(
            {"student": student, "settings": int(part["size"]["direct"].iloc[0])}
            | {method: _mean_and_worst(ratio) for method, ratio in of.items()}
            | {"distilled over the best direct": _mean_and_worst(worst)}
        )
    return pd.DataFrame(lines)


def _mean_and_worst(ratio: pd.Series) -> str:
    return f"{geometric_mean(ratio.to_numpy()):.3f} / {ratio.max():.3f}"


def said(rows: Sequence[Row]) -> str:
    """Return the line that is printed of a cell."""
    last = rows[-1]
    same = next(row for row in rows if row.method == TUNED and row.n_rows == last.n_rows)
    ratio = last.log_loss / same.log_loss
    return f"{last.data}, seed {last.seed}, {last.student}: {ratio:.3f} of the tuned direct student"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worth", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=ROWS, help="labelled rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    every = list(students())
    parser.add_argument("--students", nargs="+", default=every, choices=every)
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows = sorted(BUNDLED)[:1], 200
        arguments.students = ["tree, 32 leaves"]
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "worth.csv", Row, KEY, fresh=fresh)
    warnings.simplefilter("ignore")  # short logistic fits
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    wanted = product(arguments.sets, seeds, arguments.students)
    missing = [key for key in wanted if (*key, HONEST, "") not in log]
    for rows in progress(measure(missing, arguments), len(missing), said):
        for row in rows:
            log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = worth_table(shown)
    print(table.to_string(index=False))
    robust = "How far the loss ranges over a student's settings"
    Page(
        name="worth",
        title="Worth in labels, and robustness",
        command=command_line("worth", argv),
        about=(ABOUT,),
        measured=log.measured(shown),
        texts={robust: ROBUST},
    ).write(
        folder,
        table,
        (robust, robustness_table(shown)),
        ("Test log-losses behind the first table", loss_table(shown)),
    )


if __name__ == "__main__":
    main()

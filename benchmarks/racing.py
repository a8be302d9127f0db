"""``python -m benchmarks.racing``: the same search with and without a race, side by side.

For every set and kind of student one search over its settings, strengths and calibrations, first
whole, then raced, in one process; the pool of teachers is fitted once before and given to both, so
that the seconds are those of the candidates. Judged on held-out rows that neither search saw.
"""

import argparse
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.model_selection import train_test_split

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.ratios import floored_log_loss
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.strength import sizes, students
from skdistill import DistilledClassifierCV

SETS = ("adult", "bank_marketing", "churn", "credit_default", "magic")
STUDENTS = ("tree, 32 leaves", "lightgbm 20x8")
N_TEST = 9000
ABOUT = """\
One search per set and student: ``settings="auto"``, five strengths, calibrations "sigmoid" and
"stacked", five folds, {rows} training rows, teacher LightGBM (100 trees). *times faster*: seconds
of the processor without a race over those with it, one after the other in one process, the pool of
teachers given to both; *fits*: students fitted. *same*: whether both searches chose the same
student with the same labels; *same setting*: the same student whatever its labels, both direct or
both distilled. *test*: log-loss of the chosen student on up to {test:,} held-out rows
(probabilities below .001 count as .001), raced less whole. *verdict*: the estimated difference to
the direct student, raced less whole: after a race both sides are chosen by the folds before the one
that judges them."""
Key = tuple[str, int, int, str]  # set, rows, seed, student


@dataclass(frozen=True)
class Row:
    """One search, whole and raced."""

    data: str
    n_rows: int
    seed: int
    student: str
    candidates: int
    whole_seconds: float
    raced_seconds: float
    whole_fits: int
    raced_fits: int
    same: int
    same_setting: int
    whole_loss: float
    raced_loss: float
    whole_verdict: float
    raced_verdict: float


def measure(keys: Iterable[Key]) -> Iterator[Row]:
    """Yield the row of each key."""
    for key in keys:
        name, n_rows, seed, student = key
        X, y = load(name)
        split = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=seed)
        X_train, X_test = encode(*split[:2])
        truth = np.searchsorted(np.unique(split[2]), split[3][:N_TEST])
        teacher = LGBMClassifier(n_estimators=100, num_leaves=15, verbose=-1, n_jobs=1)
        how: dict[str, Any] = {"settings": "auto", "random_state": seed}
        how["student_calibration"] = None  # a race has none
        pool = DistilledClassifierCV(
            teacher, students()[student], strengths=(0.0,), calibrations=(None,), random_state=seed
        ).fit(X_train, split[2])
        given = {"teacher_proba": pool.teacher_proba_, "pool_proba": pool.pool_proba_}
        found, seconds = [], []
        for racing in (False, True):
            search = DistilledClassifierCV(None, students()[student], racing=racing, **how)
            start = time.process_time()
            found.append(search.fit(X_train, split[2], **given))
            seconds.append(time.process_time() - start)
        params = [str(each.best_params_) for each in found]
        kinds = [(str(each.best_student_), each.verdict_.fitted) for each in found]
        losses = [floored_log_loss(truth, each.predict_proba(X_test[:N_TEST])) for each in found]
        yield Row(
            *key,
            len(found[0].cv_results_["params"]),
            *seconds,
            *(each.verdict_.n_student_fits for each in found),
            int(params[0] == params[1]),
            int(kinds[0] == kinds[1]),
            *losses,
            *(each.verdict_.difference for each in found),
        )


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per search, and one for all of them."""
    table = pd.DataFrame(
        {
            "data": frame["data"],
            "student": frame["student"],
            "candidates": frame["candidates"],
            "times faster": frame["whole_seconds"] / frame["raced_seconds"],
            "fits": frame["whole_fits"].astype(str) + " / " + frame["raced_fits"].astype(str),
            "same": frame["same"],
            "same setting": frame["same_setting"],
            "test": frame["raced_loss"] - frame["whole_loss"],
            "verdict": frame["raced_verdict"] - frame["whole_verdict"],
        }
    )
    total = {
        "data": "all",
        "student": "",
        "candidates": int(frame["candidates"].sum()),
        "times faster": frame["whole_seconds"].sum() / frame["raced_seconds"].sum(),
        "fits": f"{frame['whole_fits'].sum()} / {frame['raced_fits'].sum()}",
        "same": int(frame["same"].sum()),
        "same setting": int(frame["same_setting"].sum()),
        "test": table["test"].mean(),
        "verdict": table["verdict"].mean(),
    }
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, seed {row.seed}, {row.student}: {row.whole_seconds:.1f} s, raced "
        f"{row.raced_seconds:.1f} s; {row.whole_loss:.4f}, raced {row.raced_loss:.4f}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.racing", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=2500, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=list(students()))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows = sorted(BUNDLED)[:1], 300
        arguments.students = arguments.students[:1]
    folder = folder_of(arguments)
    key = ("data", "n_rows", "seed", "student")
    log = Log(folder / "raw" / "racing.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # rare classes
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    wanted = [
        each
        for name in arguments.sets
        for each in product([name], sizes(name, [arguments.rows]), seeds, arguments.students)
    ]
    missing = log.missing(wanted)
    for row in progress(measure(missing), len(missing), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    Page(
        name="racing",
        title="A raced search against a whole one",
        command=command_line("racing", argv),
        about=(ABOUT.format(rows=f"{arguments.rows:,}", test=N_TEST),),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()

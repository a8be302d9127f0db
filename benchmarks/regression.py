"""``python -m benchmarks.regression``: distilled regressors against direct and tuned direct ones.

For every table, seed, teacher and student: the student trained directly, with its default settings
and *tuned*; the defaults of `DistilledRegressor` with either; the honest choice,
`DistilledRegressorCV`, over the same settings, and over students with synthetic rows besides; and
the teacher. Both sides choose settings on the same five folds of the training rows: those of the
tuned student are the direct candidate's that scores best there. `benchmarks.regression_tables`
makes the page.
"""

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from benchmarks.numbers import NUMBERS, Split, split_numbers
from benchmarks.regression_learners import TEACHERS, Tried, students, teachers
from benchmarks.regression_tables import CHOSEN_ON, JUDGED_ON, MADE_TOO, MARKS, page_of
from benchmarks.results import Log, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill._ground.costs import count_parts, latency, size_bytes
from skdistill.choosing.strength import bias_share
from skdistill.students import DirectRegressor, resolve_regressor
from skdistill.targets.numeric_losses import resolve_numeric_loss

STUDENTS = tuple(students("squared_error"))
TIMED = 1000  # rows predicted in one call
KEY = ("data", "n_rows", "seed", "teacher", "student", "method")
Cell = tuple[str, int, int, str, str]  # the key without its method


@dataclass(frozen=True)
class Row:
    """One way of training one student of one teacher on one split."""

    data: str
    n_rows: int
    seed: int
    teacher: str
    student: str
    method: str
    loss: float  # of the test rows: root mean squared error, or mean deviance
    strength: float
    note: str  # JSON: settings found, what was chosen, or the rule's ingredients
    nodes: float
    size: float  # bytes
    microseconds: float  # to predict a row, in calls of `TIMED`
    seconds: float  # to fit, without the teacher


@dataclass(frozen=True)
class Lesson:
    """A split, what teachers that did not see a row say of it, and the teacher of all rows."""

    split: Split
    seed: int
    teacher: Any
    out_of_fold: Any
    pool: Any
    memory: str | None = None

    @classmethod
    def of(cls, split: Split, seed: int, teacher: Any, memory: str | None = None) -> "Lesson":
        """Fit the teachers of folds and of pairs of folds, and the one of all rows."""
        rows = split.X, split.y, split.weight
        least: dict[str, Any] = {"strengths": (0.0,), "calibrations": (None,)}
        least |= {"memory": memory, "random_state": seed}
        found = DistilledRegressorCV(teacher, LinearRegression(), **least).fit(*rows)
        whole = clone(teacher).fit(*rows[:2], sample_weight=split.weight)
        return cls(split, seed, whole, found.teacher_pred_, found.pool_pred_, memory)

    def distil(self, student: Any) -> DistilledRegressor:
        """Distil with the defaults."""
        rows = self.split.X, self.split.y, self.split.weight
        model = DistilledRegressor(None, student, random_state=self.seed)
        return model.fit(*rows, teacher_pred=self.out_of_fold)

    def choose(self, student: Any, grid: Any, *, quick: bool = False) -> DistilledRegressorCV:
        """Choose honestly; both sides try the same settings on the same folds."""
        rows = self.split.X, self.split.y, self.split.weight
        given: dict[str, Any] = {"calibrations": ("linear",), "random_state": self.seed}
        given |= {"strengths": (0.0, 0.5)} if quick else {}
        model = DistilledRegressorCV(None, (student, grid), **given)
        return model.fit(*rows, teacher_pred=self.out_of_fold, pool_pred=self.pool)

    def choose_with_made(self, student: Any, grid: Any, *, quick: bool) -> DistilledRegressorCV:
        """Choose honestly, the distilled side from students with synthetic rows, too."""
        rows = self.split.X, self.split.y, self.split.weight
        given: dict[str, Any] = {"calibrations": ("linear",), "random_state": self.seed}
        given |= {"strengths": (0.0, 0.5)} if quick else {}
        given |= {"synthetics": (None, "munge"), "memory": self.memory}
        model = DistilledRegressorCV(clone(self.teacher), (student, grid), **given)
        return model.fit(*rows)


def test_loss(predict: Any, split: Split) -> float:
    """Return the root mean squared error, or the deviance, of the test rows."""
    loss = resolve_numeric_loss(split.loss)
    level = loss.mean_level(split.y[:, None], split.weight)
    said = loss.lift(np.asarray(predict(split.X_test)).reshape(-1, 1), level)
    losses = loss.value(said, split.y_test[:, None])
    mean = float(np.average(losses, weights=split.weight_test))
    return float(np.sqrt(mean)) if split.loss == "squared_error" else mean


def tuned(search: DistilledRegressorCV) -> tuple[Any, dict[str, Any]]:
    """Return the student of the direct candidate that scores best, and the settings tried in it."""
    table = search.cv_results_
    direct = [i for i, each in enumerate(table["params"]) if each["strength"] == 1.0]
    best = max(direct, key=lambda i: table["mean_test_score"][i])
    student = table["params"][best]["student"]
    own, names = student.get_params(), dict(search.students[1])
    return student, {name: own[name] for name in names}


def cells(arguments: argparse.Namespace) -> Iterator[Cell]:
    """Yield what is to be measured, teacher by teacher."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    wanted = product(arguments.teachers, seeds, arguments.rows, arguments.sets)
    for teacher, seed, n_rows, name in wanted:
        for student in students(split_numbers(name, 50, 0).loss):
            if student in arguments.students:
                yield name, n_rows, seed, teacher, student


def measure(
    wanted: Sequence[Cell], is_known: Callable[[tuple[Any, ...]], bool], *, quick: bool
) -> Iterator[list[Row]]:
    """Yield the rows of each cell; the teachers of a split are fitted once for all students."""
    for (name, n_rows, seed, teacher), of_teacher in groupby(wanted, key=lambda cell: cell[:4]):
        split = split_numbers(name, n_rows, seed)
        taught = _small(teachers(split.loss)[teacher]) if quick else teachers(split.loss)[teacher]
        with tempfile.TemporaryDirectory() as memory:
            lesson = Lesson.of(split, seed, taught, memory)
            for cell in of_teacher:
                tried = students(split.loss)[cell[-1]]
                given = cell, lesson, tried
                first = () if is_known((*cell, "honest")) else of_cell(*given, quick=quick)
                yield [*first, with_made(*given, quick=quick)]


def _small(teacher: Any) -> Any:
    return teacher.set_params(n_estimators=20) if hasattr(teacher, "n_estimators") else teacher


def of_cell(cell: Cell, lesson: Lesson, tried: Tried, *, quick: bool) -> Iterator[Row]:
    """Yield the rows of one cell, but for the one of `with_made`."""
    student, grid = tried
    split = lesson.split
    rows = split.X, split.y, split.weight

    def trained(method: str, estimator: Any, note: Any) -> Row:
        start = time.perf_counter()
        model = DirectRegressor(resolve_regressor(estimator)).fit(*rows)
        spent = time.perf_counter() - start
        return row_of(cell, method, split, model.predict, model.fitted_.model, spent, note, 1.0)

    def distilled(method: str, estimator: Any) -> Row:
        start = time.perf_counter()
        model = lesson.distil(estimator)
        spent = time.perf_counter() - start
        note = ingredients(model, lesson)
        given = split, model.predict, model.student_, spent, note, float(model.strength_)
        return row_of(cell, method, *given)

    whole = lesson.teacher
    yield row_of(cell, "teacher", split, whole.predict, whole, np.nan, {}, np.nan)
    yield trained("direct", student, {})
    yield distilled("distilled", student)
    start = time.perf_counter()
    search = lesson.choose(student, grid, quick=quick)
    spent = time.perf_counter() - start
    best, settings = tuned(search)
    yield trained("direct, tuned", best, settings)
    yield distilled("distilled, tuned", best)
    yield of_search(cell, "honest", split, search, spent)


def with_made(cell: Cell, lesson: Lesson, tried: Tried, *, quick: bool) -> Row:
    """Return the row of the honest choice with synthetic rows; seconds are with the teachers."""
    start = time.perf_counter()
    search = lesson.choose_with_made(*tried, quick=quick)
    return of_search(cell, MADE_TOO, lesson.split, search, time.perf_counter() - start)


def of_search(
    cell: Cell, method: str, split: Split, search: DistilledRegressorCV, spent: float
) -> Row:
    """Return the row of an honest choice."""
    verdict = search.verdict_
    made = search.best_params_.get("synthetic") is not None
    note = {"outcome": verdict.outcome, "fitted": verdict.fitted, "synthetic": made}
    given = search.predict, search.student_, spent, note, float(search.strength_)
    return row_of(cell, method, split, *given)


def row_of(
    cell: Cell,
    method: str,
    split: Split,
    predict: Any,
    inner: Any,
    seconds: float,
    note: Any,
    strength: float,
) -> Row:
    """Return a row: what a model, and the learner inside it, comes to on the test rows."""
    shown = latency(predict, split.X_test, TIMED, budget=0.02)
    return Row(
        *cell, method, test_loss(predict, split), strength, json.dumps(note),
        float(count_parts(inner).nodes or np.nan), float(size_bytes(inner) or np.nan),
        1e6 * shown.median / TIMED, seconds,
    )  # fmt: skip


def ingredients(model: DistilledRegressor, lesson: Lesson) -> dict[str, Any]:
    """Return what the rule of the strength saw, and the test losses at the strengths `MARKS`.

    By these the page shows what other rules would have done. The bias is what is presumed before
    it is cut at the teacher's loss.
    """
    split = lesson.split
    rows = split.X, split.y, split.weight
    y, weight = split.y[:, None], np.ones(len(split.y)) if split.weight is None else split.weight
    loss = resolve_numeric_loss(split.loss)
    level = np.broadcast_to(loss.mean_level(y, weight), y.shape)
    whole = float(np.average(loss.value(level, y), weights=weight))
    share = bias_share(float(weight.sum() ** 2 / (weight @ weight)))
    readings = {
        name: [round(float(found[part]), 9) for part in ("teacher", "student", "noise")]
        for name, found in (model.report_.shrinkage or {}).items()
        if name != "strength"
    }
    at = [test_loss(model.refit_student(*rows, strength=s).predict, split) for s in MARKS]
    return {"share": share, "whole": whole, "readings": readings, "at": at}


def said(rows: Sequence[Row]) -> str:
    """Return what a line of progress says."""
    loss = {row.method: row.loss for row in rows}
    over = loss.get("direct, tuned", np.nan)
    return f"{rows[0].data} {rows[0].teacher} {rows[0].student}: " + ", ".join(
        f"{method} {loss[method]:.4g} ({loss[method] / over:.3f})" for method in loss
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regression", description=__doc__)
    add_common_arguments(parser, repeats=1)
    every = [*CHOSEN_ON, *JUDGED_ON]
    parser.add_argument("--rows", type=int, nargs="+", default=[1000])
    parser.add_argument("--sets", nargs="+", default=every, choices=sorted(NUMBERS))
    parser.add_argument("--teachers", nargs="+", default=list(TEACHERS), choices=TEACHERS)
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=STUDENTS)
    parser.add_argument("--summary", action="store_true", help="make the page of what is there")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows, arguments.repeats = ["diabetes"], [200], 1
        arguments.students, arguments.teachers = ["linear", "tree, 32 leaves"], ["lightgbm"]
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "regression.csv", Row, KEY, fresh=fresh)
    warnings.simplefilter("ignore")  # networks that have not converged
    asked = () if arguments.summary else cells(arguments)
    wanted = [cell for cell in asked if (*cell, MADE_TOO) not in log]  # its last row
    found: Iterable[list[Row]] = measure(wanted, log.__contains__, quick=arguments.quick)
    for rows in progress(found, len(wanted), said):
        for row in rows:
            log.add(row)
    frame = log.frame()
    chosen = {"data": "sets", "teacher": "teachers", "student": "students", "n_rows": "rows"}
    for column, name in chosen.items():
        frame = frame[frame[column].isin(getattr(arguments, name))]
    page, tables = page_of(frame, command_line("regression", argv), log.measured(frame))
    print(tables[0][1].to_string(index=False))
    page.write(folder, tables[0][1], *tables[1:])


if __name__ == "__main__":
    main()

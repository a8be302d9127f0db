"""The tables of Dao, Kamath, Syrgkanis and Mackey (ICLR 2021): forests taught by forests.

Two experiments, on 70% of the rows, judged on the other 30% by the area under the ROC curve (AUC;
accuracy for higgs and stumbleupon, as in the paper):

- ``students``: a random forest of 500 trees teaches random-forest regressors of 1 to 40 trees;
- ``depths``: a forest of 100 trees of limited depth teaches one of 10 trees.

The teacher labels its training rows in ten folds. The methods:

- ``teacher``: the teacher itself, fitted to all training rows;
- ``direct``: the student alone, trained on the labels;
- ``in-sample``: the student trained on what the teacher says of its own training rows;
- ``cross-fit``: on out-of-fold probabilities as they are;
- ``enhanced``: the paper's rule as its authors' experiments have it: target p + g (y - p) with
  g = c / (c + (y - p)^2), and c from 1e-5 to 1e3 chosen by cross-validating the student on
  out-of-fold probabilities that have seen the validation labels;
- ``ours``: `DistilledClassifier` with its defaults;
- ``honest``: `DistilledClassifierCV` with its defaults (option ``--honest``: five folds of its own,
  and 15 teachers).

The bars: on adult and magic ours at least the published enhanced figure less .001 in every cell,
and above it on average; with teachers of depth 1 to 5 ours at least the direct student. Nothing is
tuned on test rows. What a teacher says is kept in files, and each cell is written as it is
measured: an interrupted run goes on where it stopped.
"""

import argparse
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import KFold, train_test_split

from benchmarks.datasets import encode, load
from benchmarks.paper_tables import BROUGHT, write_pages
from benchmarks.results import Log, add_common_arguments, command_line, folder_of, progress, say
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.teaching.crossfit import cross_fit
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds

__all__ = ["Case", "Cell", "Plan", "choose_leaking", "main", "measure"]

Floats = NDArray[np.floating[Any]]
OUT_OF_FOLD = Path(".cache", "benchmarks", "out_of_fold")
ACCURACY = ("higgs", "stumbleupon")
CONSTANTS = tuple(10.0**power for power in range(-5, 4))
METHODS = ("teacher", "direct", "in-sample", "cross-fit", "enhanced", "ours")


@dataclass(frozen=True)
class Plan:
    """What is run.

    Attributes
    ----------
    sets : tuple of str
        Names of data sets.
    students : tuple of int
        Numbers of trees of the students of the strong teacher.
    depths : tuple of int
        Greatest depths of the weak teachers.
    methods : tuple of str
        What is compared.
    teacher_trees, weak_trees, weak_student : int
        Trees of the strong teacher, of the weak ones, and of their student.
    cv, honest_cv : int
        Folds of the teacher, and of the honest choice.
    keep : bool
        Whether the teachers' probabilities are kept for the next run.
    n_jobs : int or None
        Trees grown at once; the results do not depend on it.
    """

    sets: tuple[str, ...] = ("magic", "adult", "higgs", *BROUGHT)
    students: tuple[int, ...] = (1, 2, 3, 5, 10, 15, 20, 30, 40)
    depths: tuple[int, ...] = (1, 2, 3, 5, 10, 15, 20)
    methods: tuple[str, ...] = METHODS
    teacher_trees: int = 500
    weak_trees: int = 100
    weak_student: int = 10
    cv: int = 10
    honest_cv: int = 5
    keep: bool = True
    n_jobs: int | None = None

    def cases(self, experiments: Sequence[str]) -> list["Case"]:
        """Return the cases of the experiments."""
        strong = [Case("students", x, self.teacher_trees, None, x) for x in self.students]
        weak = [Case("depths", x, self.weak_trees, x, self.weak_student) for x in self.depths]
        return [case for case in (*strong, *weak) if case.experiment in experiments]


@dataclass(frozen=True)
class Case:
    """A teacher and a student; `x` is what the experiment varies."""

    experiment: str
    x: int
    teacher_trees: int
    depth: int | None
    student_trees: int


@dataclass(frozen=True)
class Cell:
    """One measurement; a row of the raw table.

    Attributes
    ----------
    experiment : str
        "students" or "depths".
    data : str
        Data set.
    seed : int
        Of the split, the folds and the forests.
    x : int
        Trees of the student, or depth of the teacher.
    method : str
        One of `METHODS`, or "honest".
    metric : str
        "AUC" or "accuracy".
    value : float
        On the test rows.
    strength : float
        Mean gain of the correction: 1 is the direct student, 0 plain distillation.
    seconds : float
        Of the student's fit and of what chose it, on the wall; the teachers' time is not in it.
    """

    experiment: str
    data: str
    seed: int
    x: int
    method: str
    metric: str
    value: float
    strength: float
    seconds: float


KEY = ("experiment", "data", "seed", "x", "method")


@dataclass(frozen=True)
class Rows:
    """One split of one data set, encoded."""

    name: str
    seed: int
    X: Floats
    y: NDArray[np.int64]
    X_test: Floats
    y_test: NDArray[np.int64]

    @property
    def metric(self) -> str:
        """What the paper judged this set by."""
        return "accuracy" if self.name in ACCURACY else "AUC"

    def score(self, p: Floats, truth: NDArray[np.int64] | None = None) -> float:
        """Return the score of probabilities of the second class."""
        truth = self.y_test if truth is None else truth
        if self.metric == "accuracy":
            return float(accuracy_score(truth, p > 0.5))
        return float(roc_auc_score(truth, p))


class Teacher:
    """What a forest says of the training rows; each part made when it is first wanted, and kept."""

    def __init__(self, plan: Plan, rows: Rows, trees: int, depth: int | None) -> None:
        self.plan, self.rows = plan, rows
        self.model = RandomForestClassifier(
            trees, max_depth=depth, random_state=rows.seed, n_jobs=plan.n_jobs
        )
        self.stem = f"{rows.name}-rf{trees}" + ("" if depth is None else f"-depth{depth}")

    def out_of_fold(self) -> Floats:
        """Return probabilities out of fold, shape (n, 2)."""
        return self._kept(f"cv{self.plan.cv}", lambda: {"p": self._cross_fit()})["p"]

    def whole(self) -> dict[str, Floats]:
        """Return what the teacher of all rows says of them, and of the test rows."""
        return self._kept("whole", self._fit_whole)

    def pool(self) -> dict[str, Floats]:
        """Return the probabilities that an honest choice needs."""
        return self._kept(f"pool{self.plan.honest_cv}", self._fit_pool)

    def _cross_fit(self) -> Floats:
        rows = self.rows
        folds = make_folds(self.plan.cv, rows.X, rows.y, random_state=rows.seed)
        return cross_fit(self.model, rows.X, rows.y, folds).values

    def _fit_whole(self) -> dict[str, Floats]:
        model = self.model.fit(self.rows.X, self.rows.y)
        return {
            "in_sample": model.predict_proba(self.rows.X),
            "test": model.predict_proba(self.rows.X_test),
        }

    def _fit_pool(self) -> dict[str, Floats]:
        rows = self.rows
        folds = make_folds(self.plan.honest_cv, rows.X, rows.y, random_state=rows.seed)
        pool = fit_pool(self.model, rows.X, rows.y, folds, validation_folds(folds, None))
        return {"teacher_proba": pool.out_of_fold.values, "pool_proba": pool.as_array()}

    def _kept(self, part: str, make: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
        file = OUT_OF_FOLD / f"{self.stem}-{part}-seed{self.rows.seed}"
        for found in (file.with_suffix(".npz"), file.with_suffix(".npy")):
            if self.plan.keep and found.exists():
                known = np.load(found)
                return {"p": known} if found.suffix == ".npy" else dict(known)
        made = make()
        if self.plan.keep:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file.with_suffix(".npz"), **made)
        return made


def measure(
    plan: Plan,
    rows: Rows,
    cases: Sequence[Case],
    known: Container[tuple[Any, ...]] = (),
) -> Iterator[Cell]:
    """Yield the cells of one data set and split that are not known yet."""
    teachers: dict[tuple[int, int | None], Teacher] = {}
    constants: dict[Teacher, dict[int, float]] = {}
    for case in cases:
        kind = (case.teacher_trees, case.depth)
        teacher = teachers.setdefault(kind, Teacher(plan, rows, *kind))
        for method in plan.methods:
            if (case.experiment, rows.name, rows.seed, case.x, method) in known:
                continue
            if method == "enhanced" and teacher not in constants:
                sizes = sorted(
                    {c.student_trees for c in cases if (c.teacher_trees, c.depth) == kind}
                )
                p = teacher.out_of_fold()[:, 1]
                constants[teacher] = choose_leaking(rows, p, sizes, n_jobs=plan.n_jobs)
            c = constants.get(teacher, {}).get(case.student_trees, np.nan)
            p, strength, seconds = run(plan, rows, teacher, case.student_trees, method, c)
            value = rows.score(p)
            yield Cell(
                case.experiment, rows.name, rows.seed, case.x, method, rows.metric, value,
                strength, seconds,
            )  # fmt: skip


def run(
    plan: Plan, rows: Rows, teacher: Teacher, trees: int, method: str, c: float
) -> tuple[Floats, float, float]:
    """Return a method's probabilities of the test rows, its mean strength, and its seconds."""
    student = RandomForestRegressor(trees, random_state=rows.seed, n_jobs=plan.n_jobs)
    if method == "teacher":
        return teacher.whole()["test"][:, 1], np.nan, np.nan
    given: dict[str, Any] = {}
    if method in ("in-sample", "cross-fit", "ours"):
        inside = method == "in-sample"
        given["teacher_proba"] = teacher.whole()["in_sample"] if inside else teacher.out_of_fold()
        plain = {} if method == "ours" else {"correction": None, "calibration": None}
        model = DistilledClassifier(None, student, cv=plan.cv, random_state=rows.seed, **plain)
    elif method == "honest":
        given = teacher.pool()
        model = DistilledClassifierCV(
            None, student, cv=plan.honest_cv, student_calibration=None, random_state=rows.seed
        )
    if method in ("direct", "enhanced"):
        labels = (rows.y.astype(float), np.ones(len(rows.y)))
        if method == "enhanced":
            labels = paper_target(rows.y, teacher.out_of_fold()[:, 1], c)
        start = time.perf_counter()
        p = student.fit(rows.X, labels[0]).predict(rows.X_test)
        return p, float(labels[1].mean()), time.perf_counter() - start
    start = time.perf_counter()
    p = model.fit(rows.X, rows.y, **given).predict_proba(rows.X_test)[:, 1]
    return p, float(model.strength_ or 0.0), time.perf_counter() - start


def paper_target(y: NDArray[Any], p: Floats, c: float) -> tuple[Floats, Floats]:
    """Return the target of the authors' experiments, and the gain of each row."""
    gain = c / (c + (y - p) ** 2)
    return p + gain * (y - p), gain


def choose_leaking(
    rows: Rows, p: Floats, sizes: Sequence[int], *, n_jobs: int | None = None
) -> dict[int, float]:
    """Return the constant that the authors' search would choose for forests of each size.

    It cross-validates the student on the training rows, five folds in order, and judges it by the
    test metric on their labels; `p` has seen those. With one seed a large forest begins with the
    small ones, so each constant and fold needs one forest only.
    """
    total = np.zeros((len(CONSTANTS), len(sizes)))
    for number, c in enumerate(CONSTANTS):
        target, _ = paper_target(rows.y, p, c)
        for train, test in KFold(5).split(rows.X):
            forest = RandomForestRegressor(max(sizes), random_state=rows.seed, n_jobs=n_jobs)
            trees = forest.fit(rows.X[train], target[train]).estimators_
            said = np.cumsum([tree.predict(rows.X[test]) for tree in trees], axis=0)
            total[number] += [rows.score(said[n - 1] / n, rows.y[test]) for n in sizes]
    return {size: CONSTANTS[best] for size, best in zip(sizes, total.argmax(axis=0), strict=True)}


def split(name: str, seed: int) -> Rows:
    """Return the rows of a set, split and encoded."""
    X, y = load(name)
    codes = np.unique(y, return_inverse=True)[1]
    X_train, X_test, y_train, y_test = train_test_split(
        X, codes, test_size=0.3, stratify=codes, random_state=seed
    )
    return Rows(name, seed, *_in_order(encode(X_train, X_test), (y_train, y_test)))


def _in_order(X: Sequence[Any], y: Sequence[Any]) -> tuple[Any, ...]:
    return X[0], y[0], X[1], y[1]


QUICK = Plan(("breast_cancer",), (1, 5), (1,), (*METHODS, "honest"), 10, 5, 3, 3, 3, keep=False)


def main(argv: list[str] | None = None) -> None:
    """Measure what is missing, print and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--sets", nargs="+", default=list(Plan.sets))
    parser.add_argument("--experiments", nargs="+", default=["students", "depths"])
    parser.add_argument("--students", nargs="+", type=int, default=list(Plan.students))
    parser.add_argument("--depths", nargs="+", type=int, default=list(Plan.depths))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--honest", action="store_true", help="add the honest choice")
    parser.add_argument("--honest-folds", type=int, default=Plan.honest_cv)
    parser.add_argument("--n-jobs", type=int, default=1, help="trees grown at once")
    parser.add_argument("--summary", action="store_true", help="only make the tables anew")
    add_common_arguments(parser, repeats=5)
    arguments = parser.parse_args(argv)
    plan = QUICK if arguments.quick else _plan(arguments)
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "paper.csv", Cell, KEY, fresh=fresh)
    repeats = 1 if arguments.quick else arguments.repeats
    seeds = [] if arguments.summary else range(arguments.seed, arguments.seed + repeats)
    missing = [key for seed in seeds for key in _missing(plan, seed, arguments, log)]
    cells = (cell for seed in seeds for cell in _cells(plan, seed, arguments, log))
    for cell in progress(cells, len(missing), _said):
        log.add(cell)
    write_pages(log.frame(), folder, command_line("paper", argv), log.measured)


def _said(cell: Cell) -> str:
    return (
        f"{cell.experiment}, {cell.data}, seed {cell.seed}, {cell.x}, {cell.method}: "
        f"{cell.metric} {cell.value:.4f} ({cell.seconds:.0f} s)"
    )


def _plan(arguments: argparse.Namespace) -> Plan:
    return Plan(
        sets=tuple(arguments.sets),
        students=tuple(arguments.students),
        depths=tuple(arguments.depths),
        methods=(*arguments.methods, *(["honest"] if arguments.honest else [])),
        honest_cv=arguments.honest_folds,
        n_jobs=arguments.n_jobs,
    )


def _missing(
    plan: Plan, seed: int, arguments: argparse.Namespace, log: Container[Any]
) -> list[tuple[Any, ...]]:
    """Return the keys of the cells of one seed that are not in the log."""
    keys = product(plan.sets, plan.cases(arguments.experiments), plan.methods)
    wanted = [(case.experiment, name, seed, case.x, method) for name, case, method in keys]
    return [key for key in wanted if key not in log]


def _cells(plan: Plan, seed: int, arguments: argparse.Namespace, log: Log) -> Iterator[Cell]:
    """Yield what is missing of one seed; a set that the user may bring is skipped without it."""
    cases = plan.cases(arguments.experiments)
    absent = {name for _, name, *_ in _missing(plan, seed, arguments, log)}
    for name in [each for each in plan.sets if each in absent]:
        try:
            rows = split(name, seed)
        except FileNotFoundError as error:
            if name not in BROUGHT:
                raise
            say(f"{name}, seed {seed}: skipped, as its file is not there ({error})")
            continue
        yield from measure(plan, rows, cases, log)


if __name__ == "__main__":
    main()

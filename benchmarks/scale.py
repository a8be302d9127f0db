"""How cost grows: seconds and memory against rows, classes, folds and grid; and where they go.

- ``rows``, ``classes``, ``folds``: `DistilledClassifier.fit`, LightGBM teaching a smaller one;
- ``parts``: the same fit beside the larger of its parts: ``cross_val_predict`` of the teacher, and
  the student trained directly, on rows of float64 or float32;
- ``most``: the same fit on as many rows of float32 as should fit in 24 GiB;
- ``grid``: `DistilledClassifierCV.fit` against the number of candidates;
- ``latency``: `predict_proba` of the teacher and of its students, and their size on disk;
- ``search``: a `GridSearchCV` over the student's settings, with ``memory=`` and without, and how
  many teachers each fits;
- ``profile``: the share of a fit that teachers and students take, and what is left: skdistill
  itself.

Each fit runs in a process of its own, on one thread. Seconds are processor time. Memory is the peak
of the resident set over what the process held with the rows made, as the operating system tells it
(not on Windows). Latency is on the wall. An interrupted run goes on where it stopped.
"""

import argparse
import cProfile
import itertools
import multiprocessing
import os
import pstats
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

import skdistill
from benchmarks.figures import curves
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._ground.costs import latency, size_bytes

__all__ = ["Measurement", "Point", "main", "shares"]

PACKAGE = str(Path(skdistill.__file__).parent)
N_FEATURES = 20
LEARNING = ("fit", "predict", "predict_proba")


@dataclass(frozen=True)
class Sizes:
    """What is run; the first of `rows` is that of the groups "latency" and "profile"."""

    rows: tuple[int, ...] = (10_000, 30_000, 100_000, 300_000, 1_000_000)
    class_rows: int = 20_000
    classes: tuple[int, ...] = (2, 4, 8, 16, 26)
    folds: tuple[int, ...] = (2, 3, 5, 10, 20)
    grid_rows: int = 5_000
    strengths: tuple[int, ...] = (2, 5, 10, 20, 40)
    teacher_trees: int = 100
    forest_trees: int = 500
    called_rows: tuple[int, ...] = (1, 100, 10_000)
    search_rows: int = 5_000
    part_rows: tuple[int, ...] = (300_000, 1_000_000)
    part_trees: int = 20
    most_rows: int = 10_000_000
    most_trees: int = 5


QUICK = Sizes((600,), 300, (3,), (3,), 150, (2,), 5, 5, (1,), 150, (600,), 5, 600)


@dataclass(frozen=True)
class Point:
    """One fit: rows, classes, folds, strengths tried (0: no choice), trees of the teacher.

    Of `PARTS`, `part` is what is done instead of a whole fit.
    """

    rows: int
    classes: int = 2
    cv: int = 5
    strengths: int = 0
    trees: int = 100
    seed: int = 0
    part: str = ""
    dtype: str = "float64"


@dataclass(frozen=True)
class Measurement:
    """A row of the raw table.

    Attributes
    ----------
    group, case : str
        What was measured.
    x : int
        Rows, classes, folds, candidates, or rows per call.
    repeat : int
        Number of the repeat, which is the seed.
    seconds : float
        Processor time; on the wall for "latency".
    megabytes : float
        Peak memory, or size on disk for "latency"; NaN where it was not measured.
    teacher_fits : float
        NaN where they were not counted.
    """

    group: str
    case: str
    x: int
    repeat: int
    seconds: float
    megabytes: float = np.nan
    teacher_fits: float = np.nan


def make_rows(
    n: int, n_classes: int, seed: int, dtype: Any = np.float64
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return rows and labels, without much more memory than they take."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, N_FEATURES), dtype=dtype)
    scores = X @ (rng.standard_normal((N_FEATURES, n_classes)) * 0.5).astype(dtype)
    scores[:, 0] += X[:, 0] * X[:, 1]
    scores += rng.gumbel(size=scores.shape)
    return X, np.argmax(scores, axis=1)


def boosting(trees: int, leaves: int = 31) -> LGBMClassifier:
    """Return LightGBM on one thread."""
    return LGBMClassifier(n_estimators=trees, num_leaves=leaves, n_jobs=1, verbose=-1)


def model_of(point: Point) -> Any:
    """Return the estimator of a point."""
    teacher, student = boosting(point.trees), boosting(20, 8)
    settings = {"cv": point.cv, "random_state": point.seed}
    if not point.strengths:
        return DistilledClassifier(teacher, student, **settings)
    grid = tuple(np.linspace(0.0, 1.0, point.strengths))
    return DistilledClassifierCV(
        teacher, student, strengths=grid, calibrations=("sigmoid",), **settings
    )


def fit_alone(point: Point) -> tuple[float, float, int]:
    """Fit a point in this process; return seconds, megabytes and teacher fits."""
    warnings.simplefilter("ignore")
    X, y = make_rows(point.rows, point.classes, point.seed, point.dtype)
    before, start = peak_megabytes(), time.process_time()
    model = model_of(point)
    if point.part:
        PARTS[point.part](model, X, y)
    else:
        model.fit(X, y)
    seconds = time.process_time() - start
    fits = 0 if point.part else model.report_.n_teacher_fits
    return seconds, peak_megabytes() - before, fits


PARTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "cross_val_predict": lambda model, X, y: cross_val_predict(
        model.teacher, X, y, cv=model.cv, method="predict_proba"
    ),
    "the student alone": lambda model, X, y: model.student.fit(X, y),
}


def peak_megabytes() -> float:
    """Return the largest resident set that this process had, in MiB; NaN on Windows."""
    try:
        import resource
    except ImportError:
        return np.nan
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kibibytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def apart(function: Callable[[Point], Any], point: Point) -> Any:
    """Return what a function of a point gives in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, point).result()


def growth(sizes: Sizes, seed: int) -> Iterator[tuple[str, str, int, Point]]:
    """Yield group, case, x and point of each fit."""
    trees = {"trees": sizes.teacher_trees, "seed": seed}
    for n in sizes.rows:
        yield "rows", "2 classes, 5 folds", n, Point(n, **trees)
    for n, dtype, part in itertools.product(sizes.part_rows, ("float64", "float32"), ("", *PARTS)):
        case = f"{dtype}: {part or 'distilling'}"
        yield "parts", case, n, Point(n, seed=seed, trees=sizes.part_trees, part=part, dtype=dtype)
    few = {"trees": sizes.most_trees, "seed": seed, "dtype": "float32"}
    yield "most", "float32: distilling", sizes.most_rows, Point(sizes.most_rows, **few)
    for k in sizes.classes:
        point = Point(sizes.class_rows, classes=k, **trees)
        yield "classes", f"{sizes.class_rows} rows, 5 folds", k, point
    for cv in sizes.folds:
        yield "folds", f"{sizes.class_rows} rows", cv, Point(sizes.class_rows, cv=cv, **trees)
    for strengths in sizes.strengths:
        point = Point(sizes.grid_rows, strengths=strengths, **trees)
        yield "grid", f"{sizes.grid_rows} rows, 5 folds", strengths, point


def latencies(sizes: Sizes, seed: int) -> Iterator[Measurement]:
    """Yield the latency of a forest as teacher, and of students of any teacher."""
    X, y = make_rows(sizes.rows[0], 2, seed)
    teacher = RandomForestClassifier(sizes.forest_trees, random_state=seed).fit(X, y)
    students = {
        "LightGBM 50 x 31": boosting(50),
        "tree of 32 leaves": DecisionTreeClassifier(max_leaf_nodes=32, random_state=seed),
        "logistic regression": LogisticRegression(),
    }
    first = DistilledClassifier(boosting(5), students["logistic regression"], random_state=seed)
    first.fit(X, y)
    models = {f"teacher: forest of {sizes.forest_trees}": teacher}
    models |= {name: first.refit_student(X, y, student=each) for name, each in students.items()}
    for name, model in models.items():
        size = size_bytes(model if model is teacher else model.student_) / 2**20
        for n in sizes.called_rows:
            seconds = latency(model.predict_proba, X, n).median
            yield Measurement("latency", name, n, seed, seconds, size)


class CountedForest(RandomForestClassifier):
    """A forest that counts how often one was fitted in this process."""

    fits: ClassVar[int] = 0

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "CountedForest":
        """Count, and fit."""
        CountedForest.fits += 1
        return super().fit(X, y, sample_weight)


def searches(sizes: Sizes, seed: int) -> Iterator[Measurement]:
    """Yield a grid search of four students in five folds, without memory and with it."""
    X, y = make_rows(sizes.search_rows, 2, seed)
    teacher = CountedForest(sizes.teacher_trees, random_state=seed)
    student = DecisionTreeClassifier(random_state=seed)
    grid = {"student__max_leaf_nodes": [4, 8, 16, 32]}
    with tempfile.TemporaryDirectory() as folder:
        for case, memory in (("without memory", None), ("with memory", folder)):
            model = DistilledClassifier(teacher, student, memory=memory, random_state=seed)
            search = GridSearchCV(model, grid, cv=5, scoring="neg_log_loss")
            CountedForest.fits, start = 0, time.process_time()
            search.fit(X, y)
            seconds = time.process_time() - start
            x = len(search.cv_results_["params"])
            yield Measurement("search", case, x, seed, seconds, np.nan, CountedForest.fits)


def profiles(sizes: Sizes, seed: int) -> Iterator[Measurement]:
    """Yield the seconds of a profiled fit by what they went to."""
    X, y = make_rows(sizes.rows[0], 2, seed)
    tree = DecisionTreeClassifier(max_leaf_nodes=32, random_state=seed)
    models = {
        "forest -> tree": (RandomForestClassifier(sizes.teacher_trees, random_state=seed), tree),
        "LightGBM -> LightGBM": (boosting(sizes.teacher_trees), boosting(50)),
    }
    for name, (teacher, student) in models.items():
        profile = cProfile.Profile()
        profile.runcall(DistilledClassifier(teacher, student, random_state=seed).fit, X, y)
        for part, seconds in shares(pstats.Stats(profile)).items():
            yield Measurement("profile", f"{name}: {part}", len(y), seed, seconds)


def shares(stats: pstats.Stats) -> dict[str, float]:
    """Return the seconds of the learners that skdistill called, and what is left.

    Counted is what a function of skdistill spent in a ``fit`` or ``predict`` outside it (where
    scikit-learn wraps its own it is called ``wrapper``); teachers are called from ``crossfit.py``.
    """
    spent = {"teachers": 0.0, "students": 0.0}
    for (file, _, name), called in stats.stats.items():  # type: ignore[attr-defined]
        is_fit = name == "wrapper" and Path(file).parts[-2:] == ("sklearn", "base.py")
        if file.startswith(PACKAGE) or not (is_fit or name in LEARNING):
            continue
        for (caller, *_), seconds in called[-1].items():
            if caller.startswith(PACKAGE):
                whose = "teachers" if caller.endswith("crossfit.py") else "students"
                spent[whose] += seconds[-1]
    total = stats.total_tt  # type: ignore[attr-defined]
    return spent | {"skdistill itself": total - sum(spent.values())}


OTHERS = {"latency": latencies, "search": searches, "profile": profiles}
GROUPS = ("rows", "parts", "most", "classes", "folds", "grid", *OTHERS)


def measure(groups: list[str], sizes: Sizes, seed: int, log: Log) -> Iterator[Measurement]:
    """Yield what is not in the log yet."""
    for group, case, x, point in growth(sizes, seed):
        if group in groups and (group, case, x, seed) not in log:
            seconds, megabytes, fits = apart(fit_alone, point)
            yield Measurement(group, case, x, seed, seconds, megabytes, fits)
    for group in others_missing(groups, seed, log):
        yield from list(OTHERS[group](sizes, seed))  # all of them, or none


def others_missing(groups: list[str], seed: int, log: Log) -> list[str]:
    """Return those of `OTHERS` that are not in the log yet."""
    known = log.frame() if len(log) else pd.DataFrame(columns=["group", "repeat"])
    there = set(known["group"][known["repeat"] == seed])
    return [group for group in OTHERS if group in groups and group not in there]


def n_missing(groups: list[str], sizes: Sizes, seed: int, log: Log) -> int:
    """Return how many measurements are not in the log yet."""
    points = [(*point[:3], seed) for point in growth(sizes, seed) if point[0] in groups]
    cases = {"latency": 4 * len(sizes.called_rows), "search": 2, "profile": 6}
    return len(log.missing(points)) + sum(cases[g] for g in others_missing(groups, seed, log))


def said(found: Measurement) -> str:
    """Return the line that is printed of a measurement."""
    return (
        f"{found.group}, {found.case}, {found.x}, repeat {found.repeat}: {found.seconds:.3g} s, "
        f"{found.megabytes:.0f} MiB"
    )


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return medians over the repeats."""
    lines = []
    for (group, case, x), part in table.groupby(["group", "case", "x"], sort=False):
        middle = part[["seconds", "megabytes", "teacher_fits"]].median()
        same = table[(table["group"] == group) & (table["x"] == x)]
        same = same[same["case"].str.partition(":")[0] == case.partition(":")[0]]
        share = middle["seconds"] / same.groupby("case")["seconds"].median().sum()
        lines.append(
            {
                "group": group,
                "case": case,
                "x": x,
                "seconds": middle["seconds"],
                "MiB": middle["megabytes"],
                "teacher fits": _integer(middle["teacher_fits"]),
                "share": f"{share:.1%}" if group == "profile" else "",
            }
        )
    order = pd.Categorical([line["group"] for line in lines], GROUPS)
    return pd.DataFrame(lines).iloc[np.argsort(order.codes, kind="stable")].reset_index(drop=True)


def draw(table: pd.DataFrame, folder: Path) -> tuple[tuple[str, str], ...]:
    """Draw seconds and memory of the groups that grow."""
    drawn = []
    for column, label in (("seconds", "seconds"), ("MiB", "peak memory, MiB")):
        parts = {
            group: part.set_index("x")[[column]]
            for group, part in table.groupby("group", sort=False)
            if group not in OTHERS and part[column].gt(0).any()
        }
        if parts:
            name = f"scale_{column.lower()}"
            file = curves(folder, name, parts, ("x", label), log="xy")
            sentence = (
                f"{label[0].upper()}{label[1:]} of one fit, by group; both axes are logarithmic."
            )
            drawn.append((file, sentence))
    return tuple(drawn)


def main(argv: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--summary", action="store_true", help="only make the tables anew")
    add_common_arguments(parser, repeats=3)
    arguments = parser.parse_args(argv)
    sizes, repeats = (QUICK, 1) if arguments.quick else (Sizes(), arguments.repeats)
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(
        folder / "raw" / "scale.csv", Measurement, ("group", "case", "x", "repeat"), fresh=fresh
    )
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come
    seeds = [] if arguments.summary else range(arguments.seed, arguments.seed + repeats)
    groups = arguments.groups
    rows = (row for seed in seeds for row in measure(groups, sizes, seed, log))
    for row in progress(rows, sum(n_missing(groups, sizes, seed, log) for seed in seeds), said):
        log.add(row)
    table = summary(log.frame())
    print(table.to_string(index=False))
    page = Page(
        "scale",
        "Scale: rows, classes, folds, grid; latency, memory, and where the time goes",
        command_line("scale", argv),
        ABOUT,
        figures=draw(table, folder),
        measured=log.measured(),
    )
    page.write(folder, table)


def _integer(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0f}"


ABOUT = (
    (
        "*rows*, *classes*, *folds*: one fit with the defaults, LightGBM of 100 trees of 31 leaves "
        "teaching one of 20 trees of 8, 20 features. *grid*: the honest choice among the given "
        "number of strengths. Processor time on one thread; memory is the peak of the resident set "
        "over what the process held with the rows made. Each fit is a process of its own. *parts*: "
        "the same fit beside what its memory is to be compared with, the teacher of 20 trees; "
        "*most*: of 5, as memory does not depend on them."
    ),
    (
        "*latency*: predict_proba, median seconds of a call with x rows, on the wall; MiB is the "
        "size on disk. *search*: GridSearchCV, four students in five folds, a forest as teacher. "
        "*profile*: seconds inside the fits and predictions of teachers and students, and the "
        "rest, under the profiler, which makes many small calls look dearer than they are."
    ),
)


if __name__ == "__main__":
    main()

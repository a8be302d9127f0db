"""What skdistill costs over the work that has to be done anyway; each figure a ratio of one run.

Five questions, each with the bar that it has to clear:

- ``fit``: `DistilledClassifier.fit` over the sum of its parts, which are scikit-learn's
  ``cross_val_predict`` of the teacher and the fits of the bare student;
- ``objective``: LightGBM with the soft-target objective over LightGBM with its native one, same
  labels, same number of trees and leaves;
- ``predict``: `predict_proba` over that of the bare student, for one row and for many;
- ``search``: `DistilledClassifierCV.fit` with 60 candidates over the sum of the fits of its
  teachers and of its students, targets known beforehand; and a student's `fit_many` over its `fit`
  for each target;
- ``replication``: a classifier fitted to weighted copies over the same classifier on hard labels;
  it may cost as many times more as it needs rows.

The two sides of a ratio run in turn, several times, on one thread. The clock is the processor time
of this process: on an idle machine it is the time on the wall, and on a busy one it is hardly
disturbed. Reported is the median over the repeats of the ratio within a repeat, with its quartiles.
What takes minutes is repeated less, unless ``--repeats`` says how often.
"""

import argparse
import gc
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from benchmarks.figures import ranges
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.students import Problem, SoftCrossEntropy, resolve
from skdistill.targets.losses import CrossEntropy

__all__ = ["Case", "Sizes", "Timing", "compare", "main"]

Thunk = Callable[[], Any]
MICROSECONDS = 1e6
N_FOLDS = 5
PATIENCE = 10.0


@dataclass(frozen=True)
class Sizes:
    """How large the problems are.

    Attributes
    ----------
    fit_rows, teacher_trees : int
        Of the group "fit"; the rows also of "search", for many targets at once.
    binary_rows, multiclass_rows, trees : int
        Of the group "objective".
    predict_rows : int
        Of the group "predict", besides one row.
    copied_rows : int
        Of the group "replication".
    search_rows, search_strengths : int
        Of the group "search": rows, and a third of its candidates.
    """

    fit_rows: int = 20_000
    teacher_trees: int = 100
    binary_rows: int = 100_000
    multiclass_rows: int = 50_000
    trees: int = 50
    predict_rows: int = 100_000
    copied_rows: int = 20_000
    search_rows: int = 5_000
    search_strengths: int = 20


QUICK = Sizes(1_000, 10, 2_000, 2_000, 5, 2_000, 1_000, 300, 2)


@dataclass(frozen=True)
class Case:
    """Two ways to do a thing, and how much more the first may cost.

    Attributes
    ----------
    group, name : str
        What it is.
    limit : float
        Of the ratio, or of the difference in microseconds; NaN where there is no bar.
    unit : {"ratio", "microseconds"}
        What is compared.
    calls : int
        Calls per timing: enough for the clock.
    rounds : int
        How many timings make a repeat, at most: after `PATIENCE` seconds three are enough.
    ours, bare : callable
        The two.
    """

    group: str
    name: str
    limit: float
    unit: str
    calls: int
    rounds: int
    ours: Thunk
    bare: Thunk

    def value(self, ours: float, bare: float) -> float:
        """Return the ratio or the difference of two timings in seconds."""
        return ours / bare if self.unit == "ratio" else (ours - bare) * MICROSECONDS


@dataclass(frozen=True)
class Timing:
    """One comparison; a row of the raw table. Seconds of processor time, per call."""

    group: str
    case: str
    repeat: int
    ours: float
    bare: float
    value: float
    limit: float
    unit: str


def compare(case: Case, repeat: int) -> Timing:
    """Time both sides of a case in turn, alternating which goes first; return the medians."""
    seconds: dict[Thunk, list[float]] = {case.ours: [], case.bare: []}
    gc.collect()
    for number in range(case.rounds):
        if number >= 3 and case.calls * sum(map(sum, seconds.values())) > PATIENCE:
            break
        order = (case.ours, case.bare) if (number + repeat) % 2 else (case.bare, case.ours)
        for thunk in order:
            seconds[thunk].append(_clock(thunk, case.calls))
    pairs = zip(seconds[case.ours], seconds[case.bare], strict=True)
    value = float(np.median([case.value(ours, bare) for ours, bare in pairs]))
    ours, bare = (float(np.median(seconds[thunk])) for thunk in (case.ours, case.bare))
    return Timing(case.group, case.name, repeat, ours, bare, value, case.limit, case.unit)


def _clock(thunk: Thunk, calls: int) -> float:
    gc.disable()
    try:
        start = time.process_time()
        for _ in range(calls):
            thunk()
        return (time.process_time() - start) / calls
    finally:
        gc.enable()


def fit_cases(sizes: Sizes) -> Iterator[Case]:
    """Yield `fit` over the sum of its parts: a heavy teacher, and a light one as the hard case."""
    X, y = _classification(sizes.fit_rows, 2, n_features=10)
    forest = RandomForestClassifier(sizes.teacher_trees, random_state=0)
    students = {
        "tree": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "LightGBM": LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    }
    trees = f"RF-{sizes.teacher_trees}"
    for name, student in students.items():
        yield _fit_case(f"{trees} -> {name}, strength auto", 1.05, forest, student, "auto", X, y)
    yield _fit_case(f"{trees} -> tree, strength .5", 1.05, forest, students["tree"], 0.5, X, y)
    light = LGBMClassifier(n_estimators=sizes.teacher_trees, n_jobs=1, verbose=-1)
    for name, student in students.items():
        case = f"LightGBM-{sizes.teacher_trees} -> {name}, strength auto"
        yield _fit_case(case, math.nan, light, student, "auto", X, y)
    given = light, students["LightGBM"], 0.5, X, y
    case = f"LightGBM-{sizes.teacher_trees} -> LightGBM, strength .5"
    yield _fit_case(case, math.nan, *given)
    yield _fit_case(f"{case}, size free", math.nan, *given, size="free")


def _fit_case(
    name: str,
    limit: float,
    teacher: Any,
    student: Any,
    strength: Any,
    X: Any,
    y: Any,
    size: str = "direct",
) -> Case:
    how = {"cv": N_FOLDS, "strength": strength, "size": size, "random_state": 0}

    def ours() -> None:
        DistilledClassifier(clone(teacher), clone(student), **how).fit(X, y)

    def parts() -> None:
        splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
        splits = list(splitter.split(X, y))
        cross_val_predict(clone(teacher), X, y, cv=splits, method="predict_proba")
        clone(student).fit(X, y)
        for train, _ in splits if strength == "auto" else []:
            clone(student).fit(X[train], y[train])

    return Case("fit", name, limit, "ratio", 1, 1, ours, parts)


def objective_cases(sizes: Sizes) -> Iterator[Case]:
    """Yield LightGBM with the soft-target objective on one-hot targets over the native one."""
    for n_classes, n_rows, limit in (
        (2, sizes.binary_rows, 1.10),
        (7, sizes.multiclass_rows, 1.20),
    ):
        X, y = _classification(n_rows, n_classes, n_features=20)
        target = np.eye(n_classes)[y]
        name = f"{n_classes} classes, {n_rows} rows x 20, {sizes.trees} trees x 31 leaves"
        yield _objective_case(name, limit, X, y, target, sizes.trees)


def _objective_case(
    name: str, limit: float, X: Any, y: Any, target: NDArray[Any], trees: int
) -> Case:
    student = LGBMClassifier(n_estimators=trees, n_jobs=1, verbose=-1)

    def ours() -> None:
        objective = SoftCrossEntropy(target[:, 1] if target.shape[1] == 2 else target, None)
        start = np.array(np.broadcast_to(objective.start(), objective.target.shape))
        clone(student).set_params(objective=objective).fit(X, y, init_score=start)

    return Case("objective", name, limit, "ratio", 1, 1, ours, lambda: clone(student).fit(X, y))


def predict_cases(sizes: Sizes) -> Iterator[Case]:
    """Yield `predict_proba` over the bare student's own prediction, for one row and for many."""
    students = {
        "DecisionTreeClassifier": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "LGBMClassifier": LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1),
        "DecisionTreeRegressor": DecisionTreeRegressor(max_leaf_nodes=32, random_state=0),
        "logistic pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    }
    for n_classes in (2, 7):
        X, y = _classification(sizes.predict_rows, n_classes, n_features=20)
        p = _soft_labels(y, n_classes)
        for name, student in students.items():
            model = DistilledClassifier(None, student, strength=0.5).fit(X, y, teacher_proba=p)
            for bare, suffix in _bare_predictions(model.student_):
                for rows in (X[:1], X):
                    case = f"{name}, {n_classes} classes{suffix}"
                    yield _predict_case(case, model, bare, rows, has_bar=not suffix)


def _bare_predictions(student: Any) -> Iterator[tuple[Callable[[Any], Any], str]]:
    """Yield how one would get probabilities from the student without skdistill."""
    if hasattr(student, "predict_proba"):
        yield student.predict_proba, ""
        return

    def clip_and_normalise(X: Any) -> Any:
        scores = student.predict(X)
        if scores.ndim == 1:
            positive = np.clip(scores, 0.0, 1.0)
            return np.column_stack([1.0 - positive, positive])
        cut = np.maximum(scores, 0.0)
        return cut / cut.sum(axis=1, keepdims=True)

    yield clip_and_normalise, ""
    yield student.predict, ", over predict alone"


def _predict_case(
    name: str, model: Any, bare: Callable[[Any], Any], rows: Any, *, has_bar: bool
) -> Case:
    one = len(rows) == 1
    limit = (15.0 if one else 1.02) if has_bar else math.nan
    return Case(
        "predict",
        f"{name}, {len(rows)} row{'' if one else 's'}",
        limit,
        "microseconds" if one else "ratio",
        25 if one else 1,
        201 if one else 25,
        lambda: model.predict_proba(rows),
        lambda: bare(rows),
    )


def replication_cases(sizes: Sizes) -> Iterator[Case]:
    """Yield the fit to weighted copies over the fit to hard labels; some targets are zero."""
    learners = {
        "tree of 32 leaves": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "RF-20 of depth 8": RandomForestClassifier(20, max_depth=8, random_state=0),
        "logistic": LogisticRegression(),
        "HistGradientBoosting-20": HistGradientBoostingClassifier(
            max_iter=20, early_stopping=False, random_state=0
        ),
    }
    for n_classes in (2, 7):
        X, y = _classification(sizes.copied_rows, n_classes, n_features=20)
        target = _soft_labels(y, n_classes)
        copies = np.count_nonzero(target) / len(y)
        weight = target.max(axis=1)
        for name, learner in learners.items():
            case = f"{name}, {n_classes} classes, {copies:.2f} copies a row"
            yield _replication_case(case, copies, learner, X, y, target)
        # scikit-learn 1.9 bins weighted rows in another way, which costs more than the boosting.
        case = f"{name}, {n_classes} classes, over hard labels with weights"
        yield _replication_case(case, copies, learner, X, y, target, weight)


def _replication_case(
    name: str, copies: float, learner: Any, X: Any, y: Any, target: NDArray[Any], weight: Any = None
) -> Case:
    problem = Problem(X, target, CrossEntropy(), y, np.unique(y))
    adapter = resolve(learner)
    return Case(
        "replication",
        name,
        copies,
        "ratio",
        1,
        5,
        lambda: adapter.fit(problem),
        lambda: clone(learner).fit(X, y, sample_weight=weight),
    )


def search_cases(sizes: Sizes) -> Iterator[Case]:
    """Yield a search over the fits it cannot do without."""
    X, y = _classification(sizes.search_rows, 2, n_features=10)
    teacher = RandomForestClassifier(sizes.teacher_trees, random_state=0)
    for name, student in {
        "tree": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        "LightGBM 20x8": LGBMClassifier(n_estimators=20, num_leaves=8, n_jobs=1, verbose=-1),
        "LightGBM 50x31": LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1),
    }.items():
        n_candidates = 3 * sizes.search_strengths
        yield _search_case(f"{n_candidates} candidates: {name}", teacher, student, sizes, X, y)
    for n_classes in (2, 5):
        yield _together_case(n_classes, sizes)


def _search_case(name: str, teacher: Any, student: Any, sizes: Sizes, X: Any, y: Any) -> Case:
    strengths = np.linspace(0.0, 0.95, sizes.search_strengths)
    model = DistilledClassifierCV(
        teacher,
        student,
        cv=N_FOLDS,
        strengths=strengths,
        calibrations=(None, "sigmoid", "temperature"),
        student_calibration=None,
        fallback=False,
        random_state=0,
    )
    splits = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(X, y))
    soft, adapter, loss = _soft_labels(y, 2), resolve(student), CrossEntropy()
    labels, classes = np.eye(2)[y], np.arange(2)

    def fit_students() -> None:
        """Fit and ask each candidate on each fold, the direct student, and the chosen one."""
        for train, test in splits:
            targets = [
                loss.target(labels[train], soft[train], np.full(len(train), s))
                for s in [*strengths] * 3 + [1.0]
            ]
            for target in targets:
                problem = Problem(X[train], target, loss, y[train], classes)
                adapter.fit(problem).model.predict_proba(X[test])
        adapter.fit(Problem(X, loss.target(labels, soft, np.full(len(y), 0.5)), loss, y, classes))

    def parts() -> None:
        for j, (train, test) in enumerate(splits):
            clone(teacher).fit(X[train], y[train]).predict_proba(X[test])
            for other, test_too in splits[:j]:
                both = np.intersect1d(train, other)
                fitted = clone(teacher).fit(X[both], y[both])
                fitted.predict_proba(X[np.union1d(test, test_too)])
        fit_students()

    return Case("search", name, 1.15, "ratio", 1, 1, lambda: clone(model).fit(X, y), parts)


def _together_case(n_classes: int, sizes: Sizes) -> Case:
    X, y = _classification(sizes.fit_rows, n_classes, n_features=20)
    labels, soft = np.eye(n_classes)[y], _soft_labels(y, n_classes)
    adapter = resolve(LGBMClassifier(n_estimators=sizes.trees, n_jobs=1, verbose=-1))
    strengths = np.linspace(0.0, 0.95, sizes.search_strengths)
    problems = [
        Problem(X, (1.0 - s) * soft + s * labels, CrossEntropy(), y, np.arange(n_classes))
        for s in strengths
    ]

    def one_by_one() -> None:
        for problem in problems:
            adapter.fit(problem)

    name = f"{len(problems)} targets at once: LightGBM, {n_classes} classes"
    return Case("search", name, 1.0, "ratio", 1, 1, lambda: adapter.fit_many(problems), one_by_one)


GROUPS = {
    "objective": objective_cases,
    "predict": predict_cases,
    "replication": replication_cases,
    "fit": fit_cases,
    "search": search_cases,
}
CASES = {"objective": 2, "predict": 20, "replication": 10, "fit": 9, "search": 6}  # of each group
REPEATS = {"objective": 5, "predict": 5, "replication": 5, "fit": 3, "search": 1}


def _classification(n_rows: int, n_classes: int, n_features: int) -> tuple[Any, Any]:
    return make_classification(
        n_rows,
        n_features,
        n_informative=n_features // 2 + 2,
        n_redundant=0,
        n_classes=n_classes,
        flip_y=0.1,
        random_state=0,
    )


def _soft_labels(y: NDArray[Any], n_classes: int) -> NDArray[np.float64]:
    """Return probabilities such as a forest gives: some mass on the label, many exact zeros."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(n_classes, 0.5), size=len(y))
    p[p < 0.1] = 0.0
    p += np.eye(n_classes)[y]
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def summary(timings: pd.DataFrame) -> pd.DataFrame:
    """Return one line per case: median and quartiles over the repeats, and the verdict."""
    lines = []
    for (group, case), rows in timings.groupby(["group", "case"], sort=False):
        low, median, high = rows["value"].quantile([0.25, 0.5, 0.75])
        first = rows.iloc[0]
        digits = 1 if first["unit"] == "microseconds" else 3
        bar = "" if math.isnan(first["limit"]) else f"{first['limit']:.{max(digits, 2)}f}"
        lines.append(
            {
                "group": group,
                "case": case,
                "unit": first["unit"],
                "median": f"{median:.{digits}f}",
                "quartiles": f"{low:.{digits}f} to {high:.{digits}f}" if len(rows) > 1 else "",
                "repeats": len(rows),
                "at most": bar,
                "verdict": "" if not bar else "PASS" if median <= first["limit"] else "miss",
                "seconds, ours": f"{rows['ours'].median():.3g}",
                "seconds, bare": f"{rows['bare'].median():.3g}",
            }
        )
    return pd.DataFrame(lines)


def draw(timings: pd.DataFrame, folder: Path) -> tuple[tuple[str, str], ...]:
    """Draw the ratios and their bars."""
    ratios = timings[timings["unit"] == "ratio"]
    if ratios.empty:
        return ()
    names = ratios["group"] + ": " + ratios["case"]
    table = ratios.groupby(names, sort=False)[["value", "limit"]].median()
    table = table.rename(columns={"value": "median of the repeats", "limit": "at most"})
    file = ranges(folder, "speed", table, "time over the bare learner's", 1.0, log=True)
    return ((file, "Time over the bare learner's by case; red: the bar, where there is one."),)


def main(argv: list[str] | None = None) -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--summary", action="store_true", help="only make the table anew")
    add_common_arguments(parser, None, ", ".join(f"{g} {n}" for g, n in REPEATS.items()))
    arguments = parser.parse_args(argv)
    asked = 1 if arguments.quick else arguments.repeats
    groups = [] if arguments.summary else arguments.groups
    repeats = {group: REPEATS[group] if asked is None else asked for group in groups}
    folder = folder_of(arguments)
    log = Log(
        folder / "raw" / "speed.csv",
        Timing,
        ("group", "case", "repeat"),
        fresh=arguments.fresh or arguments.quick,
    )
    with threadpool_limits(1), warnings.catch_warnings():
        # Twenty iterations on either side, converged or not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        rows = measure(repeats, log, quick=arguments.quick)
        for timing in progress(rows, n_missing(repeats, log), said):
            log.add(timing)
    timings = log.frame()
    table = summary(timings)
    print(table.to_string(index=False))
    title, about = "Cost over the bare learners", (*ABOUT, repeats_said(table))
    drawn = draw(timings, folder)
    page = Page("speed", title, command_line("speed", argv), about, (), drawn, log.measured())
    page.write(folder, table)


def n_missing(repeats: dict[str, int], log: Log) -> int:
    """Return how many timings are not in the log yet."""
    known = log.frame() if len(log) else pd.DataFrame(columns=["group", "repeat"])
    wanted = known["repeat"] < known["group"].map(repeats)
    return sum(CASES[group] * n for group, n in repeats.items()) - int(wanted.sum())


def measure(repeats: dict[str, int], log: Log, *, quick: bool) -> Iterator[Timing]:
    """Yield the timings that are not in the log yet; `repeats` has their number by group."""
    for group, n_repeats in repeats.items():
        for case in GROUPS[group](QUICK if quick else Sizes()):
            shown = replace(case, calls=1, rounds=1) if quick else case
            for repeat in range(n_repeats):
                if (group, case.name, repeat) not in log:
                    yield compare(shown, repeat)


def said(timing: Timing) -> str:
    """Return the line that is printed of a timing."""
    value = f"{timing.value:.3f} {timing.unit} (at most {timing.limit:.3g})"
    return f"{timing.group}: {timing.case}, repeat {timing.repeat}: {value}"


def repeats_said(table: pd.DataFrame) -> str:
    """Return the sentence on how often each group was repeated, of the summary's lines."""
    counts = table.groupby("group", sort=False)["repeats"].agg(["min", "max"])
    parts = [
        f"*{group}* {low}" + (f" to {high}" if low < high else "")
        for group, low, high in counts.itertuples()
    ]
    return f"Repeats of each case: {', '.join(parts)}."


ABOUT = (
    (
        "What skdistill costs over the work that has to be done anyway. Both sides of a ratio run "
        "in turn in one process, on one thread; the clock is processor time."
    ),
    (
        "*fit*: 20,000 rows, over `cross_val_predict` of the teacher, one fit of the bare student "
        "and, with strength `auto`, one more on the training rows of each of the five folds; a "
        "light teacher has no bar, it shows what is added in the hard case. With *size free* the "
        "direct student is not fitted, whose leaves bound the distilled one's otherwise. "
        "*objective*: hard "
        "labels, so that both sides grow like trees. *predict*: over the student's own "
        "`predict_proba`; of a regressor, over `predict` and the two lines of NumPy that make "
        "probabilities of it. *search*: 60 candidates on 5,000 rows, over the fits and predictions "
        "of 15 teachers and 306 students, one by one; and 20 targets on the same 20,000 rows of 20 "
        "features at once, over one by one. *replication*: the bar is the number of "
        "copies per row. From 1.9 on scikit-learn's HistGradientBoosting bins weighted rows one "
        "threshold at a time, which takes longer than boosting 20 trees on 20,000 rows (mended for "
        "a later version in its pull request 34248); copies are weighted, so it is compared with "
        "weighted rows, too. With scikit-learn 1.6.1 the same command gives 1.54 and "
        "2.53 (`raw/speed_sklearn_1.6.1.csv`)."
    ),
)


if __name__ == "__main__":
    main()

"""The linear and the MLP student on the CPU; each figure a ratio of two timings of one run.

Five groups, with the bars that they have to clear:

- ``replication``: the linear student over `LogisticRegression` on weighted copies, at most half the
  time, and an objective that is no higher;
- ``path``: `distillation_path` over the same students fitted one by one, by us and by
  `LogisticRegression` on weighted copies, at most a fifth of the time;
- ``float32``: log-loss of the float32 student over that of float64, at most 1e-4 apart;
- ``mlp``: `SoftMLPClassifier` over scikit-learn's `MLPClassifier` on labels, time and log-loss;
- ``binning``: what a LightGBM student spends on binning, which one `Dataset` for all would save.

The clock is the processor time of this process, on one thread; both sides run in turn. An
interrupted run goes on at the group and repeat where it stopped.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import CrossEntropy, SoftLogisticRegression, SoftMLPClassifier, distillation_path
from skdistill._ground.metrics import log_loss
from skdistill.students import Problem, resolve
from skdistill.students.replication import ReplicationAdapter

__all__ = ["Measurement", "main"]

STRENGTHS, TEMPERATURES, CS = (0.0, 0.25, 0.5, 0.75, 1.0), (1.0, 2.0), (1e-3, 1e-2, 0.1, 1.0)


@dataclass(frozen=True)
class Sizes:
    """How large the problems are."""

    rows: int = 100_000
    path_rows: int = 20_000
    mlp_rows: int = 20_000
    features: int = 50


QUICK = Sizes(2_000, 600, 1_500, 10)


@dataclass(frozen=True)
class Measurement:
    """One comparison: seconds of processor time, and what they were spent on.

    `ours`, `theirs` are the objective or the log-loss that each side reached.
    """

    group: str
    case: str
    repeat: int
    seconds: float
    other_seconds: float
    ratio: float
    limit: float
    ours: float
    theirs: float


def timed(thunk: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took, and what it returned."""
    start = time.process_time()
    result = thunk()
    return time.process_time() - start, result


def rows_of(n: int, n_classes: int, features: int, seed: int) -> tuple[Any, Any, Any]:
    """Return rows, labels, and the probabilities of a teacher fitted to few of them."""
    informative = max(5, features // 2)
    X, y = make_classification(
        n,
        features,
        n_informative=informative,
        n_redundant=features // 5,
        n_classes=n_classes,
        flip_y=0.1,
        random_state=seed,
    )
    few = slice(0, max(200, n // 20))
    return X, y, SoftLogisticRegression(C=0.01).fit(X[few], y[few]).predict_proba(X)


def objective(model: Any, X: NDArray[Any], target: NDArray[Any], C: float) -> float:
    """Return the mean of the penalised loss."""
    f = X @ model.coef_.T + model.intercept_
    f = np.column_stack([np.zeros(len(f)), f]) if f.shape[1] == 1 else f
    loss = -np.mean(np.sum(target * log_softmax(f, axis=1), axis=1))
    return float(loss + 0.5 * np.sum(model.coef_**2) / (C * len(X)))


def replication(sizes: Sizes, repeat: int) -> Iterator[Measurement]:
    """Yield the linear student over `LogisticRegression` on weighted copies."""
    for n_classes in (2, 10):
        X, y, p = rows_of(sizes.rows, n_classes, sizes.features, repeat)
        for student in (
            LogisticRegression(),
            make_pipeline(StandardScaler(), LogisticRegression()),
        ):
            target = 0.5 * p + 0.5 * np.eye(n_classes)[y]
            scaled = hasattr(student, "steps")
            rows = StandardScaler().fit_transform(X) if scaled else X
            problem = Problem(rows, target, CrossEntropy(), y, np.arange(n_classes))
            learner = student[-1] if scaled else student
            seconds, ours = timed(lambda: resolve(learner).fit(problem).model)  # noqa: B023
            other, theirs = timed(lambda: ReplicationAdapter(learner).fit(problem).model)  # noqa: B023
            case = f"{sizes.rows} x {sizes.features}, {n_classes} classes"
            case += ", standardised" if scaled else ", as they are"
            values = (objective(m, rows, target, learner.C) for m in (ours, theirs))
            yield Measurement(
                "replication", case, repeat, seconds, other, seconds / other, 0.5, *values
            )


def path(sizes: Sizes, repeat: int) -> Iterator[Measurement]:
    """Yield the path of 40 candidates x 5 folds over single fits of our own, and over copies."""
    for n_classes in (2, 10):
        X, y, p = rows_of(sizes.path_rows, n_classes, sizes.features, repeat)
        folds = list(StratifiedKFold(5, shuffle=True, random_state=repeat).split(X, y))
        grid = {"strengths": STRENGTHS, "temperatures": TEMPERATURES, "Cs": CS, "folds": folds}
        seconds, fitted = timed(lambda: distillation_path(X, y, p, **grid))  # noqa: B023
        ours = float(fitted.log_loss(X, y).mean(axis=1).min())
        case = f"{sizes.path_rows} x {sizes.features}, {n_classes} classes, 40 candidates x 5 folds"
        other, theirs = timed(lambda: one_by_one(fitted, X, y, p))  # noqa: B023
        values = (ours, float(np.mean(theirs, axis=1).min()))
        yield Measurement(
            "path",
            f"{case}, over single fits",
            repeat,
            seconds,
            other,
            seconds / other,
            0.2,
            *values,
        )
        # One fold's fifth of the copies is enough to know what all would take.
        other, _ = timed(lambda: one_by_one(fitted, X, y, p, copies=True))  # noqa: B023
        ratio = seconds / (40 * other)
        yield Measurement(
            "path", f"{case}, over copies", repeat, seconds, 40 * other, ratio, 0.2, ours, np.nan
        )


def one_by_one(fitted: Any, X: Any, y: Any, p: Any, *, copies: bool = False) -> NDArray[Any]:
    """Fit the candidates of a path singly; with `copies` five of them, by `LogisticRegression`."""
    n_classes = p.shape[1]
    one_hot, losses = np.eye(n_classes)[y], np.full(fitted.n_iter.shape, np.nan)
    for fold, (train, test) in enumerate(fitted.folds):
        numbers = [8 * fold + 2 * (fold % 4)] if copies else range(len(fitted))
        for number in numbers:
            loss = CrossEntropy(temperature=fitted.temperatures[number])
            gain = np.full(len(train), fitted.strengths[number])
            target = loss.target(one_hot[train], p[train], gain)
            problem = Problem(X[train], target, loss, y[train], np.arange(n_classes))
            learner = LogisticRegression(C=fitted.Cs[number])
            if copies:
                ReplicationAdapter(learner).fit(problem)
                continue
            model = resolve(SoftLogisticRegression(C=fitted.Cs[number])).fit(problem).model
            losses[number, fold] = log_loss(one_hot[test], model.predict_proba(X[test]))
    return losses


def float32(sizes: Sizes, repeat: int) -> Iterator[Measurement]:
    """Yield float32 over float64."""
    for n_classes in (2, 10):
        X, y, p = rows_of(sizes.rows, n_classes, sizes.features, repeat)
        target = 0.5 * p + 0.5 * np.eye(n_classes)[y]
        seconds, losses = [], []
        for dtype in (np.float32, np.float64):
            rows = X.astype(dtype)
            spent, model = timed(lambda: SoftLogisticRegression().fit(rows, target))  # noqa: B023
            seconds.append(spent)
            losses.append(log_loss(np.eye(n_classes, dtype=dtype)[y], model.predict_proba(rows)))
        case = f"{sizes.rows} x {sizes.features}, {n_classes} classes"
        yield Measurement(
            "float32", case, repeat, *seconds, seconds[0] / seconds[1], np.nan, *losses
        )


def mlp(sizes: Sizes, repeat: int) -> Iterator[Measurement]:
    """Yield our network over scikit-learn's, on labels, judged on fresh rows."""
    for n_classes in (2, 7):
        X, y, _ = rows_of(2 * sizes.mlp_rows, n_classes, sizes.features, repeat)
        (X, fresh), (y, truth) = np.split(X, 2), np.split(y, 2)
        ours = SoftMLPClassifier((64,), random_state=repeat)
        theirs = make_pipeline(
            StandardScaler(), MLPClassifier((64,), early_stopping=True, random_state=repeat)
        )
        seconds, losses = [], []
        for model in (ours, theirs):
            seconds.append(timed(lambda: model.fit(X, y))[0])  # noqa: B023
            predicted = np.asarray(model.predict_proba(fresh), dtype=np.float64)
            losses.append(log_loss(np.eye(n_classes)[truth], predicted))
        case = f"{sizes.mlp_rows} x {sizes.features}, {n_classes} classes, 64 units"
        yield Measurement("mlp", case, repeat, *seconds, seconds[0] / seconds[1], np.nan, *losses)


def binning(sizes: Sizes, repeat: int) -> Iterator[Measurement]:
    """Yield the binning of the rows over a whole fit of LightGBM."""
    X, y, _ = rows_of(sizes.rows, 2, sizes.features, repeat)
    params = {"verbosity": -1, "num_threads": 1}
    student = lightgbm.LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1)
    seconds, _ = timed(lambda: lightgbm.Dataset(X, y, params=params).construct())
    other, _ = timed(lambda: student.fit(X, y))
    case = f"{sizes.rows} x {sizes.features}, 50 trees"
    nothing = (np.nan, np.nan, np.nan)
    yield Measurement("binning", case, repeat, seconds, other, seconds / other, *nothing)


GROUPS = {
    "replication": replication,
    "path": path,
    "float32": float32,
    "mlp": mlp,
    "binning": binning,
}
CASES = {"replication": 4, "path": 4, "float32": 2, "mlp": 2, "binning": 1}  # of each group


def missing(groups: Sequence[str], repeats: Sequence[int], log: Log) -> list[tuple[str, int]]:
    """Return the groups and repeats that are not whole in the log yet."""
    known = log.frame().value_counts(["group", "repeat"]).to_dict() if len(log) else {}
    return [cell for cell in product(groups, repeats) if known.get(cell, 0) < CASES[cell[0]]]


def said(found: Measurement) -> str:
    """Return the line that is printed of a measurement."""
    faster = f"{1.0 / found.ratio:.2f} times faster"
    return f"{found.group}: {found.case}, repeat {found.repeat}: {faster}"


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return medians over the repeats, and what they say of the bars."""
    lines = []
    for (group, case), part in table.groupby(["group", "case"], sort=False):
        ratio, limit = part["ratio"].median(), part["limit"].iloc[0]
        apart = (part["ours"] - part["theirs"]).max()
        verdict = "" if np.isnan(limit) else "PASS" if ratio <= limit else "miss"
        if group == "replication" and apart > 1e-5:
            verdict = "miss"
        if group == "float32":
            verdict = "PASS" if (part["ours"] - part["theirs"]).abs().max() <= 1e-4 else "miss"
        lines.append(
            {
                "group": group,
                "case": case,
                "seconds, ours": part["seconds"].median(),
                "seconds, other": part["other_seconds"].median(),
                "times faster": 1.0 / ratio,
                "at least": 1.0 / limit,
                "loss, ours": part["ours"].median(),
                "loss, other": part["theirs"].median(),
                "verdict": verdict,
            }
        )
    return pd.DataFrame(lines)


def main(argv: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.linear", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    add_common_arguments(parser, repeats=3)
    arguments = parser.parse_args(argv)
    sizes, repeats = (QUICK, 1) if arguments.quick else (Sizes(), arguments.repeats)
    folder = folder_of(arguments)
    log = Log(
        folder / "raw" / "linear.csv",
        Measurement,
        ("group", "case", "repeat"),
        fresh=arguments.fresh or arguments.quick,
    )
    with threadpool_limits(1), warnings.catch_warnings():
        # What scikit-learn reaches in its iterations is what it is compared by.
        warnings.simplefilter("ignore", ConvergenceWarning)
        seeds = range(arguments.seed, arguments.seed + repeats)
        wanted = missing(arguments.groups, seeds, log)
        rows = (row for group, repeat in wanted for row in GROUPS[group](sizes, repeat))
        for row in progress(rows, sum(CASES[group] for group, _ in wanted), said):
            log.add(row)
    table = summary(log.frame())
    print(table.to_string(index=False))
    title, command = "Linear and MLP students", command_line("linear", argv)
    Page("linear", title, command, ABOUT, measured=log.measured()).write(folder, table)


ABOUT = (
    (
        "The linear student against `LogisticRegression` on weighted copies of the rows, the path "
        "of 40 candidates x 5 folds against fits one by one, float32 against float64, and the MLP "
        "student against scikit-learn's. Both sides of a ratio run in turn in one process, on one "
        "thread; the clock is processor time, the median over the repeats is shown."
    ),
    (
        "*replication*, *path*: default tolerances on both sides; the loss is the penalised "
        "objective, or the best candidate's log-loss out of fold; a path *over copies* is compared "
        "with 40 times the five fits (one per fold) that were timed. *float32*: log-loss on the "
        "labels; the bar is a difference of 1e-4. *mlp*: labels of fresh rows. *binning*: seconds "
        "that LightGBM takes to bin the rows, over a whole fit."
    ),
)


if __name__ == "__main__":
    main()

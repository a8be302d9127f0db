"""``python -m benchmarks.regression``: distilled regressors against direct and tuned direct ones.

For every table, seed, teacher and student: the test loss (the squared error, of counts and amounts
the deviance that fits them) of the student trained directly with its default settings, of the best
of a few settings that keep its size (chosen by cross-validation on the training rows), and of
`DistilledRegressor` with its defaults; the losses at fixed strengths, which nothing but a choice on
test rows could pick, and what each measure of the rule alone would have asked for.
"""

import argparse
import ast
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import GammaRegressor, PoissonRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from benchmarks.numbers import NUMBERS, Split, split_numbers
from benchmarks.ratios import HARM, geometric_mean, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledRegressor
from skdistill._ground.costs import count_parts
from skdistill.targets.numeric_losses import resolve_numeric_loss

CHOSEN_ON = ("friedman1", "friedman2_heavy", "friedman3_noisy", "linear", "counts", "amounts")
JUDGED_ON = (
    "abalone", "california_housing", "diamonds", "wine_quality", "friedman1_noisy", "friedman2",
    "friedman3", "linear_dense", "counts_rare", "amounts_noisy",
)  # fmt: skip
GRID = (0.0, 0.25, 0.5, 0.75)
SCORING = {
    "squared_error": "neg_mean_squared_error",
    "poisson": "neg_mean_poisson_deviance",
    "gamma": "neg_mean_gamma_deviance",
}
Key = tuple[str, int, int, str, str]  # table, rows, seed, teacher, student
ABOUT = """\
Test loss (root of the mean squared error; of counts and amounts the deviance) over that of the same
student trained directly: geometric mean / worst cell / share of cells of at most {harm}. *Default*:
over the student with its library's settings. *Tuned*: over the same student with the best of a few
settings that keep its size (learning rate times .5, 1 and 2; 1, 5 and 20 rows a leaf; penalties),
chosen by three-fold cross-validation on the training rows; the distilled student has its default
settings. *Nodes*: of its trees, over the direct student's. *Best strength*: what the best of five
strengths would give, chosen on the test rows, for comparison only. {rows} training rows, or 70% of
a smaller table; one seed; teachers: a forest of 200 trees, LightGBM of 300 trees."""


@dataclass(frozen=True)
class Row:
    """One student of one teacher on one split."""

    data: str
    n_rows: int
    seed: int
    teacher: str
    student: str
    direct: float
    tuned: float
    distilled: float
    strength: float
    alone: str  # strengths that each measure asks for
    at_grid: str
    nodes_direct: float
    nodes_distilled: float
    teacher_r2: float


def teachers(loss: str) -> dict[str, Any]:
    """Return the teachers, by name; boosting minimises the loss of the table."""
    objective = "regression" if loss == "squared_error" else loss
    boosting = lightgbm.LGBMRegressor(
        n_estimators=300, learning_rate=0.04, num_leaves=15, colsample_bytree=0.8,
        objective=objective, random_state=0, verbose=-1, n_jobs=1,
    )  # fmt: skip
    forest = RandomForestRegressor(200, min_samples_leaf=2, max_features=0.5, random_state=0)
    return {"forest": forest, "lightgbm": boosting}


def students(loss: str) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return the students that minimise a loss, and the settings that are tried, by name."""
    objective = "regression" if loss == "squared_error" else loss
    rates = {"learning_rate": [0.05, 0.1, 0.2], "min_child_samples": [5, 20, 60]}
    leaf = {"min_samples_leaf": [1, 5, 20]}

    def boosting(trees: int, leaves: int) -> Any:
        return lightgbm.LGBMRegressor(
            n_estimators=trees, num_leaves=leaves, objective=objective, verbose=-1, n_jobs=1
        )

    linear = {
        "squared_error": Ridge(),
        "poisson": PoissonRegressor(alpha=1e-3, max_iter=1000),
        "gamma": GammaRegressor(alpha=1e-3, max_iter=1000),
    }[loss]
    name = f"{type(linear).__name__.lower()}__alpha"
    found: dict[str, tuple[Any, dict[str, Any]]] = {
        "linear": (make_pipeline(StandardScaler(), linear), {name: [1e-3, 1e-1, 1.0, 100.0]}),
        "lightgbm 20x8": (boosting(20, 8), rates),
        "lightgbm 50x31": (boosting(50, 31), rates),
        "lightgbm 200x31": (boosting(200, 31), rates | {"learning_rate": [0.02, 0.05, 0.1]}),
    }
    if loss != "gamma":  # no criterion of scikit-learn's trees
        given = {"criterion": loss, "random_state": 0}
        found["tree, 32 leaves"] = DecisionTreeRegressor(max_leaf_nodes=32, **given), leaf
        found["tree, unpruned"] = DecisionTreeRegressor(**given), leaf
        found["forest of 10"] = RandomForestRegressor(10, **given), leaf
    if loss == "squared_error":
        network = MLPRegressor(hidden_layer_sizes=(32,), max_iter=100, random_state=0)
        scaled = make_pipeline(StandardScaler(), network)
        found["mlp"] = (
            TransformedTargetRegressor(scaled, transformer=StandardScaler()),
            {"regressor__mlpregressor__alpha": [1e-4, 1e-2, 1.0]},
        )
    return found


def test_loss(model: Any, split: Split) -> float:
    """Return the root mean squared error, or the deviance, of the test rows."""
    loss = resolve_numeric_loss(split.loss)
    y = split.y_test[:, None]
    said = loss.lift(np.asarray(model.predict(split.X_test)).reshape(-1, 1), loss.mean_level(y))
    mean = float(np.average(loss.value(said, y), weights=split.weight_test))
    return float(np.sqrt(mean)) if split.loss == "squared_error" else mean


def cells(arguments: argparse.Namespace) -> Iterator[Key]:
    """Yield what is to be measured."""
    wanted = product(arguments.sets, arguments.rows, range(arguments.repeats))
    for name, n_rows, seed in wanted:
        loss = split_numbers(name, 50, 0).loss
        for teacher, student in product(teachers(loss), students(loss)):
            if student in arguments.students:
                yield name, n_rows, seed, teacher, student


def measure(name: str, n_rows: int, seed: int, wanted: Sequence[Key]) -> Iterator[Row]:
    """Measure all cells of one split; each teacher is cross-fitted once, students tuned once."""
    split = split_numbers(name, n_rows, seed)
    given, rows = students(split.loss), (split.X, split.y, split.weight)
    directs: dict[str, tuple[float, float, float]] = {}
    for teacher, of_teacher in groupby(wanted, key=lambda cell: cell[3]):
        pool = None
        for *_, name_of in of_teacher:
            student, grid = given[name_of]
            if name_of not in directs:
                directs[name_of] = _direct(student, grid, split)
            direct, tuned, nodes = directs[name_of]
            if pool is None:
                pool = DistilledRegressor(
                    teachers(split.loss)[teacher], student, random_state=seed
                ).fit(*rows)
                model = pool
            else:
                model = pool.refit_student(*rows, student=student)
            at = [model.refit_student(*rows, strength=strength) for strength in GRID]
            shrinkage = model.report_.shrinkage or {}
            alone = {k: round(v["strength"], 4) for k, v in shrinkage.items() if k != "strength"}
            yield Row(
                name, n_rows, seed, teacher, name_of, direct, tuned,
                test_loss(model, split), model.strength_, str(alone),
                " ".join(f"{test_loss(each, split):.6g}" for each in at),
                nodes, float(count_parts(model.student_).nodes or np.nan),
                model.report_.teacher["raw"]["r2"],
            )  # fmt: skip


def _direct(student: Any, grid: dict[str, Any], split: Split) -> tuple[float, float, float]:
    """Return the test losses of the direct student, as it is and tuned, and its nodes."""
    model = clone(student)
    weight: dict[str, Any] = {}
    if split.weight is not None:
        last = f"{model.steps[-1][0]}__" if hasattr(model, "steps") else ""
        weight = {f"{last}sample_weight": split.weight}
    model.fit(split.X, split.y, **weight)
    search = GridSearchCV(student, grid, scoring=SCORING[split.loss], cv=3)
    search.fit(split.X, split.y, **weight)
    nodes = float(count_parts(model).nodes or np.nan)
    return test_loss(model, split), test_loss(search, split), nodes


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row per student, and one for all."""
    rows = []
    parts: list[tuple[str, pd.DataFrame]] = [("all", frame)]
    for name, part in [*frame.groupby("student", sort=False), *parts]:
        grid = [[float(v) for v in text.split()] for text in part["at_grid"]]
        best = np.minimum(np.min(grid, axis=1), part["direct"].to_numpy())
        rows.append(
            {
                "student": name,
                "cells": len(part),
                "default": in_short(part["distilled"] / part["direct"]),
                "tuned": in_short(part["distilled"] / part["tuned"]),
                "tuned direct / direct": f"{geometric_mean(part['tuned'] / part['direct']):.3f}",
                "best strength": in_short(best / part["direct"].to_numpy()),
                "at strength 1": f"{np.mean(part['strength'] == 1.0):.0%}",
                "nodes": nodes(part),
            }
        )
    return pd.DataFrame(rows)


def nodes(part: pd.DataFrame) -> str:
    """Return the geometric mean of nodes over the direct student's; blank without trees."""
    ratio = (part["nodes_distilled"] / part["nodes_direct"]).dropna()
    return f"{geometric_mean(ratio):.2f}" if len(ratio) else ""


def rules(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what each measure of the rule alone would do, by interpolation on the grid."""
    rows = []
    for name in ("shipped: the larger", "movement", "dispersion", "mean"):
        found = []
        for row in frame.itertuples():
            alone = ast.literal_eval(row.alone)
            both = alone.get("movement", 1.0), alone.get("dispersion", 1.0)
            chosen = {"shipped: the larger": max(both), "mean": sum(both) / 2.0}
            strength = chosen.get(name, alone.get(name, 1.0))
            losses = [*map(float, row.at_grid.split()), row.direct]
            found.append(np.interp(strength, [*GRID, 1.0], losses) / row.direct)
        rows.append({"rule": name, "over direct": in_short(np.array(found))})
    return pd.DataFrame(rows)


def said(row: Row) -> str:
    """Return what a line of progress says."""
    return f"{row.data} {row.teacher} {row.student}: {row.distilled / row.direct:.3f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regression", description=__doc__)
    add_common_arguments(parser, repeats=1)
    every = list(students("squared_error"))
    parser.add_argument("--rows", type=int, nargs="+", default=[2000])
    parser.add_argument(
        "--sets", nargs="+", default=[*CHOSEN_ON, *JUDGED_ON], choices=sorted(NUMBERS)
    )
    parser.add_argument("--students", nargs="+", default=every, choices=every)
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows, arguments.repeats = ["diabetes"], [200], 1
        arguments.students = ["linear", "tree, 32 leaves"]
    folder = folder_of(arguments)
    key = ("data", "n_rows", "seed", "teacher", "student")
    log = Log(folder / "raw" / "regression.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # networks that have not converged
    wanted = sorted(log.missing(cells(arguments)))
    splits = groupby(wanted, key=lambda cell: cell[:3])
    rows: Iterable[Row] = (
        row for split, of_split in splits for row in measure(*split, list(of_split))
    )
    for row in progress(rows, len(wanted), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    parts = [
        (heading, part)
        for heading, names in (
            ("Tables the rule was chosen on", CHOSEN_ON),
            ("Tables that judge it", JUDGED_ON),
        )
        if len(part := shown[shown["data"].isin(names)])
    ]
    others = [(heading, rules(part)) for heading, part in parts]
    for heading, other in others:
        print(heading, other.to_string(index=False), sep="\n")
    numbers = " and ".join(f"{rows:,}" for rows in arguments.rows)
    Page(
        name="regression",
        title="Distilled regressors against direct and tuned direct ones",
        command=command_line("regression", argv),
        about=(ABOUT.format(harm=HARM, rows=numbers),),
        measured=log.measured(shown),
    ).write(folder, table, *others)


if __name__ == "__main__":
    main()

"""A tree of 4 to 256 leaves, trained directly and distilled: what each size loses.

    python -m benchmarks.frontier

The picture of the README. Both sides are tuned by one search over the same settings.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from benchmarks.datasets import encode, load
from benchmarks.figures import curves
from benchmarks.results import Page, add_common_arguments, command_line, folder_of
from skdistill import DistilledClassifierCV

__all__ = ["losses", "main", "sentence", "table_of"]

LEAVES = (4, 8, 16, 32, 64, 128, 256)
NAME = "frontier"
DIRECT, DISTILLED, TEACHER = "trained directly, tuned", "distilled, tuned", "teacher"
ABOUT = """Log-loss of a tree by its leaves, on {data}, {rows:,} rows: trained directly, and
distilled from a teacher, the average of {trees} extremely randomised trees and as many boosted
ones. Rows a leaf are chosen among the same few for both, the strength for the distilled one; all by
cross-validation, in which no teacher has seen the rows that are judged (`DistilledClassifierCV`
with ``settings="auto"``)."""


def losses(
    X: NDArray[np.float64], y: NDArray[Any], trees: int, leaves: tuple[int, ...], seed: int
) -> tuple[dict[str, Any], float]:
    """Return the frontier of a search over trees of these leaves, and the teacher's loss."""
    boosted = LGBMClassifier(n_estimators=trees, n_jobs=1, verbose=-1, random_state=seed)
    forest = ExtraTreesClassifier(trees, random_state=seed)
    teacher = VotingClassifier([("forest", forest), ("boosted", boosted)], voting="soft")
    students = [
        (str(n), DecisionTreeClassifier(max_leaf_nodes=n, random_state=seed)) for n in leaves
    ]
    search = DistilledClassifierCV(
        teacher, students, settings="auto", cv=4, student_calibration=None, random_state=seed
    )
    search.fit(X, y)
    return search.frontier_, search.verdict_.teacher["calibrated"]


def table_of(frontier: dict[str, Any], teacher: float, leaves: tuple[int, ...]) -> pd.DataFrame:
    """Return a row for each number of leaves: the loss of both sides, and the teacher's."""
    named = [str(name).split(" (")[0] for name in frontier["student"]]
    found = {
        (name, str(side)): float(loss)
        for name, side, loss in zip(named, frontier["side"], frontier["loss"], strict=True)
    }
    columns = {
        "leaves": list(leaves),
        DIRECT: [found[str(n), "direct"] for n in leaves],
        DISTILLED: [found[str(n), "distilled"] for n in leaves],
        TEACHER: [teacher] * len(leaves),
    }
    return pd.DataFrame(columns)


def sentence(table: pd.DataFrame) -> str:
    """Return what the best direct tree loses, its size distilled, and the best of all."""
    direct, distilled = table.loc[table[DIRECT].idxmin()], table.loc[table[DISTILLED].idxmin()]
    return (
        f"The best tree trained directly has {direct['leaves']:.0f} leaves and a log-loss of "
        f"{direct[DIRECT]:.3f}; distilled, that size has {direct[DISTILLED]:.3f}, and the best "
        f"({distilled['leaves']:.0f} leaves) {distilled[DISTILLED]:.3f}."
    )


def main(argv: list[str] | None = None) -> None:
    """Measure, and write the table and the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frontier", description=__doc__)
    parser.add_argument("--set", default="magic", help="data set (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=4000, help="(default: %(default)s)")
    add_common_arguments(parser, 1)
    arguments = parser.parse_args(argv)
    trees, leaves = 200, LEAVES
    if arguments.quick:
        arguments.set, arguments.rows, trees, leaves = "breast_cancer", 200, 10, LEAVES[:3]
    X, y = load(arguments.set)
    if len(y) > arguments.rows:
        kept, _ = train_test_split(
            np.arange(len(y)), train_size=arguments.rows, stratify=y, random_state=arguments.seed
        )
        X, y = X.iloc[kept], y[kept]
    table = table_of(*losses(encode(X)[0], y, trees, leaves, arguments.seed), leaves)
    said, folder = sentence(table), folder_of(arguments)
    print(table.to_string(index=False), said, sep="\n")
    drawn = table.set_index("leaves")
    title = f"{arguments.set}, {len(y):,} rows"
    file = curves(folder, NAME, {title: drawn}, ("leaves of the tree", "log-loss"))
    Page(
        name=NAME,
        title="A tree of any size, directly and distilled",
        command=command_line(NAME, argv),
        about=(ABOUT.format(data=arguments.set, rows=len(y), trees=trees),),
        figures=((file, said),),
    ).write(folder, table)


if __name__ == "__main__":
    main()

"""``python -m benchmarks.size``: trees and forests on soft labels, let grow or kept to a size.

For every set, seed and student the test log-loss and the nodes are measured of the student trained
directly, distilled without a bound, kept to the direct student's size as `skdistill` does (leaves
per tree), and by two other means at the same size: stopped where a split gains too little
(``min_impurity_decrease``), and pruned (``ccp_alpha``). The last two are searched for the setting
that gives the size; the three are also compared at a quarter of it.
"""

import argparse
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.ratios import HARM, floored_log_loss, geometric_mean, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.strength import CHOSEN_ON, sizes
from skdistill import DistilledClassifier
from skdistill._ground.costs import count_parts

JUDGED_ON = ("bank_marketing", "magic", "satimage", "digits", "letter")
SEARCHED = {"stopped": "min_impurity_decrease", "pruned": "ccp_alpha"}
RANGE, STEPS = (1e-7, 1e-1), 9  # of the search for a setting
QUARTER = 0.25
WAYS = ("free", "leaves", "stopped", "pruned", "leaves, 1/4", "stopped, 1/4", "pruned, 1/4")
N_TEST = 4000
ABOUT = """\
Test log-loss over that of the same student trained directly: geometric mean / worst cell / share of
cells of at most {harm}; and its nodes over the direct student's. Each cell is a set, a number of
training rows ({rows}) and a seed; the teacher is the average of a forest of 200 trees and LightGBM,
the strength is found. *free*: ``size="free"``; *leaves*: the default, each tree with as many leaves
as the direct student's in its place, best split first; *stopped*: ``min_impurity_decrease``,
*pruned*: ``ccp_alpha``, the least that gives no more nodes than the direct student has; *1/4*: with
a quarter of them. A tree whose number of leaves is given is neither stopped nor pruned."""
CHOICE = f"""\
Chosen on {", ".join(CHOSEN_ON)}, by loss at equal size: the three are within about one per cent of
each other, and leaves cost the least, as nothing is grown that is cut again, and hold exactly. On
the other sets they do as well for trees and extra-trees; a forest loses 2% on magic, where pruning
loses nothing, and is trained directly on satimage, digits and letter. A single tree is as good at a
quarter of the size; forests are not, and pruning, a setting of the student, loses the least."""
Floats = NDArray[np.floating[Any]]
Key = tuple[str, int, int, str, str]  # set, rows, seed, student, way


@dataclass(frozen=True)
class Row:
    """One student on one split, grown one way."""

    data: str
    n_rows: int
    seed: int
    student: str
    way: str
    strength: float
    log_loss: float
    nodes: int
    trees: int


def teacher() -> VotingClassifier:
    """Return the teacher."""
    boosting = lightgbm.LGBMClassifier(n_estimators=100, num_leaves=15, verbose=-1, n_jobs=1)
    forest = RandomForestClassifier(200, min_samples_leaf=2, random_state=0)
    return VotingClassifier([("forest", forest), ("boosting", boosting)], voting="soft")


def students() -> dict[str, Any]:
    """Return the students."""
    return {
        "tree": DecisionTreeClassifier(random_state=0),
        "tree, 32 leaves": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "forest of 10": RandomForestClassifier(10, random_state=0),
        "extra-trees of 10": ExtraTreesClassifier(10, random_state=0),
    }


def cells(arguments: argparse.Namespace) -> Iterator[Key]:
    """Yield what the command asks for, by set, size and seed."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    for name in arguments.sets:
        rows = sizes(name, arguments.rows)
        for student in arguments.students:
            given = students()[student].max_leaf_nodes is not None
            ways = [way for way in WAYS if not (given and way not in {"free", "leaves"})]
            yield from product([name], rows, seeds, [student], ["direct", *ways])


def measure(name: str, n_train: int, seed: int, wanted: Iterable[Key]) -> Iterator[Row]:
    """Yield the rows that are wanted of one set, size and seed."""
    X, y = load(name)
    split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    (X_train, X_test), y_train = encode(*split[:2]), split[2]
    truth = np.searchsorted(np.unique(y_train), split[3][:N_TEST])
    stump = DecisionTreeClassifier(max_depth=1)
    first = DistilledClassifier(teacher(), stump, strength=0.0, random_state=seed)
    first.fit(X_train, y_train)
    for student, keys in groupby(wanted, key=lambda key: key[3]):
        learner = students()[student]
        found = first.refit_student(X_train, y_train, student=learner, strength="auto").strength_
        grow = _Grown(first, X_train, y_train, learner, found)
        for key in keys:
            model = grow.by(key[-1])
            p, parts = model.predict_proba(X_test[:N_TEST]), count_parts(model)
            yield Row(*key, found, floored_log_loss(truth, p), parts.nodes or 0, parts.trees or 0)


class _Grown:
    """Students of the same labels and strength, each grown another way."""

    def __init__(
        self, first: DistilledClassifier, X: Floats, y: NDArray[Any], student: Any, strength: float
    ) -> None:
        self.refit: Callable[..., Any] = lambda **changes: first.refit_student(
            X, y, strength=strength, **changes
        )
        self.student = student
        self.direct = clone(student).fit(X, y)

    def by(self, way: str) -> Any:
        """Return the fitted student."""
        parts = count_parts(self.direct)
        kind, _, smaller = way.partition(", ")
        share = QUARTER if smaller else 1.0
        if kind == "direct":
            return self.direct
        if kind == "free":
            return self.refit(student=self.student, size="free").student_
        if kind == "leaves":
            if not smaller:
                return self.refit(student=self.student).student_
            leaves = max(2, int(share * (parts.leaves or 0) / (parts.trees or 1)))
            return self._with("max_leaf_nodes", leaves)
        return self._largest(SEARCHED[kind], int(share * (parts.nodes or 0)))

    def _with(self, name: str, value: Any) -> Any:
        changed = clone(self.student).set_params(**{name: value})
        return self.refit(student=changed, size="free").student_

    def _largest(self, name: str, nodes: int) -> Any:
        """Return the largest student with at most so many nodes, by bisection of a setting."""
        low, high = np.log(RANGE)
        kept = self._with(name, RANGE[1])
        for _ in range(STEPS):
            middle = (low + high) / 2
            model = self._with(name, float(np.exp(middle)))
            if (count_parts(model).nodes or 0) <= nodes:
                high, kept = middle, model
            else:
                low = middle
        return kept


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per student and way, for the sets chosen on and for the others."""
    key = ["data", "n_rows", "seed", "student"]
    direct = frame[frame["way"] == "direct"].set_index(key)
    lines = []
    for student, way in product(students(), WAYS):
        part = frame[(frame["student"] == student) & (frame["way"] == way)].set_index(key)
        base = direct.loc[part.index]
        loss, nodes = part["log_loss"] / base["log_loss"], part["nodes"] / base["nodes"]
        chosen_on = part.index.get_level_values("data").isin(CHOSEN_ON)
        line: dict[str, Any] = {"student": student, "way": way}
        for name, mask in (("chosen on", chosen_on), ("judged on", ~chosen_on)):
            if mask.any():
                line[f"loss, {name}"] = in_short(loss[mask].to_numpy())
                line[f"nodes, {name}"] = f"{geometric_mean(nodes[mask].to_numpy()):.2f}"
        if len(part):
            lines.append(line)
    return pd.DataFrame(lines)


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, {row.n_rows} rows, seed {row.seed}, {row.student}, {row.way}: "
        f"{row.log_loss:.4f}, {row.nodes} nodes"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, nargs="+", default=[2000])
    parser.add_argument("--sets", nargs="+", default=[*CHOSEN_ON, *JUDGED_ON])
    parser.add_argument("--students", nargs="+", default=list(students()), choices=list(students()))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows, arguments.repeats = sorted(BUNDLED)[:1], [300], 1
        arguments.students = list(students())[:1]
    folder = folder_of(arguments)
    key = ("data", "n_rows", "seed", "student", "way")
    log = Log(folder / "raw" / "size.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # classes that LightGBM hardly sees
    wanted = sorted(log.missing(cells(arguments)), key=lambda cell: cell[:3])
    splits = groupby(wanted, key=lambda cell: cell[:3])
    rows = (row for split, of_split in splits for row in measure(*split, list(of_split)))
    for row in progress(rows, len(wanted), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    numbers = " and ".join(f"{rows:,}" for rows in arguments.rows)
    Page(
        name="size",
        title="Distilled trees and forests at the direct student's size",
        command=command_line("size", argv),
        about=(ABOUT.format(harm=HARM, rows=f"{numbers}, or 70% of a smaller set"),),
        notes=(CHOICE,),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()

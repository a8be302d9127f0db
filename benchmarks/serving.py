"""``python -m benchmarks.serving``: one row, and ten thousand, through an exported student.

Side by side in one run, on one thread: `predict_proba` of the student as it is in Python, the same
student as an ONNX graph in onnxruntime, and as a C file called through ctypes; and the teacher that
they are distilled from. Each export was proved equal before it is timed.
"""

import argparse
import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledClassifier
from skdistill._ground.costs import latency, size_bytes
from skdistill.export import to_c, to_onnx
from skdistill.export.c import compiled

SETS = ("magic",)
MANY = 10_000
ABOUT = """\
Microseconds of a call: the median of as many as fit into {budget} s, one row and {many:,} rows, by
the student in Python, by onnxruntime on one thread, and by the compiled C file called through
ctypes; how many times faster the exports are; the file's kB; and the teacher (a forest of {trees}
trees and LightGBM of {trees}) over the ONNX file for one row. All in one run, on one thread. The
exports are equal to the student: *difference* is the largest of a probability on all rows of the
proof."""

NOTE = """\
Measured while other work ran on both cores: the ratios, of the same run, say more than the times.
For one row onnxruntime is 5 to 11 times faster than a single tree, a linear model or a network in
Python, and 39 to 79 times faster than forests and boosted trees; the C file 28 to 224 times. For
ten thousand rows onnxruntime is ahead for forests and boosted trees, and **behind for a single
tree, a logistic regression and a small network**, whose arithmetic NumPy does as fast without a
graph; the C file is ahead of all of them."""


@dataclass(frozen=True)
class Row:
    """One student of one set, as it is and exported; microseconds and bytes."""

    data: str
    seed: int
    student: str
    one_python: float
    one_onnx: float
    one_c: float
    many_python: float
    many_onnx: float
    many_c: float
    one_teacher: float
    pickle: int
    onnx: int
    c: int
    difference: float
    proved_on: int


def teacher(trees: int) -> VotingClassifier:
    """Return the teacher."""
    boosting = LGBMClassifier(n_estimators=trees, verbose=-1, n_jobs=1)
    forest = RandomForestClassifier(trees, random_state=0)
    return VotingClassifier([("forest", forest), ("boosting", boosting)], voting="soft")


def students() -> dict[str, Any]:
    """Return the students."""
    return {
        "tree, 32 leaves": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "forest of 10": RandomForestClassifier(10, max_leaf_nodes=64, random_state=0),
        "LightGBM, 50 trees": LGBMClassifier(n_estimators=50, verbose=-1, n_jobs=1),
        "histograms, 50 trees": HistGradientBoostingClassifier(max_iter=50),
        "logistic regression": LogisticRegression(max_iter=1000),
        "network of 32": MLPRegressor(hidden_layer_sizes=(32,), max_iter=50, random_state=0),
    }


def measure(name: str, seed: int, wanted: Sequence[str], sizes: tuple[int, int, float]) -> Any:
    """Yield a row for each student of one set."""
    n_train, trees, budget = sizes
    X, y = load(name)
    split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    X_train, X_test = (np.asarray(part, dtype=np.float64) for part in encode(*split[:2]))
    first = DistilledClassifier(teacher(trees), DecisionTreeClassifier(max_depth=1), random_state=0)
    first.fit(X_train, split[2])
    taught = teacher(trees).fit(X_train, split[2])
    slow = _micro(taught.predict_proba, X_test, 1, budget)
    for student in wanted:
        model = first.refit_student(
            X_train, split[2], student=students()[student], strength=0.5, loss="auto"
        )
        yield _row((name, seed, student), model, X_test, slow, budget)


def _row(key: tuple[str, int, str], model: Any, X: Any, slow: float, budget: float) -> Row:
    graph, file = to_onnx(model, X[:500]), to_c(model, X[:500])
    ways = (model.predict_proba, _in_onnxruntime(graph.content), _in_c(file.content, model))
    times = [_micro(way, X, n, budget) for n in (1, MANY) for way in ways]
    return Row(
        *key,
        *times,
        one_teacher=slow,
        pickle=size_bytes(model.student_) or 0,
        onnx=len(graph.content),
        c=len(file.content),
        difference=max(graph.largest_difference, file.largest_difference),
        proved_on=graph.n_rows,
    )


def _micro(predict: Callable[[Any], Any], X: Any, n_rows: int, budget: float) -> float:
    return 1e6 * latency(predict, X, n_rows=n_rows, budget=budget).median


def _in_onnxruntime(content: bytes) -> Callable[[Any], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda X: session.run(["probabilities"], {"X": X})[0]


def _in_c(content: bytes, model: Any) -> Callable[[Any], Any]:
    function = compiled(content).student_predict_rows
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    function.restype = None
    width = len(model.classes_)

    def predict(X: Any) -> Any:
        out = np.empty((len(X), width))
        function(X.ctypes.data, len(X), out.ctypes.data)
        return out

    return predict


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each set and student: medians over seeds."""
    lines = []
    for (name, student), part in frame.groupby(["data", "student"], sort=False):
        at = part.drop(columns=["data", "student"]).median()
        lines.append(
            {
                "set": name,
                "student": student,
                "1 row, µs": _three(at, "one"),
                "times faster": _faster(at, "one"),
                f"{MANY:,} rows, ms": _three(at / 1000, "many"),
                "times faster, many": _faster(at, "many"),
                "kB, pickle / ONNX / C": _sizes(at),
                "teacher / ONNX": f"{at['one_teacher'] / at['one_onnx']:,.0f}",
                "difference": f"{part['difference'].max():.1e}",
            }
        )
    return pd.DataFrame(lines)


def _three(at: Any, which: str) -> str:
    return " / ".join(f"{at[f'{which}_{way}']:.3g}" for way in ("python", "onnx", "c"))


def _faster(at: Any, which: str) -> str:
    python = at[f"{which}_python"]
    return " / ".join(f"{python / at[f'{which}_{way}']:.1f}" for way in ("onnx", "c"))


def _sizes(at: Any) -> str:
    return " / ".join(f"{at[name] / 1000:.3g}" for name in ("pickle", "onnx", "c"))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--rows", type=int, default=4000, help="to fit on (default: %(default)s)")
    arguments = parser.parse_args(argv)
    sizes, names = (arguments.rows, 300, 1.0), list(students())
    if arguments.quick:
        arguments.sets, sizes, names = sorted(BUNDLED)[:1], (300, 5, 0.01), names[:1]
    folder = folder_of(arguments)
    key = ("data", "seed", "student")
    log = Log(folder / "raw" / "serving.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    wanted = [(name, seed) for name in arguments.sets for seed in seeds]
    left = {cell: [s for s in names if (*cell, s) not in log] for cell in wanted}
    rows = (row for cell, some in left.items() if some for row in measure(*cell, some, sizes))
    with threadpool_limits(1):
        for row in progress(rows, sum(map(len, left.values())), str):
            log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    Page(
        name="serving",
        title="One row, and ten thousand, through an exported student",
        command=command_line("serving", argv),
        about=(ABOUT.format(budget=sizes[2], many=MANY, trees=sizes[1]),),
        notes=(NOTE,),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()

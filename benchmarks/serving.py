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
from skdistill.export import ship, to_c, to_onnx
from skdistill.export.c import compiled

SETS = ("magic",)
MANY = 10_000
ASKED = {"one": 10.0, "many": 1.0}  # times faster, for one row and for many
ABOUT = """\
Microseconds of a call: the median of as many as fit into {budget} s, one row and {many:,} rows, by
the student in Python, by onnxruntime on one thread, and by the compiled C file called through
ctypes, and how many times faster the exports are. The kB of pickles (the fitted distillation, and
what `ship` leaves of it) and of the files. *Teacher*: how many times faster and smaller the ONNX
file is than the teacher, a forest of {trees} trees and LightGBM of {trees}. All in one run, on one
thread. The exports are equal to the student: *difference* is the largest of a probability on all
rows of the proof."""

NOTE = """\
Measured while other work ran on both cores: the ratios, of the same run, say more than the times.
Asked of them is one row ten times faster than the student in Python, by onnxruntime or by C, and
{many:,} rows at least as fast."""


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
    many_teacher: float
    fitted: int
    shipped: int
    teacher: int
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
    beside = {
        "one_teacher": _micro(taught.predict_proba, X_test, 1, budget),
        "many_teacher": _micro(taught.predict_proba, X_test, MANY, budget),
        "teacher": size_bytes(taught) or 0,
    }
    for student in wanted:
        model = first.refit_student(
            X_train, split[2], student=students()[student], strength=0.5, loss="auto"
        )
        yield _row((name, seed, student), model, X_test, beside, budget)


def _row(
    key: tuple[str, int, str], model: Any, X: Any, beside: dict[str, Any], budget: float
) -> Row:
    graph, file = to_onnx(model, X[:500]), to_c(model, X[:500])
    ways = (model.predict_proba, in_onnxruntime(graph.content), in_c(file.content, model))
    times = [_micro(way, X, n, budget) for n in (1, MANY) for way in ways]
    return Row(
        *key,
        *times,
        **beside,
        fitted=size_bytes(model) or 0,
        shipped=size_bytes(ship(model, X[:500])) or 0,
        onnx=len(graph.content),
        c=len(file.content),
        difference=max(graph.largest_difference, file.largest_difference),
        proved_on=graph.n_rows,
    )


def _micro(predict: Callable[[Any], Any], X: Any, n_rows: int, budget: float) -> float:
    return 1e6 * latency(predict, X, n_rows=n_rows, budget=budget).median


def in_onnxruntime(content: bytes) -> Callable[[Any], Any]:
    """Return what runs a graph, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda X: session.run(["probabilities"], {"X": X})[0]


def in_c(content: bytes, model: Any) -> Callable[[Any], Any]:
    """Return what calls a compiled file."""
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
                "kB, fitted / shipped / ONNX / C": _sizes(at),
                "teacher, 1 row / many / kB": _over_teacher(at),
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
    return " / ".join(f"{at[name] / 1000:.3g}" for name in ("fitted", "shipped", "onnx", "c"))


def _over_teacher(at: Any) -> str:
    pairs = (("one_teacher", "one_onnx"), ("many_teacher", "many_onnx"), ("teacher", "onnx"))
    return " / ".join(f"{at[above] / at[below]:,.0f}" for above, below in pairs)


def verdict(frame: pd.DataFrame) -> str:
    """Return where what is asked was reached, and where it was missed."""
    times = frame.groupby("student", sort=False).median(numeric_only=True)
    said = []
    for rows, asked in ASKED.items():
        faster = {way: times[f"{rows}_python"] / times[f"{rows}_{way}"] for way in ("onnx", "c")}
        name = "One row" if rows == "one" else f"{MANY:,} rows"
        said += [
            f"{name}, {called}: {each.min():.1f} to {each.max():.0f} times as fast"
            f"{_missed(each[each < asked])}."
            for called, each in zip(("onnxruntime", "C"), faster.values(), strict=True)
        ]
    return " ".join(said)


def _missed(short: pd.Series) -> str:
    if short.empty:
        return ", reached by all"
    named = ", ".join(f"{student} ({times:.1f})" for student, times in short.items())
    return f", **missed by** {named}"


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
        notes=(NOTE.format(many=MANY), verdict(shown)),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()

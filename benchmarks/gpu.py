"""The students on an NVIDIA GPU against the CPU; writes a record of device, versions and figures.

``python -m benchmarks.gpu`` runs the GPU tests first (`tests/gpu`), then measures, each once warm:

- ``linear``, ``mlp``: `SoftLogisticRegression` and `SoftMLPClassifier` on rows of CuPy over the
  same on NumPy: at least 20 times faster, log-loss within 1e-4 (linear) of each other;
- ``path``: `distillation_path` of 200 candidates, over the same on the CPU;
- ``lightgbm``: a LightGBM student by the learner that the installed build has, over the CPU;
- ``gradients``: those of LightGBM's soft-target objective by CuPy, the scores copied there and the
  gradients back, over the CPU's, which LightGBM gets: what a round would gain or lose;
- ``bandwidth``: seconds of one pass over the rows (scores and gradient) over what reading the rows
  twice takes at the bandwidth that a plain copy of them reaches; with the peak memory.

Without CuPy and a GPU it says why and ends with status 0: there is nothing to measure.
"""

import argparse
import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification

from benchmarks.results import (
    Page,
    add_common_arguments,
    command_line,
    folder_of,
    progress,
    say,
    today,
)
from skdistill import (
    DistilledClassifier,
    SoftLogisticRegression,
    SoftMLPClassifier,
    distillation_path,
)
from skdistill._ground.arrays import softmax, to_host
from skdistill._ground.devices import cupy_obstacle
from skdistill._ground.metrics import log_loss
from skdistill.students import SoftCrossEntropy
from skdistill.students.lightgbm import gpu_learner
from skdistill.students.multinomial import Batch, moments, row_pass

__all__ = ["main"]


@dataclass(frozen=True)
class Line:
    """One comparison; seconds on the wall."""

    group: str
    case: str
    gpu: float
    cpu: float
    limit: float
    loss_gpu: float = float("nan")
    loss_cpu: float = float("nan")

    @property
    def verdict(self) -> str:
        """Whether it is fast enough, and near enough."""
        if np.isnan(self.limit):
            return ""
        near = self.group != "linear" or abs(self.loss_gpu - self.loss_cpu) <= 1e-4
        return "PASS" if self.cpu / self.gpu >= self.limit and near else "miss"


def timed(xp: Any, thunk: Callable[[], Any], rounds: int = 2) -> tuple[float, Any]:
    """Return the least seconds of some calls, the device waited for, and the last result."""
    seconds, result = [], None
    for _ in range(rounds):
        start = time.perf_counter()
        result = thunk()
        xp.cuda.Device().synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def problem(n: int, features: int, n_classes: int, seed: int) -> tuple[Any, Any, Any]:
    """Return float32 rows, labels, and the probabilities of a teacher fitted to few of them."""
    X, y = make_classification(
        n,
        features,
        n_informative=20,
        n_redundant=5,
        n_classes=n_classes,
        flip_y=0.1,
        random_state=seed,
    )
    X = X.astype(np.float32)
    few = slice(0, n // 20)
    return X, y, SoftLogisticRegression(C=0.01).fit(X[few], y[few]).predict_proba(X)


def students(xp: Any, n: int, seed: int) -> Iterator[Line]:
    """Yield the linear and the MLP student on the GPU over the CPU."""
    for n_classes in (2, 10):
        X, y, p = problem(n, 50, n_classes, seed)
        target = 0.5 * p + 0.5 * np.eye(n_classes)[y]
        rows, one_hot = xp.asarray(X), np.eye(n_classes)[y]
        for group, student, rounds in (
            ("linear", SoftLogisticRegression(), 2),
            ("mlp", SoftMLPClassifier((64,), max_epochs=5, random_state=seed), 1),
        ):
            on_gpu, model = timed(xp, lambda: student.fit(rows, target), 2)  # noqa: B023
            loss_gpu = log_loss(one_hot, model.predict_proba(X).astype(np.float64))
            on_cpu, model = timed(xp, lambda: student.fit(X, target), rounds)  # noqa: B023
            loss_cpu = log_loss(one_hot, model.predict_proba(X).astype(np.float64))
            case = f"{n} x 50, {n_classes} classes"
            yield Line(group, case, on_gpu, on_cpu, 20.0, loss_gpu, loss_cpu)


def path(xp: Any, n: int, seed: int) -> Iterator[Line]:
    """Yield the path of 200 candidates: 40 settings on each of five folds."""
    X, y, p = problem(n, 50, 2, seed)
    folds = [(np.flatnonzero(np.arange(n) % 5 != k), np.arange(k, n, 5)) for k in range(5)]
    grid = {"temperatures": (1.0, 2.0), "Cs": (1e-3, 1e-2, 0.1, 1.0), "folds": folds}
    rows = xp.asarray(X)
    on_gpu, fitted = timed(xp, lambda: distillation_path(rows, y, p, **grid))
    on_cpu, other = timed(xp, lambda: distillation_path(X, y, p, **grid), 1)
    losses = (float(f.log_loss(r, y).mean(axis=1).min()) for f, r in ((fitted, rows), (other, X)))
    yield Line("path", f"{n} x 50, 200 candidates", on_gpu, on_cpu, np.nan, *losses)


def boosting(xp: Any, n: int, seed: int) -> Iterator[Line]:
    """Yield LightGBM on the GPU, if the installed build can, over the CPU."""
    device, obstacle = gpu_learner()
    if device is None:
        say(obstacle)
        return
    X, y, p = problem(n, 50, 2, seed)
    one_hot, seconds, losses = np.eye(2)[y], [], []
    for where in ("cuda", "cpu"):
        model = DistilledClassifier(
            None, LGBMClassifier(n_estimators=100, verbose=-1), device=where, strength=0.5
        )
        seconds.append(timed(xp, lambda: model.fit(X, y, teacher_proba=p), 1)[0])  # noqa: B023
        losses.append(log_loss(one_hot, model.predict_proba(X)))
    yield Line("lightgbm", f"{n} x 50, 100 trees, {device} learner", *seconds, np.nan, *losses)


def gradients(xp: Any, n: int, seed: int) -> Iterator[Line]:
    """Yield the gradients of LightGBM's objective by CuPy and back over those of the CPU."""
    random = np.random.default_rng(seed)
    for n_classes in (2, 7):
        target = random.dirichlet(np.ones(n_classes), size=n)
        target = target[:, 1] if n_classes == 2 else np.asfortranarray(target)
        scores = np.asfortranarray(random.normal(size=target.shape))
        held, objective = xp.asarray(target), SoftCrossEntropy(target, None)

        def by_cupy(scores: Any = scores, held: Any = held) -> list[Any]:
            f = xp.asarray(scores)
            s = softmax(f) if f.ndim == 2 else 1.0 / (1.0 + xp.exp(-f))
            return [to_host(s - held), to_host(s * (1.0 - s))]

        on_gpu, found = timed(xp, by_cupy, 10)
        on_cpu, expected = timed(xp, lambda: objective(None, scores), 10)  # noqa: B023
        if not np.allclose(found[0], expected[0]):
            raise AssertionError("the gradients of the two sides differ")
        case = f"{n} rows, {n_classes} classes, a round's gradients"
        yield Line("gradients", case, on_gpu, on_cpu, np.nan)


def bandwidth(xp: Any, n: int, seed: int) -> Iterator[Line]:
    """Yield one pass over the rows over the time that reading them twice takes."""
    X, y, _ = problem(n, 50, 2, seed)
    rows = xp.asarray(X)
    pool = xp.get_default_memory_pool()
    part = moments(rows, xp.asarray(np.eye(2, dtype=np.float32)[y][:, 1:]))
    mass = xp.ones((1, n), dtype=xp.float32)
    batch = Batch(rows, mass, np.zeros(1, dtype=int), part[None, ...], np.ones(1))
    coef, intercept = xp.zeros((1, 1, 50)), xp.zeros((1, 1))
    run = row_pass(batch)
    one_pass, _ = timed(xp, lambda: run(coef, intercept), 10)
    copy, _ = timed(xp, rows.copy, 10)
    # A copy reads and writes; a pass reads the rows twice: the same traffic.
    case = (
        f"{n} x 50, one pass over the copy of the rows; peak {pool.total_bytes() / 2**20:.0f} MiB"
    )
    yield Line("bandwidth", case, one_pass, copy, np.nan)


GROUPS = {
    "students": students,
    "path": path,
    "lightgbm": boosting,
    "gradients": gradients,
    "bandwidth": bandwidth,
}


def main(argv: list[str] | None = None) -> None:
    """Run the tests and the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--no-tests", action="store_true", help="measure only")
    add_common_arguments(parser, repeats=1)
    arguments = parser.parse_args(argv)
    obstacle = cupy_obstacle()
    if obstacle is not None:
        print(f"nothing to measure: {obstacle}")
        return
    xp = importlib.import_module("cupy")
    tests = "not run"
    if not arguments.no_tests:
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "tests/gpu"]
        run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        print(run.stdout)
        tests = run.stdout.strip().splitlines()[-1]
    rows = 20_000 if arguments.quick else arguments.rows
    start = today()
    parts = (list(GROUPS[name](xp, rows, arguments.seed)) for name in arguments.groups)
    lines = [line for part in progress(parts, len(arguments.groups)) for line in part]
    table = pd.DataFrame(
        {
            "group": line.group,
            "case": line.case,
            "seconds, GPU": line.gpu,
            "seconds, CPU": line.cpu,
            "times faster": line.cpu / line.gpu,
            "at least": line.limit,
            "log-loss, GPU": line.loss_gpu,
            "log-loss, CPU": line.loss_cpu,
            "verdict": line.verdict,
        }
        for line in lines
    )
    print(table.to_string(index=False))
    properties = xp.cuda.runtime.getDeviceProperties(xp.cuda.Device().id)
    device = f"{properties['name'].decode()}, {properties['totalGlobalMem'] / 2**30:.0f} GiB"
    driver = xp.cuda.runtime.driverGetVersion()
    facts = f"Device: {device}; CuPy {xp.__version__}, CUDA {driver}. Tests on it: {tests}."
    about = (
        "The students on a GPU against the CPU of the same machine; seconds on the wall.",
        facts,
    )
    command, days = command_line("gpu", argv), (start, today())
    page = Page("gpu", "Students on the GPU", command, about, measured=days)
    page.write(folder_of(arguments), table)


if __name__ == "__main__":
    main()

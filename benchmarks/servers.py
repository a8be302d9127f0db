"""``python -m benchmarks.servers``: one row through MLServer and BentoML, over HTTP.

A distilled tree is exported to ONNX and served by the two files of docs/guide/serving, each in a
process of its own on this machine. They are asked for one row after another over one connection
that stays open, and what they say is compared with what the student says. The servers are not among
the packages of this project: ``--mlserver`` and ``--bentoml`` say where their commands are.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, say
from benchmarks.serving import in_c, in_onnxruntime
from skdistill import DistilledClassifier
from skdistill.export import to_c, to_onnx

FILES = Path(__file__).parents[1] / "docs" / "guide" / "serving"
WARM, ASKED = 100, 2000  # requests
PATIENCE = 120.0  # seconds for a server to answer
ABOUT = """\
One row of a distilled tree of 32 leaves (breast cancer, 30 columns), in microseconds: called in
this process, and asked for over HTTP from a server on the same machine, one request after another
over one connection ({asked:,} of them, after {warm} to warm up). *Server* is what is left of the
fastest tenth without the call of onnxruntime: HTTP, JSON and the framework. *Difference* is the
largest of a probability from the student's own."""
NOTE = """\
Measured while other work ran on both cores, many times as many processes as cores: half of the
requests waited for one of them. The fastest tenth is nearer to what an idle machine would show."""


@dataclass(frozen=True)
class Row:
    """One way to ask a student for one row; microseconds."""

    way: str
    version: str
    fast: float
    median: float
    p99: float
    calls: int
    difference: float


@dataclass(frozen=True)
class Server:
    """How a server is started and asked.

    Attributes
    ----------
    name : str
    command : callable
        Gives of the executable and a port the command that starts it.
    path : str
        Where it is asked.
    body : callable
        Gives the JSON of rows.
    said : callable
        Gives the probabilities of the JSON of an answer.
    """

    name: str
    command: Callable[[str, int], list[str]]
    path: str
    body: Callable[[Any], Any]
    said: Callable[[Any], Any]


def _tensor(X: Any) -> dict[str, Any]:
    told = {"name": "X", "shape": list(X.shape), "datatype": "FP64", "data": X.ravel().tolist()}
    return {"inputs": [told]}


def _matrix(answer: Any) -> Any:
    (told,) = answer["outputs"]
    return np.reshape(told["data"], told["shape"])


SERVERS = (
    Server(
        "MLServer",
        lambda program, _: [program, "start", "."],  # the port is in its settings
        "/v2/models/student/infer",
        _tensor,
        _matrix,
    ),
    Server(
        "BentoML",
        lambda program, port: [program, "serve", "bentoml_student:Student", "--port", str(port)],
        "/predict",
        lambda X: {"X": X.tolist()},
        np.asarray,
    ),
)


def student() -> tuple[Any, Any]:
    """Return a distilled tree, and rows to ask for."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    X, y = load_breast_cancer(return_X_y=True)
    tree = DecisionTreeClassifier(max_leaf_nodes=32, random_state=0)
    model = DistilledClassifier(RandomForestClassifier(50, random_state=0), tree, random_state=0)
    return model.fit(X, y), X


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def lay_out(folder: Path, content: bytes, port: int) -> None:
    """Write what the servers read."""
    (folder / "student.onnx").write_bytes(content)
    for name in ("mlserver_student.py", "bentoml_student.py"):
        shutil.copy(FILES / name, folder)
    settings = {"name": "student", "implementation": "mlserver_student.Student"}
    (folder / "model-settings.json").write_text(json.dumps(settings))
    ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    quiet = {"parallel_workers": 0, "debug": False, "host": "127.0.0.1"}
    (folder / "settings.json").write_text(json.dumps(ports | quiet))


@contextmanager
def running(server: Server, program: str, content: bytes) -> Iterator[Callable[[Any], Any]]:
    """Start a server, and give a function that asks it; stop it in the end."""
    with TemporaryDirectory() as name:
        port = free_port()
        lay_out(Path(name), content, port)
        environment = os.environ | {"PYTHONPATH": name, "BENTOML_DO_NOT_TRACK": "True"}
        with (Path(name) / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - a server that the user named
                server.command(program, port), cwd=name, env=environment, stdout=log, stderr=log
            )
        try:
            yield _asking(server, port, process, Path(name) / "log")
        finally:
            process.terminate()
            process.wait()


def _asking(
    server: Server, port: int, process: subprocess.Popen[bytes], log: Path
) -> Callable[[Any], Any]:
    """Return what asks, once there is an answer."""
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json"}

    def ask(X: Any) -> Any:
        connection.request("POST", server.path, json.dumps(server.body(X)), headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{server.name} answers {answer.status}: {told[:500]!r}")
        return server.said(json.loads(told))

    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < PATIENCE:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return ask
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{server.name} does not start: {log.read_text()[-2000:]}")


def timed(ask: Callable[[Any], Any], X: Any, n: int, expected: Any) -> dict[str, Any]:
    """Return the median and the 99th of 100 of calls for one row, and how far answers are off."""
    rows = [X[[number % len(X)]] for number in range(n)]
    for row in rows[:WARM]:
        _answered(ask, row)
    seconds, said = [], []
    for row in rows:
        began = time.perf_counter()
        said.append(ask(row))
        seconds.append(time.perf_counter() - began)
    off = np.abs(np.concatenate(said) - np.resize(expected, (n, expected.shape[1]))).max()
    fast, median, p99 = 1e6 * np.quantile(seconds, [0.1, 0.5, 0.99])
    return {"fast": fast, "median": median, "p99": p99, "calls": n, "difference": float(off)}


def _answered(ask: Callable[[Any], Any], row: Any) -> Any:
    """Ask again while the model is still being loaded."""
    for _ in range(50):
        try:
            return ask(row)
        except RuntimeError:
            time.sleep(0.2)
    return ask(row)


def version_of(program: str) -> str:
    """Return the version that a command says it has."""
    told = subprocess.check_output([program, "--version"], text=True)  # noqa: S603 - likewise
    return told.split()[-1]


def measure(programs: dict[str, str], n: int) -> Iterator[Row]:
    """Yield a row for each way."""
    import onnxruntime

    model, X = student()
    expected = model.predict_proba(X)
    graph, file = to_onnx(model, X).content, to_c(model, X).content
    yield Row("predict_proba, in Python", "", **timed(model.predict_proba, X, n, expected))
    called = timed(in_onnxruntime(graph), X, n, expected)
    yield Row("onnxruntime, in this process", onnxruntime.__version__, **called)
    yield Row("C, through ctypes", "", **timed(in_c(file, model), X, n, expected))
    for server in SERVERS:
        program = shutil.which(programs[server.name])
        if program is None:
            say(f"no {programs[server.name]!r} here: {server.name} is left out")
            continue
        with running(server, program, graph) as ask:
            told = timed(ask, X, n, expected)
        yield Row(f"{server.name}, over HTTP", version_of(program), **told)


def table_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each way."""
    inside = frame.loc[frame["way"].str.startswith("onnxruntime"), "fast"].iloc[0]
    over = frame["way"].str.endswith("HTTP")
    return pd.DataFrame(
        {
            "way": frame["way"] + (" (" + frame["version"].fillna("") + ")").replace(" ()", ""),
            "fastest tenth within, µs": frame["fast"].map(_micro),
            "half, µs": frame["median"].map(_micro),
            "99 of 100, µs": frame["p99"].map(_micro),
            "server, µs": (frame["fast"] - inside).map(_micro).where(over, ""),
            "difference": frame["difference"].map("{:.1e}".format),
        }
    )


def _micro(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--mlserver", default="mlserver", help="its command")
    parser.add_argument("--bentoml", default="bentoml", help="its command")
    arguments = parser.parse_args(argv)
    folder = folder_of(arguments)
    log = Log(folder / "raw" / "servers.csv", Row, ("way",), fresh=True)
    programs = {"MLServer": arguments.mlserver, "BentoML": arguments.bentoml}
    for row in measure(programs, 20 if arguments.quick else ASKED):
        log.add(row)
    frame = log.frame()
    table = table_of(frame)
    print(table.to_string(index=False))
    Page(
        name="servers",
        title="One row through a server",
        command=command_line("servers", ["--quick"] if arguments.quick else []),
        about=(ABOUT.format(asked=ASKED, warm=WARM),),
        notes=(NOTE,),
        measured=log.measured(frame),
    ).write(folder, table)


if __name__ == "__main__":
    main()

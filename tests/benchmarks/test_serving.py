"""Pages on serving: what is said of the figures, from rows made by hand."""

import numpy as np
import pandas as pd

from benchmarks import servers, serving


def row(student, **times):
    given = dict.fromkeys(serving.Row.__annotations__, 1.0)
    return serving.Row(**given | {"data": "made", "seed": 0, "student": student} | times)


def test_what_was_missed_is_named():
    rows = [
        row("tree", one_python=120.0, one_onnx=10.0, one_c=1.0, many_python=1.0, many_onnx=2.0),
        row("line", one_python=50.0, one_onnx=10.0, one_c=5.0, many_python=4.0, many_onnx=2.0),
    ]
    said = serving.verdict(pd.DataFrame(rows))
    assert "One row, onnxruntime: 5.0 to 12 times as fast, **missed by** line (5.0)." in said
    assert "One row, C: 10.0 to 120 times as fast, reached by all." in said
    assert "rows, onnxruntime: 0.5 to 2 times as fast, **missed by** tree (0.5)." in said
    table = serving.summary(pd.DataFrame(rows))
    assert (
        table["kB, fitted / shipped / ONNX / C"].tolist() == ["0.001 / 0.001 / 0.001 / 0.001"] * 2
    )


def test_what_a_server_adds():
    rows = [
        servers.Row("onnxruntime, in this process", "1.0", 10.0, 11.0, 12.0, 5, 0.0),
        servers.Row("MLServer, over HTTP", "2.0", 510.0, 600.0, 700.0, 5, 0.0),
    ]
    table = servers.table_of(pd.DataFrame(rows))
    assert table["way"].tolist() == [
        "onnxruntime, in this process (1.0)",
        "MLServer, over HTTP (2.0)",
    ]
    assert table["server, µs"].tolist() == ["", "500"]


def test_timed_calls_are_compared():
    X = np.arange(6.0).reshape(3, 2)
    told = servers.timed(lambda rows: rows + 1e-3, X, 4, X)
    assert told["calls"] == 4
    assert np.isclose(told["difference"], 1e-3)
    assert told["fast"] <= told["median"] <= told["p99"]

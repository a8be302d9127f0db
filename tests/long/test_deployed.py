"""From the README to a file that answers where nothing but onnxruntime and NumPy is installed."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

from tests.export.readme import python_with, served

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
KEPT = """
import numpy as np
np.save("rows.npy", X_test)
np.savez("expected.npz", label=search.predict(X_test), p=search.predict_proba(X_test))
"""
FOREIGN = """
from importlib.util import find_spec
print([name for name in ("skdistill", "sklearn", "scipy", "lightgbm", "onnx") if find_spec(name)])
"""


def run(*command, cwd, **environment):
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return done.stdout


def test_the_readme_ends_in_an_environment_of_its_own(tmp_path):
    for name in ("sklearn", "onnx", "onnxruntime"):
        pytest.importorskip(name)
    code = python_with("from sklearn.datasets import load_breast_cancer") + python_with("to_onnx(")
    run(sys.executable, "-c", code + KEPT, cwd=tmp_path, PYTHONPATH=str(ROOT))
    home = tmp_path / "fresh"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", "onnxruntime", "numpy", cwd=tmp_path)
    assert run(python, "-I", "-c", FOREIGN, cwd=tmp_path).strip() == "[]"
    run(python, "-I", "-c", served(), cwd=tmp_path)
    with (
        np.load(tmp_path / "expected.npz", allow_pickle=True) as expected,
        np.load(tmp_path / "said.npz", allow_pickle=True) as said,
    ):
        assert said["label"].tolist() == expected["label"].tolist()
        np.testing.assert_allclose(said["p"], expected["p"], rtol=0, atol=1e-12)

"""The README's code: how a student is fitted, how it is exported, and how it is served."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
SAVED = """
import sys
np.savez("said.npz", label=label, p=p)
print({name.partition(".")[0] for name in sys.modules} & {"skdistill", "sklearn", "lightgbm"})
"""


def python_with(text):
    """Return the block of Python that has this text, the only one."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    (block,) = (each for each in blocks if text in each)
    return block


def served():
    """Return the code of where it is served, of rows in a file, that saves what was said."""
    code = python_with("onnxruntime.InferenceSession")
    return code.replace("session =", "X_test = np.load('rows.npy')\nsession =", 1) + SAVED

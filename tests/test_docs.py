"""The documentation: every public name once, notebooks without leftovers, commands that exist.

Sphinx runs the gallery and the notebooks; pytest runs the examples in the pages of docs/.
"""

import importlib
import importlib.util
import inspect
import json
import re
from pathlib import Path

import pytest

import skdistill
import skdistill.inspection
import skdistill.students

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
PAGES = [path for path in DOCS.rglob("*.rst") if "generated" not in path.parts]


@pytest.fixture(scope="module")
def reference():
    """Return the module that writes the page of the API."""
    spec = importlib.util.spec_from_file_location("reference", DOCS / "_ext" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documented(reference):
    """Return the dotted names that the page lists, in its order."""
    home, names = "", []
    for line in reference.api_page().splitlines():
        if line.startswith(".. currentmodule:: "):
            home = line.split()[-1]
        elif re.fullmatch(r"   \w+", line):
            names.append(f"{home}.{line.strip()}")
    return names


def find(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def test_every_public_name_is_documented_exactly_once(reference):
    listed = [find(name) for name in documented(reference)]
    for module in (skdistill, skdistill.inspection, skdistill.students, skdistill.exceptions):
        for name in module.__all__:
            if not name.startswith("__"):
                times = sum(obj is getattr(module, name) for obj in listed)
                assert times == 1, f"{module.__name__}.{name} is documented {times} times"
    assert len({id(obj) for obj in listed}) == len(listed)


def test_what_is_documented_is_public_and_described(reference):
    for name in documented(reference):
        module = importlib.import_module(name.rpartition(".")[0])
        assert name.rpartition(".")[2] in module.__all__, name
        assert inspect.getdoc(find(name)), name


def test_the_gallery_is_there():
    assert len([path for path in EXAMPLES if path.name.startswith("plot_")]) >= 8


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_are_named_and_titled_for_the_gallery(path):
    assert re.fullmatch(r"plot_\d\d_\w+", path.stem)
    title, line, *_ = path.read_text(encoding="utf-8").splitlines()[1:]
    assert line == "=" * len(title)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_stored_without_outputs_and_machines(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert not re.search(r"/(home|Users|root|tmp|usr)/|[A-Z]:\\\\", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_commands_that_a_page_names_exist(path):
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"python -m (benchmarks\.\w+)", text):
        assert (ROOT / name.replace(".", "/")).with_suffix(".py").exists(), name
    for command in re.findall(r"python -m skdistill (\w+)", text):
        assert (ROOT / "skdistill" / "cli" / command).with_suffix(".py").exists(), command

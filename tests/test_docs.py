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

from benchmarks.datasets import SETS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
PAGES = [path for path in DOCS.rglob("*.rst") if "generated" not in path.parts]


def extension(name):
    """Return a module of docs/_ext."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference():
    """Return the module that writes the page of the API."""
    return extension("reference")


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
    homes = ("", ".inspection", ".students", ".teaching", ".export", ".exceptions")
    for module in map(importlib.import_module, (f"skdistill{home}" for home in homes)):
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


def test_every_measured_table_is_on_one_page():
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    shown = re.findall(r"^\.\. results:: (\w+)$", text, re.MULTILINE)
    assert len(set(shown)) == len(shown)
    measured = {path.stem for path in (DOCS / "results").glob("*.csv")}
    assert measured <= set(shown), "a table of docs/results is on no page"
    for name in set(shown) - measured:  # shown as not measured yet, with the command
        assert (ROOT / "benchmarks" / f"{name}.py").exists(), name


def test_a_table_has_its_anchor_its_origin_and_its_files():
    pytest.importorskip("sphinx")
    results = extension("results")
    lines = [line.replace("\N{NO-BREAK SPACE}", " ") for line in results.section("suite")]
    for part in (
        ".. _results-suite:",
        ".. _results-suite-1:",
        *(f"   {row}" for row in (DOCS / "results/suite.csv").read_text().splitlines()[:2]),
        *(f"   {row}" for row in (DOCS / "results/more/suite-1.csv").read_text().splitlines()[:2]),
    ):
        assert part.replace("_", r"\_") in lines or part in lines
    facts = json.loads((DOCS / "results/suite.json").read_text(encoding="utf-8"))
    text = "\n".join(lines)
    order = (".. csv-table::", ".. figure::", facts["about"][0][:60])
    places = [text.index(part) for part in order]
    assert places == sorted(places), "the table comes first, what it means after it"
    cells = "".join(results.section("compatibility"))
    assert r"loss='absolute\_error'" in cells  # a name with an underscore is no link
    last = next(line for line in lines if line.startswith("| Files:"))
    assert "</results/suite.csv>" in last
    assert "</results/raw/suite.csv>" in last
    # Two tables of one raw file, and one of two.
    assert "</results/raw/paper.csv>" in "".join(results.section("paper_depths"))
    assert "</results/raw/shift_ratios.csv>" in "".join(results.section("shift"))


def test_figures_in_a_cell_stay_on_one_line_and_words_may_wrap():
    pytest.importorskip("sphinx")
    tied = extension("results")._tied
    for cell in ("1.001 / 1.011 / 94%", "0.4 to 0.8", "-1 / 2"):
        assert " " not in tied(cell)
        assert tied(cell).replace("\N{NO-BREAK SPACE}", " ") == cell
    for cell in ("forest of 10", "3.2 (of 5 seeds)", ""):
        assert tied(cell) == cell


def test_rows_that_a_page_quotes_are_measured_ones():
    pytest.importorskip("sphinx")
    results = extension("results")
    quoted = [
        (name, dict(re.findall(r":(\w+): (.+)", options)))
        for path in PAGES
        for name, options in re.findall(
            r"^\.\. rows:: (\w+)\n((?:   :.+\n)*)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert quoted
    for name, options in quoted:
        rows, columns = (results._listed(options.get(key, "")) for key in ("rows", "columns"))
        lines = results.excerpt(name, options.get("of", ""), rows, columns)
        body = lines[lines.index("") + 1 : lines.index("", lines.index("") + 1)]
        assert len(body) == 1 + len(rows) if rows else len(body) > 1
    for wrong in (("suite", "No such", [], []), ("suite", "", ["no such"], [])):
        with pytest.raises(KeyError):
            results.excerpt(*wrong)


def test_the_page_of_the_data_names_every_set():
    pytest.importorskip("sphinx")
    data_sets = extension("data_sets")
    rows = {row[0].strip("`"): row for row in data_sets.rows()}
    assert set(rows) == set(SETS)
    assert "openml.org/d/40701" in rows["churn"][2]
    assert rows["churn"][3:] == ("5,000", "19", "2", "``phone_number``")
    assert rows["wine_quality"][6] == "class 9 counts as 8"
    differences = dict(data_sets.differences())
    assert differences["wine_quality"] == "Lacks ``color``."
    assert differences["churn"].endswith("Classes are renamed, 0 to no, 1 to yes.")
    assert "adult" not in differences
    text = (DOCS / "benchmarks" / "data.rst").read_text(encoding="utf-8")
    for name, recipe in SETS.items():
        if recipe.openml is None:  # what its file has to be is said in words
            assert f"\n``{name}``\n" in text
            assert f"{recipe.rows:,} rows" in text
            assert all(f"``{column}``" in text for column in recipe.drop)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_commands_that_a_page_names_exist(path):
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"python -m (benchmarks\.\w+)", text):
        assert (ROOT / name.replace(".", "/")).with_suffix(".py").exists(), name
    for command in re.findall(r"python -m skdistill (\w+)", text):
        assert (ROOT / "skdistill" / "cli" / command).with_suffix(".py").exists(), command

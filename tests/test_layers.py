"""The arrow of imports: a module of skdistill imports only from the layers below its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import skdistill

PACKAGE = Path(skdistill.__file__).parent
# A package (students, inspection, cli) is one entry: inside its own folder anything goes.
LAYERS = [
    {"_saving", "exceptions"},
    {"_arrays", "_html", "_threads", "attributes", "estimates"},
    {"_compat"},
    {"_validation", "_wrapping"},
    {"_answers", "_fingerprints", "_learners", "_tables"},
    {"_data", "_devices", "corrections", "costs", "folds", "losses", "metrics", "roc"},
    {"calibration", "crossfit", "fold_classes", "munge", "students", "teachers"},
    {"labels", "linear_path", "pool", "shift", "transfer"},
    {"soft_labels", "synthetic"},
    {"distillation", "report", "strength"},
    {"base", "candidates", "path", "scores", "scoring"},
    {"evaluation", "selection", "verdict"},
    {"cv_results", "judging"},
    {"classifier", "classifier_cv"},
    {"inspection"},
    {"cli"},
    {"__main__"},
]
LAYER_OF = {name: level for level, names in enumerate(LAYERS) for name in names}
OPTIONAL = {"cupy", "matplotlib", "pandas", "polars", "pyarrow", "rich", "skrub", "xgboost"}
MAX_FUNCTION_LINES = 60  # without the docstring
MAX_FILE_LINES = 450

FILES = sorted(PACKAGE.rglob("*.py"))
UNITS = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES} - {"__init__"}
each_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))


def unit(dotted: str) -> str:
    """Return the entry of `LAYERS` that a dotted name of skdistill belongs to; "" for the root."""
    return dotted.split(".")[1] if "." in dotted else ""


def dotted_name(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    """Yield each imported name as a dotted path; relative ones resolved.

    With `top_level`, only what runs when the module is imported: not the bodies of functions, and
    not what stands under ``if TYPE_CHECKING``.
    """
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    package = dotted_name(path).split(".")
    package = package if path.name == "__init__.py" else package[:-1]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)
        deferred = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        if not (top_level and deferred):
            nodes.extend(ast.iter_child_nodes(node))


def test_every_module_has_a_layer() -> None:
    assert not UNITS - set(LAYER_OF), "a new module: give it a layer in LAYERS"


@each_file
def test_imports_point_down(path: Path) -> None:
    own = unit(dotted_name(path))
    if not own:
        return  # skdistill/__init__.py gathers the public names
    for name in imports(path):
        if name.split(".")[0] != "skdistill":
            continue
        other = unit(name)
        if other not in UNITS:  # a name of the root package, which imports everything
            assert LAYER_OF[own] >= LAYER_OF["cli"], f"{own} imports the root package ({name})"
        elif other != own:
            assert LAYER_OF[other] < LAYER_OF[own], f"{own} must not import {other} ({name})"


@each_file
def test_optional_packages_are_imported_where_used(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path, top_level=True)} & OPTIONAL
    assert not found, f"import {sorted(found)} inside the function that needs it"


@each_file
def test_one_door_to_the_array_api(path: Path) -> None:
    if path.name != "_arrays.py":
        assert not [n for n in imports(path) if n.split(".")[0].startswith("array_api_")]


@each_file
def test_private_scikit_learn_names_stand_in_compat(path: Path) -> None:
    if path.name == "_compat.py":
        return
    found = [
        name
        for name in imports(path)
        if name.startswith("sklearn.")
        and any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
    ]
    assert not found, f"{found}: only _compat.py may import private names of scikit-learn"


def test_functions_and_files_stay_short() -> None:
    """Print the longest ones, so that a run with -s or a failure shows where the weight is."""
    functions, files = [], []
    for path in FILES:
        source = path.read_text(encoding="utf-8")
        files.append((source.count("\n"), dotted_name(path)))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                doc = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) else 0
                lines = node.end_lineno - node.lineno + 1 - doc
                functions.append((lines, f"{dotted_name(path)}.{node.name}"))
    functions, files = sorted(functions, reverse=True), sorted(files, reverse=True)
    print("longest functions (without docstring):", functions[:3])
    print("longest files:", files[:3])
    assert functions[0][0] <= MAX_FUNCTION_LINES, functions[:3]
    assert files[0][0] <= MAX_FILE_LINES, files[:3]

"""The arrow of imports: rooms import from rooms below them, and no two modules each other."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skdistill

PACKAGE = Path(skdistill.__file__).parent
# The rooms, from the ground up: a room imports only from those before it.
ROOMS = (
    "exceptions",
    "_ground",
    "targets",
    "teaching",
    "students",
    "rows",
    "settings",
    "distillation",
    "choosing",
    "estimators",
    "outofcore",
    "inspection",
    "export",
    "cli",
    "__main__",
)
# What a room knows beside the ground floor.
KNOWS = {
    "teaching": "targets",
    "students": "targets teaching",
    "rows": "teaching",
    "settings": "rows students targets teaching",
    "distillation": "rows settings students targets teaching",
    "choosing": "distillation rows settings students targets teaching",
    "estimators": "choosing distillation rows settings students targets teaching",
    "outofcore": "distillation estimators settings students teaching",
    "inspection": "choosing distillation estimators settings students targets teaching",
    "export": "estimators students targets",
    "cli": "estimators export inspection students teaching",
    "__main__": "cli",
}
FLOOR_OF = {name: floor for floor, name in enumerate(ROOMS)}
OPTIONAL = {
    "cupy",
    "dask",
    "distributed",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "pandas",
    "polars",
    "pyarrow",
    "ray",
    "rich",
    "skops",
    "skrub",
    "tqdm",
    "treelite",
    "xgboost",
}
MAX_FUNCTION_LINES = 60  # without the docstring
MAX_FILE_LINES = 450

FILES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted(name for name in ROOMS if (PACKAGE / name).is_dir())
each_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))


def room(dotted: str) -> str:
    """Return the room that a dotted name of skdistill stands in; "" for the root."""
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


MODULES = {dotted_name(path) for path in FILES}


def modules_of(path: Path) -> set[str]:
    """Return the modules of skdistill that a file imports, by their dotted names."""
    found = set()
    for name in imports(path):
        if name.split(".")[0] == "skdistill":
            found.add(name if name in MODULES else name.rpartition(".")[0])
    return found - {dotted_name(path)}


def test_every_module_stands_in_a_room() -> None:
    found = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert found - {"__init__"} == set(ROOMS), "a new module belongs into a room"


@each_file
def test_imports_point_down(path: Path) -> None:
    own = room(dotted_name(path))
    if not own:
        return  # skdistill/__init__.py gathers the public names
    for name in modules_of(path):
        other = room(name)
        if not other:  # a name of the root package, which imports everything
            assert FLOOR_OF[own] >= FLOOR_OF["cli"], f"{own} imports the root package"
        elif other != own:
            assert FLOOR_OF[other] < FLOOR_OF[own], f"{own} must not import {other} ({name})"


def test_no_module_imports_itself_in_a_circle() -> None:
    """`TopologicalSorter` names the circle; what a folder gathers in __init__ is no step of it."""
    packages = {dotted_name(path) for path in FILES if path.name == "__init__.py"}
    arrows = {dotted_name(path): modules_of(path) - packages for path in FILES}
    tuple(TopologicalSorter(arrows).static_order())


def test_rooms_know_few_rooms() -> None:
    """Print how often each room imports from each other one: a new arrow is a decision."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in FILES:
        own = room(dotted_name(path))
        counts.update((own, room(name)) for name in modules_of(path) if room(name) != own)
    for (own, other), n in sorted(counts.items()):
        print(f"{own or 'skdistill'} -> {other or 'skdistill'}: {n}")
    known = {name: {other for own, other in counts if own == name} for name in ROOMS}
    known = {name: others - {"", "_ground", "exceptions"} for name, others in known.items()}
    assert known == {name: set(KNOWS.get(name, "").split()) for name in ROOMS}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_room_says_what_flows_in_and_out(name: str) -> None:
    doc = ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text("utf-8"))) or ""
    assert doc.strip()


@each_file
def test_optional_packages_are_imported_where_used(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path, top_level=True)} & OPTIONAL
    assert not found, f"import {sorted(found)} inside the function that needs it"


@each_file
def test_one_door_to_the_array_api(path: Path) -> None:
    if path.name != "arrays.py":
        assert not [n for n in imports(path) if n.split(".")[0].startswith("array_api_")]


@each_file
def test_private_scikit_learn_names_stand_in_compat(path: Path) -> None:
    if path.name == "compat.py":
        return
    found = [
        name
        for name in imports(path)
        if name.startswith("sklearn.")
        and any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
    ]
    assert not found, f"{found}: only compat.py may import private names of scikit-learn"


def _only_keeps(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether this is the ``__init__`` of an estimator: scikit-learn wants a line a parameter."""
    kept = (ast.unparse(each) for each in node.body)
    return node.name == "__init__" and all(re.fullmatch(r"self\.(\w+) = \1", k) for k in kept)


def test_functions_and_files_stay_short() -> None:
    """Print the longest ones, so that a run with -s or a failure shows where the weight is."""
    functions, files = [], []
    for path in FILES:
        source = path.read_text(encoding="utf-8")
        files.append((source.count("\n"), dotted_name(path)))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _only_keeps(node):
                first = node.body[0]
                doc = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) else 0
                lines = node.end_lineno - node.lineno + 1 - doc
                functions.append((lines, f"{dotted_name(path)}.{node.name}"))
    functions, files = sorted(functions, reverse=True), sorted(files, reverse=True)
    print("longest functions (without docstring):", functions[:3])
    print("longest files:", files[:3])
    assert functions[0][0] <= MAX_FUNCTION_LINES, functions[:3]
    assert files[0][0] <= MAX_FILE_LINES, files[:3]

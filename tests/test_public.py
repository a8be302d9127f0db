"""The public face: names, their order, and docstrings that say what the signatures say."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import types

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import skdistill

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(skdistill.__path__, "skdistill.")
    if not info.name.endswith("__main__")
)
PUBLIC = [getattr(skdistill, name) for name in skdistill.__all__ if not name.startswith("__")]
DOCUMENTED = [
    obj
    for obj in PUBLIC
    if callable(obj) and not (inspect.isclass(obj) and issubclass(obj, BaseException))
]
METHODS = [
    pytest.param(cls, name, id=f"{cls.__name__}.{name}")
    for cls in PUBLIC
    if inspect.isclass(cls)
    for name, member in vars(cls).items()
    if not name.startswith("_") and isinstance(member, types.FunctionType)
]


def signature_names(obj: object) -> list[str]:
    """Return the names of the parameters of a class or function, stars and all."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        stars.get(parameter.kind, "") + parameter.name
        for parameter in inspect.signature(obj).parameters.values()
        if parameter.name != "self"
    ]


def documented_names(section: list) -> list[str]:
    """Return the names of a numpydoc section; ``x, y : float`` names two."""
    return [name.strip() for entry in section for name in entry.name.split(",")]


def test_all_is_sorted_and_complete() -> None:
    assert list(skdistill.__all__) == sorted(set(skdistill.__all__))
    for name in skdistill.__all__:
        assert hasattr(skdistill, name), f"skdistill.__all__ lists {name}, which does not exist"
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?(a|b|rc|dev)\d+)?", skdistill.__version__)


@pytest.mark.parametrize("module", MODULES)
def test_modules_have_a_docstring_and_a_true_all(module: str) -> None:
    imported = importlib.import_module(module)
    assert imported.__doc__, f"{module} has no docstring"
    assert all(hasattr(imported, name) for name in getattr(imported, "__all__", []))


@pytest.mark.parametrize("obj", PUBLIC, ids=lambda obj: getattr(obj, "__name__", str(obj)))
def test_public_names_know_their_home(obj: object) -> None:
    assert obj.__module__.split(".")[0] == "skdistill"
    assert inspect.getdoc(obj)


@pytest.mark.parametrize("obj", DOCUMENTED, ids=lambda obj: obj.__name__)
def test_docstring_has_exactly_the_parameters_of_the_signature(obj: object) -> None:
    own = obj.__init__ if inspect.isclass(obj) else obj
    if own is object.__init__ or inspect.isabstract(obj):
        return
    doc = ClassDoc(obj) if inspect.isclass(obj) else FunctionDoc(obj)
    assert doc["Summary"]
    assert "$" not in inspect.getdoc(obj), "an entry that nobody put in"
    assert documented_names(doc["Parameters"]) == signature_names(obj)
    for entry in doc["Parameters"]:
        assert entry.type, f"{entry.name} has no type"
        assert " ".join(entry.desc).strip(), f"{entry.name} has no description"


@pytest.mark.parametrize(("cls", "name"), METHODS)
def test_method_docstrings_do_not_contradict_the_signature(cls: type, name: str) -> None:
    doc = FunctionDoc(getattr(cls, name))
    assert doc["Summary"], f"{cls.__name__}.{name} has no docstring"
    if doc["Parameters"]:
        assert documented_names(doc["Parameters"]) == signature_names(getattr(cls, name))


def test_import_brings_in_no_optional_package() -> None:
    """Beyond those that the dependencies import by themselves where they are installed."""
    code = """
import sys
import array_api_compat, joblib, lightgbm, scipy.sparse, sklearn
before = set(sys.modules)
import skdistill
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    optional = {
        "cupy",
        "matplotlib",
        "onnx",
        "onnxruntime",
        "pandas",
        "polars",
        "pyarrow",
        "rich",
        "skrub",
        "xgboost",
    }
    assert not optional & set(run.stdout.split())

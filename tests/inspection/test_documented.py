"""The public names of skdistill.inspection: docstrings that say what the signatures say."""

import dataclasses
import inspect
import subprocess
import sys

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

from skdistill import inspection

PUBLIC = [getattr(inspection, name) for name in inspection.__all__]
CALLABLES = [
    pytest.param(member, id=f"{obj.__name__}.{name}")
    for obj in PUBLIC
    for name, member in ([("", obj)] if inspect.isfunction(obj) else inspect.getmembers(obj))
    if not name.startswith("_")
    and (inspect.isfunction(member) or inspect.ismethod(member))
    and member.__module__.startswith("skdistill")
]


def names(section):
    return [name.strip() for entry in section for name in entry.name.split(",")]


def test_all_is_sorted():
    assert list(inspection.__all__) == sorted(set(inspection.__all__))


@pytest.mark.parametrize("member", CALLABLES)
def test_functions_and_methods_describe_their_parameters(member):
    doc = FunctionDoc(member)
    assert doc["Summary"]
    stars = {inspect.Parameter.VAR_KEYWORD: "**"}
    signature = inspect.signature(member).parameters.values()
    expected = [stars.get(p.kind, "") + p.name for p in signature if p.name != "self"]
    assert names(doc["Parameters"]) == expected
    assert all(" ".join(entry.desc).strip() for entry in doc["Parameters"])


@pytest.mark.parametrize("cls", [obj for obj in PUBLIC if inspect.isclass(obj)])
def test_classes_describe_their_fields(cls):
    doc = ClassDoc(cls)
    assert doc["Summary"]
    if dataclasses.is_dataclass(cls):
        described = names(doc["Attributes"])
        assert [n for n in described if n] == [field.name for field in dataclasses.fields(cls)]
    else:
        assert names(doc["Parameters"]) == list(inspect.signature(cls).parameters)


def test_import_brings_in_no_optional_package():
    code = "import sys, skdistill.inspection; print(*{m.split('.')[0] for m in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "matplotlib" not in run.stdout.split()

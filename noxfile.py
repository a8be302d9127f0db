"""Chores, each in its own virtual environment; ``nox -l`` lists them, ``nox -s lint`` runs one.

``.ci/run`` is what must pass; this file adds the matrix of Python and scikit-learn versions, the
long tests and the ones that need a GPU. Arguments after ``--`` go to the tool.
"""

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests-3.11(newest)"]

PYTHONS = ["3.11", "3.12", "3.13"]
BENCHMARKS = [
    "speed",
    "paper",
    "calibration",
    "strength",
    "synthetic",
    "size",
    "racing",
    "rare",
    "budgets",
    "equal_loss",
    "shift",
    "transfer",
    "residual",
    "suite",
    "frontier",
    "regression",
    "quantiles",
    "glm_tables",
    "linear",
    "scale",
    "outofcore",
    "serving",
    "formats",
]


@nox.session(python=PYTHONS)
@nox.parametrize("versions", ["newest", "oldest"], ids=["newest", "oldest"])
def tests(session: nox.Session, versions: str) -> None:
    """Run the default tests and doctests with the newest or the oldest supported versions."""
    constraints = ["-c", ".ci/oldest.txt"] if versions == "oldest" else []
    session.install(".[test]", *constraints)
    # See .ci/oldest.txt: Python 3.13 needs a SciPy that scikit-learn 1.6 wants this variable for.
    env = {"SCIPY_ARRAY_API": "1"} if versions == "oldest" and session.python == "3.13" else {}
    session.run("python", "-m", "pytest", *session.posargs, env=env)


@nox.session(python="3.11")
def coverage(session: nox.Session) -> None:
    """Run the default tests with branch coverage; fails below the bar in pyproject.toml."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "--cov", "--cov-report=term-missing", *session.posargs)


@nox.session(python="3.11")
def long(session: nox.Session) -> None:
    """Run theory, thousands of random fits and other slow tests (marked "long")."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "-m", "long and not gpu", *session.posargs)


@nox.session(python="3.11")
def data(session: nox.Session) -> None:
    """Run the tests on real data, in the folder that SKDISTILL_DATA names (marked "data")."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "-m", "data", *session.posargs)


@nox.session(python="3.11")
def engines(session: nox.Session) -> None:
    """Run the tests that start a cluster of Dask and one of Ray here (marked "engines")."""
    session.install(".[test,dask,ray]")
    session.run("python", "-m", "pytest", "-m", "engines", "tests/engines", *session.posargs)


@nox.session(python="3.11")
def gpu(session: nox.Session) -> None:
    """Run the tests that need CuPy and an NVIDIA GPU (marked "gpu")."""
    session.install(".[test,gpu]")
    session.run("python", "-m", "pytest", "-m", "gpu", *session.posargs)


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Check rules and format of the code."""
    session.install(*_tool("ruff"))
    session.run("ruff", "check", ".", *session.posargs)
    session.run("ruff", "format", "--check", ".")


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """Check the types of the array layers."""
    session.install(".", *_tool("mypy"))
    session.run("mypy", *session.posargs)


@nox.session(python="3.11")
def docs(session: nox.Session) -> None:
    """Build docs/_build/html, warnings as errors; the gallery and the notebooks are run."""
    session.install(".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session(python="3.11")
@nox.parametrize("name", BENCHMARKS, ids=BENCHMARKS)
def benchmarks(session: nox.Session, name: str) -> None:
    """Run a module of benchmarks/, with --quick unless arguments are given."""
    session.install(".[test,plot]")
    session.run("python", "-m", f"benchmarks.{name}", *(session.posargs or ["--quick"]))


@nox.session(python="3.11")
def hot_paths(session: nox.Session) -> None:
    """Time the hot paths and keep the timings in .benchmarks; see benchmarks/test_hot_paths.py."""
    session.install(".[test]", *_tool("pytest-benchmark"))
    options = session.posargs or ["--benchmark-autosave"]
    session.run("python", "-m", "pytest", "benchmarks/test_hot_paths.py", *options)


def _tool(name: str) -> list[str]:
    """Return the requirement of a tool as the extra `dev` in pyproject.toml states it."""
    extras = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]
    return [requirement for requirement in extras["dev"] if requirement.startswith(name)]

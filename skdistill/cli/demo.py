"""``python -m skdistill demo``: does distilling pay, on data sets that ship with scikit-learn."""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from joblib import parallel_config
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill._ground.saving import save_text
from skdistill.cli import demo_full
from skdistill.cli.demo_full import shipped
from skdistill.cli.errors import check_output
from skdistill.cli.progress import Progress
from skdistill.cli.screen import column_heads, screen_lines, told
from skdistill.cli.targets import TASKS

__all__ = ["add_parser", "run"]

_ABOUT = """\
Does distilling pay? An ensemble teaches small students on data sets that come with scikit-learn.

Every student is tuned over the same settings alone and distilled, and both are judged on rows that
neither they, nor their teacher, nor the choice of settings have seen (five folds). A gain or a loss
is one where its 95% interval says so. The data sets were chosen to show where distilling pays (few
labels, trees that vary) and where it does not. Takes less than a minute on two cores.
"""
_INTRODUCTION = """\
Teacher: the average of {}.
Students are tuned over the same settings alone and distilled, and judged on folds that nothing of
theirs has seen. * no other student is as good in loss, size and time, and better in one."""
_FULL = "longer tables: six students, with defaults, on five random splits of two data sets"
Students = dict[str, BaseEstimator]


@dataclass(frozen=True)
class Scene:
    """One data set and what is tried on it.

    Attributes
    ----------
    title : str
        What the data are.
    load : callable
        Returns X and y.
    students : mapping of str to estimator
        By what they are called.
    labelled : int or None
        Rows that have a label; the others serve the teacher alone. None for all.
    settings : mapping
        Further parameters of the search.
    """

    title: str
    load: Callable[[], tuple[Any, Any]]
    students: Mapping[str, BaseEstimator]
    labelled: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``demo`` to the command line."""
    parser = commands.add_parser(
        "demo",
        parents=[common],
        help="does distilling pay? on data sets that come with scikit-learn",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--task", choices=TASKS, default=TASKS[0], metavar="TASK",
        help="classify (default) or regress",
    )  # fmt: skip
    parser.add_argument("--full", action="store_true", help=_FULL)
    parser.add_argument(
        "--seeds", type=_positive, default=5, help="with --full: number of splits (default: 5)"
    )
    parser.add_argument("--quick", action="store_true", help="a smaller teacher, for a first look")
    parser.add_argument("--json", metavar="FILE", help="also write all figures here")
    parser.add_argument(
        "--n-jobs", type=int, default=-1, metavar="N", help="fits at a time (default: all cores)"
    )


def run(args: argparse.Namespace) -> None:
    """Carry out ``demo``.

    Parameters
    ----------
    args : argparse.Namespace
        As `add_parser` defines them.

    Raises
    ------
    CommandError
        If there is no folder for the file of figures.
    """
    check_output(args.json)
    if args.full:
        demo_full.run(args)
        return
    scenes, found = SCENES[args.task], {}
    print(_INTRODUCTION.format(_MEMBERS[args.task]))
    with Progress(len(scenes)) as progress, parallel_config("loky", inner_max_num_threads=1):
        for scene in scenes:
            progress.start(f"{scene.title}: {len(scene.students)} students")
            found[scene.title] = search_on(args.task, scene, 30 if args.quick else 100, args.n_jobs)
            progress.done()
    for number, (title, search) in enumerate(found.items()):
        lines = screen_lines(search)
        heads = column_heads(search.verdict_.loss) if number == 0 else None
        print("\n" + told(title, search.verdict_.teacher["calibrated"], lines, heads))
    print("\nYour own file: python -m skdistill search train.csv --target y --out student.joblib")
    if args.json:
        save_text(args.json, json.dumps(_record(found), indent=1) + "\n")


def search_on(task: str, scene: Scene, trees: int, n_jobs: int | None) -> Any:
    """Return a search among the students of a scene, fitted.

    Parameters
    ----------
    task : str
        "classify" or "regress".
    scene : Scene
    trees : int
        Size of the teacher's forest.
    n_jobs : int or None
        Fits at a time.

    Returns
    -------
    search : DistilledClassifierCV or DistilledRegressorCV
    """
    X, y = scene.load()
    further = None
    if scene.labelled is not None:
        drawn = {"train_size": scene.labelled, "random_state": 0}
        X, further, y, _ = train_test_split(X, y, **drawn, stratify=y if task == TASKS[0] else None)
    chooses, teacher, how = _KINDS[task]
    search = chooses(
        teacher(0, trees),
        list(scene.students.items()),
        strengths=(0.0, 0.5),
        settings="auto",
        n_jobs=n_jobs,
        random_state=0,
        **how,
        **scene.settings,
    )
    return search.fit(X, y, X_transfer=further)


_KINDS: Mapping[str, tuple[Any, Callable[[int, int], BaseEstimator], Mapping[str, Any]]] = {
    "classify": (
        DistilledClassifierCV,
        demo_full.teacher,
        {"calibrations": ("sigmoid",)},
    ),
    "regress": (DistilledRegressorCV, demo_full.number_teacher, {"calibrations": ("linear",)}),
}
_MEMBERS = {
    "classify": "extremely randomised trees, LightGBM and a linear model",
    "regress": "extremely randomised trees, LightGBM and ridge regression",
}


def _parity() -> tuple[Any, Any]:
    X, y = shipped("load_digits", return_X_y=True)()
    return X, y % 2


def _tree(leaves: int) -> Students:
    made = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
    return {f"tree, {leaves} leaves": made}


def _number_tree(leaves: int) -> Students:
    made = DecisionTreeRegressor(max_leaf_nodes=leaves, random_state=0)
    return {f"tree, {leaves} leaves": made}


_LOGISTIC: Students = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
}
_BOOSTED: Students = {
    "LightGBM, 20 trees": LGBMClassifier(n_estimators=20, num_leaves=8, n_jobs=1, verbose=-1)
}
_NUMBER_FOREST: Students = {"forest, 10 trees": RandomForestRegressor(10, random_state=0)}
_RIDGE: Students = {"ridge regression": make_pipeline(StandardScaler(), Ridge())}

SCENES: Mapping[str, tuple[Scene, ...]] = {
    "classify": (
        Scene(
            "digits, 500 rows with a label and 1,297 without",
            shipped("load_digits", return_X_y=True),
            _tree(16) | _tree(64),
            labelled=500,
        ),
        Scene(
            "digits, odd or even, with synthetic rows",
            _parity,
            _tree(64),
            settings={"synthetics": ("munge",)},
        ),
        Scene(
            "breast cancer",
            shipped("load_breast_cancer", return_X_y=True),
            _tree(8) | _LOGISTIC | _BOOSTED,
        ),
    ),
    "regress": (
        Scene(
            "Friedman's function with noise, 300 rows with a label and 1,700 without",
            shipped("make_friedman1", n_samples=2000, noise=3.0, random_state=0),
            _number_tree(32) | _NUMBER_FOREST | _RIDGE,
            labelled=300,
        ),
        Scene(
            "diabetes",
            shipped("load_diabetes", return_X_y=True),
            _number_tree(8) | _NUMBER_FOREST | _RIDGE,
        ),
    ),
}


def _record(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all figures as plain types."""
    return [
        {"data": title, "students": [asdict(line) for line in screen_lines(search)]}
        | {"loss": search.verdict_.loss, "teacher": dict(search.verdict_.teacher)}
        for title, search in found.items()
    ]


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)

"""Which learners of which packages can be teachers and students, by which route, and follow.

The learners of a package are tried in a process of their own, in whatever environment this runs: a
package that is missing is shown as not installed. As a teacher a learner labels rows with names for
classes. As a student it is distilled from given probabilities, and from the same with the columns
turned round: the share of the way that its own probabilities go along is 1 for one that does as it
is told, 0 for one that does not listen. The mean probability just before strength 1 is compared
with that at 1: one that treats copies of rows otherwise than rows jumps there.
"""

import argparse
import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier

from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledClassifier
from skdistill.exceptions import SkdistillError
from skdistill.students import resolve

__all__ = ["CASES", "Case", "Outcome", "main", "outcome", "summary"]

Floats = NDArray[np.float64]
N_ROWS = 400
FOLLOWS = 0.1  # of the way; small, regularised and flattening students do not go all of it
JUMP = 0.05
SECONDS = 900
ROOM = 160  # characters of a reason
NOT_INSTALLED = "not installed"
TREE = "sklearn.tree.DecisionTreeClassifier(max_depth=4, random_state=0)"


@dataclass(frozen=True)
class Case:
    """A learner, as the text of Python that makes it; modules in it are imported first.

    Attributes
    ----------
    package : str
        What is installed.
    make : str
        An expression.
    """

    package: str
    make: str

    def learner(self) -> Any:
        """Return the learner; raises ImportError where the package is missing."""
        names: dict[str, Any] = {}
        for word in self.make.replace("(", " ").replace("[", " ").replace("=", " ").split():
            module = word.strip("'\"),").rpartition(".")[0]
            while module and module[0].isalpha():
                root = module.partition(".")[0]
                importlib.import_module(root)
                names[root] = sys.modules[root]
                try:
                    importlib.import_module(module)
                except ModuleNotFoundError:  # a class, not a module
                    module = module.rpartition(".")[0]
                else:
                    break
        return eval(self.make, names)  # noqa: S307 - one of the texts below


def _cases(package: str, *makes: str) -> list[Case]:
    return [Case(package, make) for make in makes]


CASES = [
    *_cases(
        "scikit-learn",
        TREE,
        "sklearn.naive_bayes.GaussianNB()",
        "sklearn.neighbors.KNeighborsClassifier()",
        "sklearn.svm.SVC(probability=True)",
        f"sklearn.ensemble.BaggingClassifier({TREE}, random_state=0)",
        f"sklearn.ensemble.AdaBoostClassifier({TREE}, n_estimators=10, random_state=0)",
        f"sklearn.ensemble.VotingClassifier([('tree', {TREE})], voting='soft')",
        f"sklearn.ensemble.StackingClassifier([('tree', {TREE})])",
        f"sklearn.calibration.CalibratedClassifierCV({TREE})",
        "sklearn.calibration.CalibratedClassifierCV(sklearn.neighbors.KNeighborsClassifier())",
        f"sklearn.model_selection.GridSearchCV({TREE}, dict(max_depth=[2, 4]))",
        f"sklearn.model_selection.TunedThresholdClassifierCV({TREE})",
        "sklearn.compose.TransformedTargetRegressor(sklearn.linear_model.Ridge())",
        "sklearn.ensemble.HistGradientBoostingRegressor(loss='absolute_error')",
        "sklearn.multioutput.RegressorChain(sklearn.linear_model.Ridge())",
        "sklearn.linear_model.MultiTaskLasso(alpha=0.001)",
    ),
    *_cases(
        "lightgbm",
        "lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)",
        "lightgbm.LGBMRegressor(n_estimators=20, verbose=-1, n_jobs=1)",
    ),
    *_cases(
        "xgboost",
        "xgboost.XGBClassifier(n_estimators=20, n_jobs=1)",
        "xgboost.XGBRegressor(n_estimators=20, n_jobs=1)",
    ),
    *_cases(
        "catboost",
        "catboost.CatBoostClassifier(iterations=50, verbose=0, allow_writing_files=False)",
        "catboost.CatBoostRegressor(iterations=50, verbose=0, allow_writing_files=False)",
        "catboost.CatBoostRegressor(loss_function='MultiRMSE', iterations=50, verbose=0,"
        " allow_writing_files=False)",
        "catboost.CatBoostRegressor(loss_function='MAE', iterations=50, verbose=0,"
        " allow_writing_files=False)",
    ),
    *_cases(
        "interpret-core",
        "interpret.glassbox.ExplainableBoostingClassifier(outer_bags=2, max_rounds=100,"
        " interactions=0, n_jobs=1)",
        "interpret.glassbox.ExplainableBoostingRegressor(outer_bags=2, max_rounds=100,"
        " interactions=0, n_jobs=1)",
    ),
    *_cases(
        "ngboost",
        "ngboost.NGBClassifier(n_estimators=50, verbose=False)",
        "ngboost.NGBRegressor(n_estimators=50, verbose=False)",
    ),
    *_cases(
        "imodels",
        "imodels.HSTreeClassifier()",
        "imodels.HSTreeRegressor()",
        "imodels.FIGSClassifier()",
        "imodels.TaoTreeClassifier()",
        "imodels.C45TreeClassifier()",
        "imodels.GreedyRuleListClassifier()",
        "imodels.BoostedRulesClassifier()",
        "imodels.SkopeRulesClassifier()",
    ),
    *_cases(
        "glum",
        "glum.GeneralizedLinearRegressor(alpha=0.001)",
        "glum.GeneralizedLinearRegressor(family='binomial', alpha=0.001)",
        "glum.GeneralizedLinearRegressor(family='gamma', alpha=0.001)",
    ),
    *_cases("pygam", "pygam.LogisticGAM()", "pygam.LinearGAM()"),
    *_cases(
        "perpetual",
        "perpetual.sklearn.PerpetualClassifier()",
        "perpetual.sklearn.PerpetualRegressor()",
    ),
    *_cases(
        "quantile-forest",
        "quantile_forest.RandomForestQuantileRegressor(50)",
        "quantile_forest.RandomForestQuantileRegressor(50, default_quantiles='mean')",
    ),
    *_cases(
        "imbalanced-learn",
        "imblearn.ensemble.BalancedRandomForestClassifier(20, random_state=0)",
        "imblearn.ensemble.RUSBoostClassifier(n_estimators=10, random_state=0)",
        "imblearn.ensemble.EasyEnsembleClassifier(3, random_state=0)",
        "imblearn.ensemble.BalancedBaggingClassifier(n_estimators=5, random_state=0)",
        f"imblearn.pipeline.make_pipeline(imblearn.under_sampling.RandomUnderSampler(random_state=0),"
        f" {TREE})",
        f"imblearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), {TREE})",
    ),
    *_cases(
        "scikit-learn-intelex",
        "sklearnex.ensemble.RandomForestClassifier(20, random_state=0)",
        "sklearnex.linear_model.LogisticRegression()",
    ),
    *_cases("FLAML", "flaml.AutoML(time_budget=3, task='classification', verbose=0)"),
    *_cases(
        "skorch",
        "skorch.NeuralNetRegressor(__import__('torch').nn.LazyLinear(1), verbose=0)",
    ),
]


@dataclass(frozen=True)
class Outcome:
    """What became of a learner; a row of the raw table.

    Attributes
    ----------
    package, version, learner : str
        What was tried.
    teacher : str
        "yes", or why not.
    route : str
        Of the student; empty where there is none.
    follows : float
        The least share of the way, over a teacher and its inversion, two and three classes.
    jump : float
        The largest change of a mean probability from strength .999 to 1.
    reason : str
        Why it is refused, or failed, as a student.
    """

    package: str
    version: str
    learner: str
    teacher: str
    route: str = ""
    follows: float = np.nan
    jump: float = np.nan
    reason: str = ""


def outcome(case: Case) -> Outcome:
    """Try a learner as teacher and as student, in this process."""
    try:
        learner = case.learner()
        version = importlib.metadata.version(case.package)
    except ImportError:
        return Outcome(case.package, NOT_INSTALLED, case.make, "")
    taught, route, measured, reason = _as_teacher(learner), "", [], ""
    try:
        route = resolve(clone(learner)).route.name
        for n_classes in (2, 3):
            measured += _as_student(learner, n_classes)
    except Exception as error:  # noqa: BLE001 - whatever it is belongs into the table
        reason = _said(error)
    follows, jumps = zip(*measured, strict=True) if measured else ([np.nan], [np.nan])
    return Outcome(
        case.package, version, case.make, taught, route, min(follows), max(jumps), reason
    )


def _rows(n_classes: int) -> tuple[Floats, NDArray[Any], Floats]:
    """Return features, labels with names, and the probabilities that they were drawn by."""
    rng = np.random.default_rng(n_classes)
    X = rng.normal(size=(N_ROWS, 4))
    scores = 2.0 * X @ rng.normal(size=(4, n_classes)) + np.arange(n_classes)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = 0.9 * p / p.sum(axis=1, keepdims=True) + 0.1 / n_classes
    codes = (rng.random((N_ROWS, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    return X, np.array(["apple", "pear", "quince"])[np.minimum(codes, n_classes - 1)], p


def _as_teacher(learner: Any) -> str:
    X, y, _ = _rows(2)
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    try:
        model = DistilledClassifier(clone(learner), student, strength=0.3, cv=3, random_state=0)
        p = model.fit(X, y).teacher_proba_
    except Exception as error:  # noqa: BLE001
        return _said(error)
    right = np.mean(np.array(["apple", "pear"])[p.argmax(axis=1)] == y)
    return "yes" if right > 0.6 else f"right in {right:.0%} of rows"


def _as_student(learner: Any, n_classes: int) -> Iterator[tuple[float, float]]:
    """Yield, for a teacher and its inversion, the share of the way and the jump before 1."""
    X, y, p = _rows(n_classes)
    for taught in (p, p[:, ::-1]):
        found = {}
        for strength in (0.0, 0.999, 1.0):
            model = DistilledClassifier(None, clone(learner), strength=strength, calibration=None)
            found[strength] = model.fit(X, y, teacher_proba=taught).predict_proba(X)
        other = taught[:, ::-1]
        near, far = (np.mean(np.abs(found[0.0] - each)) for each in (taught, other))
        share = (far - near) / np.mean(np.abs(taught - other))
        jump = np.abs(found[0.999].mean(axis=0) - found[1.0].mean(axis=0)).max()
        yield float(share), float(jump)


def _said(error: Exception) -> str:
    refused = isinstance(error, SkdistillError) and "could not be" not in str(error)
    return f"{'refused' if refused else 'failed'}: {' '.join(str(error).split())}"


def tried(cases: list[Case]) -> Iterator[Outcome]:
    """Try the learners of each package in a process of its own, which may end or hang."""
    for package in dict.fromkeys(case.package for case in cases):
        command = [sys.executable, "-m", "benchmarks.compatibility", "--one", package]
        left = [case.make for case in cases if case.package == package]
        try:
            done = subprocess.run(  # noqa: S603 - this very module
                [*command, *left], stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False
            )
            said, ended = done.stdout, f"failed: the process ended with {done.returncode}"
        except subprocess.TimeoutExpired as error:
            told = error.stdout or b""
            said = told if isinstance(told, str) else told.decode()
            ended = f"failed: not done in {SECONDS} s"
        for line in said.splitlines():
            if line.startswith("{"):
                found = Outcome(**json.loads(line))
                left.remove(found.learner)
                yield found
        for make in left:
            yield Outcome(package, "?", make, ended, reason=ended)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table that is shown."""
    lines = []
    texts = ["teacher", "route", "reason"]  # a column of none is read as numbers
    frame = frame.assign(**frame[texts].astype(object).fillna(""))
    for row in frame.itertuples():
        follows = "" if np.isnan(row.follows) else "yes" if row.follows > FOLLOWS else "no"
        follows += f" ({row.follows:.2f})" if follows else ""
        jump = "" if np.isnan(row.jump) else f"{row.jump:.3f}"
        lines.append(
            {
                "package": row.package,
                "version": row.version,
                "learner": _name(row.learner),
                "teacher": _short(row.teacher),
                "student, by route": _student(row),
                "follows": follows,
                "jump at 1": jump + (" !" if jump and row.jump > JUMP else ""),
            }
        )
    return pd.DataFrame(lines)


def _student(row: Any) -> str:
    if not row.reason:
        return str(row.route)
    reason = _short(row.reason)
    return reason if np.isnan(row.follows) else f"{row.route}; three classes {reason}"


def _short(text: str) -> str:
    """Return the reason alone, without what to do instead."""
    if "got the regressor" in text:
        return "a regressor"
    first = re.split(r"\. |: use|: set|: leave|: put", text.replace("|", "/"))[0]
    return first if len(first) <= ROOM else f"{first[:ROOM]} ..."


def _name(make: str) -> str:
    """Return a learner without the modules that it comes from."""
    return re.sub(r"\b[a-z_]+\.(?=[a-zA-Z])", "", make.replace(TREE, "tree"))


ABOUT = (
    (
        "Each learner is tried in the environment at hand, those of a package in a process of "
        "their own. *Teacher*: it labels rows out of fold, with names for classes. *Follows*: the "
        "student is distilled from given probabilities, and from the same with the columns turned "
        "round; the share of the way that its own probabilities go along is 1 for one that does "
        "as it is told, 0 for one that does not listen. *Jump at 1*: the change of a mean "
        "probability from strength .999 to 1, where a learner that treats copies of rows otherwise "
        "than rows jumps."
    ),
    (
        f"A learner follows if that share is above {FOLLOWS} for a teacher and for its inversion, "
        f"with two classes and with three; a jump of more than {JUMP} is marked. 400 rows of 4 "
        "features."
    ),
)


def main(argv: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compatibility", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--packages", nargs="+", choices=sorted({c.package for c in CASES}))
    parser.add_argument(
        "--one", nargs="+", help="a package and learners: try them here, print what became of them"
    )
    add_common_arguments(parser, repeats=1)
    arguments = parser.parse_args(argv)
    if arguments.one is not None:
        warnings.simplefilter("ignore")
        package, *makes = arguments.one
        for make in makes:
            print("\n" + json.dumps(asdict(outcome(Case(package, make)))), flush=True)
        return
    wanted = [c for c in CASES if not arguments.packages or c.package in arguments.packages]
    wanted = wanted[:2] if arguments.quick else wanted
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "compatibility.csv", Outcome, ("learner",), fresh=fresh)
    missing = [case for case in wanted if (case.make,) not in log]
    for row in progress(tried(missing), len(missing), lambda row: f"{row.learner}: {row.reason}"):
        log.add(row)
    order = {case.make: place for place, case in enumerate(CASES)}
    frame = log.frame()
    frame = frame.loc[frame.learner.map(order).sort_values().index]
    table = summary(frame)
    print(table.to_string(index=False))
    title, command = "Which learners go together", command_line("compatibility", argv)
    Page("compatibility", title, command, ABOUT, measured=log.measured()).write(folder, table)


if __name__ == "__main__":
    main()

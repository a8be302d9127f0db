"""Short names of teachers and students, and ``module:attribute`` for everything else.

The learners here take what the vectoriser of ``skdistill fit`` gives: numbers, with NaN where a
value is missing. Those that cannot take NaN are Pipelines that impute (with an indicator column)
and scale.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill.cli.errors import CommandError
from skdistill.students import SoftMLPClassifier

__all__ = [
    "CLASSIFIER",
    "REGRESSOR",
    "STUDENTS",
    "TEACHERS",
    "Named",
    "Wanted",
    "describe",
    "resolve",
    "scaled",
]


@dataclass(frozen=True)
class Named:
    """A learner with a short name.

    Attributes
    ----------
    build : callable
        Takes a seed (int or None), returns an unfitted classifier.
    about : str
        What it is, in a few words for ``--help``.
    """

    build: Callable[[int | None], BaseEstimator]
    about: str


@dataclass(frozen=True)
class Wanted:
    """What a learner must be.

    Attributes
    ----------
    what : str
        In words.
    fits : callable
        Whether it is.
    example : str
        One that is, as ``module:attribute``.
    """

    what: str
    fits: Callable[[Any], bool]
    example: str


def _tells_classes(learner: Any) -> bool:
    return bool(is_classifier(learner) and hasattr(learner, "predict_proba"))


CLASSIFIER = Wanted(
    "a scikit-learn classifier with predict_proba (regressors are for --task regress)",
    _tells_classes,
    "sklearn.ensemble:GradientBoostingClassifier",
)
REGRESSOR = Wanted(
    "a scikit-learn regressor (classifiers are for --task classify)",
    is_regressor,
    "sklearn.ensemble:GradientBoostingRegressor",
)


def _forest(seed: int | None, trees: int = 300) -> BaseEstimator:
    return RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed)


def _extra_trees(seed: int | None) -> BaseEstimator:
    return ExtraTreesClassifier(300, min_samples_leaf=2, random_state=seed)


def _lightgbm(seed: int | None, rounds: int, leaves: int, rate: float) -> BaseEstimator:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=rounds,
        num_leaves=leaves,
        learning_rate=rate,
        n_jobs=0,  # as many threads as OpenMP may use: one for a small table (few_threads)
        random_state=seed,
        verbose=-1,
    )


def _hist_boosting(seed: int | None) -> BaseEstimator:
    return HistGradientBoostingClassifier(max_iter=200, learning_rate=0.05, random_state=seed)


def scaled(last: str, learner: BaseEstimator) -> BaseEstimator:
    """Return a learner behind imputation and scaling."""
    return Pipeline(
        [
            ("impute", SimpleImputer(add_indicator=True, keep_empty_features=True)),
            ("scale", StandardScaler()),
            (last, learner),
        ]
    )


def _logistic(seed: int | None) -> BaseEstimator:
    return scaled("logistic", LogisticRegression(max_iter=1000, random_state=seed))


def _mlp(seed: int | None) -> BaseEstimator:
    learner = MLPClassifier((128, 128), early_stopping=True, max_iter=300, random_state=seed)
    return scaled("mlp", learner)


def _soft_mlp(seed: int | None) -> BaseEstimator:
    """Scikit-learn's own takes no soft targets, and cannot stop early on weighted copies."""
    return scaled("mlp", SoftMLPClassifier((32, 32), random_state=seed))


def _members(seed: int | None) -> list[tuple[str, BaseEstimator]]:
    return [
        ("rf", _forest(seed)),
        ("extratrees", _extra_trees(seed)),
        ("lightgbm", _lightgbm(seed, 200, 31, 0.05)),
    ]


def _vote(seed: int | None) -> BaseEstimator:
    return VotingClassifier(_members(seed), voting="soft")


def _stack(seed: int | None) -> BaseEstimator:
    final = LogisticRegression(max_iter=1000)
    return StackingClassifier(_members(seed), final, stack_method="predict_proba")


TEACHERS: Mapping[str, Named] = {
    "vote": Named(_vote, "average of rf, extratrees and lightgbm"),
    "stack": Named(_stack, "logistic stack of rf, extratrees and lightgbm (slow)"),
    "rf": Named(_forest, "random forest, 300 trees"),
    "extratrees": Named(_extra_trees, "extremely randomised trees, 300 trees"),
    "lightgbm": Named(lambda seed: _lightgbm(seed, 400, 31, 0.05), "LightGBM, 400 rounds"),
    "histgb": Named(_hist_boosting, "scikit-learn's histogram boosting, 200 rounds"),
    "mlp": Named(_mlp, "neural network, 2 x 128, imputed and scaled"),
}

STUDENTS: Mapping[str, Named] = {
    "lightgbm": Named(lambda seed: _lightgbm(seed, 50, 15, 0.1), "LightGBM, 50 rounds, 15 leaves"),
    "tree": Named(
        lambda seed: DecisionTreeClassifier(max_leaf_nodes=32, random_state=seed),
        "decision tree of 32 leaves",
    ),
    "logistic": Named(_logistic, "logistic regression, imputed and scaled"),
    "rf10": Named(lambda seed: _forest(seed, 10), "random forest of 10 trees"),
    "mlp": Named(_soft_mlp, "neural network, 2 x 32, imputed and scaled"),
}


def describe(names: Mapping[str, Named]) -> str:
    """Return one indented line per short name, for ``--help``."""
    return "\n".join(f"  {name:<11}{named.about}" for name, named in names.items())


def resolve(
    spec: str, names: Mapping[str, Named], seed: int | None = None, wanted: Wanted = CLASSIFIER
) -> BaseEstimator:
    """Return the learner that `spec` stands for.

    Parameters
    ----------
    spec : str
        A short name, or ``module:attribute``: a learner, or a class or function that returns one
        when called without arguments. Modules are also looked for in the current directory.
    names : mapping of str to Named
        The short names to look in, such as `TEACHERS` or `STUDENTS`.
    seed : int or None, default=None
        Random state of a short name's learner, and of a class given as ``module:attribute``. An
        instance, or what a function returns, is left as it is.
    wanted : Wanted, default=CLASSIFIER
        What it must be.

    Returns
    -------
    learner : estimator
        Unfitted, if it was given so.

    Raises
    ------
    CommandError
        If the name is unknown, the import fails, or what it gives is not what is wanted.

    Examples
    --------
    >>> resolve("tree", STUDENTS, seed=0)
    DecisionTreeClassifier(max_leaf_nodes=32, random_state=0)
    >>> resolve("sklearn.naive_bayes:GaussianNB", TEACHERS)
    GaussianNB()
    >>> resolve("sklearn.ensemble:GradientBoostingClassifier", TEACHERS, seed=3)
    GradientBoostingClassifier(random_state=3)
    """
    if spec in names:
        return names[spec].build(seed)
    if ":" not in spec:
        raise CommandError(
            f"unknown learner {spec!r}: expected one of {', '.join(names)}, or module:attribute "
            f"such as {wanted.example}"
        )
    learner = _load(spec, seed)
    if not wanted.fits(learner):
        raise CommandError(f"{spec} gives {type(learner).__name__}, expected {wanted.what}")
    return learner


def _load(spec: str, seed: int | None) -> Any:
    module_name, _, path = spec.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise CommandError(f"cannot load {spec!r}: {error}") from error
    if hasattr(found, "fit") and not isinstance(found, type):
        return found
    if not callable(found):
        raise CommandError(f"{spec} is {found!r}, neither an estimator nor callable")
    try:
        learner = found()
    except TypeError as error:
        raise CommandError(
            f"{spec} cannot be called without arguments ({error}): name an instance, or a "
            "function that returns one"
        ) from error
    return _seeded(learner, seed) if isinstance(found, type) else learner


def _seeded(learner: Any, seed: int | None) -> Any:
    """Set the random states that a class leaves open."""
    params = learner.get_params() if hasattr(learner, "get_params") else {}
    unset = [
        name
        for name, value in params.items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return learner.set_params(**dict.fromkeys(unset, seed)) if unset else learner

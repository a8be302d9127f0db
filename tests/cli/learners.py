"""Learners that the tests name as ``module:attribute``."""

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

FOREST = ExtraTreesClassifier(15, min_samples_leaf=3, random_state=0)
STUMP = DecisionTreeClassifier(max_leaf_nodes=4, random_state=0)
GUESS = DummyClassifier(strategy="stratified", random_state=0)
STABLE = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.1))
TIMID = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=1e-4))
NUMBER = 7


def forest() -> BaseEstimator:
    """Return a small forest."""
    return ExtraTreesClassifier(9, random_state=0)


def unseeded() -> BaseEstimator:
    """Return a small forest whose seed is left open."""
    return ExtraTreesClassifier(9)


def boosted() -> BaseEstimator:
    """Return a small student of XGBoost."""
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=5, max_depth=2, n_jobs=1, random_state=0)


class Paired(ExtraTreesClassifier):
    """A forest with a part that draws at random as well."""

    def __init__(self, random_state: int | None = None, part: BaseEstimator | None = None) -> None:
        super().__init__(9, random_state=random_state)
        self.part = DecisionTreeClassifier() if part is None else part


def needs_argument(depth: int) -> BaseEstimator:
    """Return a tree, but only when told how deep."""
    return DecisionTreeClassifier(max_depth=depth)


def _same(X):
    return X


LAMBDA = make_pipeline(FunctionTransformer(lambda X: X), DecisionTreeClassifier(max_depth=2))
NAMED = make_pipeline(FunctionTransformer(_same), DecisionTreeClassifier(max_depth=2))
INNER_LAMBDA = BaggingClassifier(LAMBDA, n_estimators=2, random_state=0)

WOOD = ExtraTreesRegressor(15, min_samples_leaf=3, random_state=0)
RATES = make_pipeline(SimpleImputer(), StandardScaler(), PoissonRegressor(alpha=0.1))
SHRUNK = make_pipeline(SimpleImputer(), StandardScaler(), Ridge(1e4))

"""``students="auto"``: kinds of student from a tree of four leaves to 200 boosted trees.

Small ones come first. All of them read numbers, missing ones too, and sparse rows (but for the
network and the explainable booster, which are left out there). The latter, a sum of one curve for
each column, is there where its package is: one bag without interactions, to be as quick as others.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import check_array
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.compat import LOGGER
from skdistill.exceptions import InputError
from skdistill.students import SoftMLPClassifier

__all__ = ["check_numbers", "classifiers", "regressors"]

LEAVES = {"max_leaf_nodes": [4, 8, 16, 32, 64, 256]}
BOOSTERS = ((20, 8), (50, 31), (200, 31))  # trees, leaves
FEW_CELLS = 2_000_000  # rows times columns
FLOATS = (np.float64, np.float32)
Items = list[tuple[Any, ...]]


def classifiers(X: Any = None) -> Items:
    """Return the kinds of student for classes, as the parameter `students` takes them.

    Parameters
    ----------
    X : array-like, sparse array or data frame, optional
        The rows: of sparse ones the network and the explainable booster are left out.

    Returns
    -------
    students : list of (name, estimator) or (name, estimator, grid)
        The explainable booster, "ebm", is there where interpret is installed.

    Examples
    --------
    >>> [name for name, *_ in classifiers()][:6]
    ['tree', 'logistic', 'forest 10', 'lightgbm 20x8', 'lightgbm 50x31', 'lightgbm 200x31']
    """
    forest = RandomForestClassifier(10, random_state=0)
    line = make_pipeline(_filled(), _scaled(), LogisticRegression(max_iter=1000))
    network = [] if sp.issparse(X) else [("mlp", make_pipeline(_filled(), _network()))]
    return [
        ("tree", DecisionTreeClassifier(random_state=0), LEAVES),
        ("logistic", line),
        ("forest 10", forest),
        *_boosters(LGBMClassifier, X),
        *_explainable("ExplainableBoostingClassifier", X),
        *network,
    ]


def regressors(X: Any = None) -> Items:
    """Return the kinds of student for numbers, all of the squared error.

    Parameters
    ----------
    X : array-like, sparse array or data frame, optional
        The rows: of sparse ones the network and the explainable booster are left out.

    Returns
    -------
    students : list of (name, estimator) or (name, estimator, grid)
        The explainable booster, "ebm", is there where interpret is installed, the network
        from scikit-learn 1.7 on, where it takes weights.

    Examples
    --------
    >>> [name for name, *_ in regressors()][:6]
    ['tree', 'ridge', 'forest 10', 'lightgbm 20x8', 'lightgbm 50x31', 'lightgbm 200x31']
    """
    takes_weights = has_fit_parameter(MLPRegressor(), "sample_weight")
    network = [] if sp.issparse(X) or not takes_weights else [("mlp", _network_of_numbers())]
    return [
        ("tree", DecisionTreeRegressor(random_state=0), LEAVES),
        ("ridge", make_pipeline(_filled(), _scaled(), Ridge())),
        ("forest 10", RandomForestRegressor(10, random_state=0)),
        *_boosters(LGBMRegressor, X),
        *_explainable("ExplainableBoostingRegressor", X),
        *network,
    ]


def check_numbers(X: Any) -> None:
    """Raise InputError where rows are no numbers, which the students of the catalogue want."""
    try:
        # By a dtype: "numeric" lets the strings of pandas 3 pass in scikit-learn 1.6.
        check_array(X, accept_sparse=True, dtype=FLOATS, ensure_all_finite=False)
    except ValueError as error:
        raise InputError(
            f"students='auto' needs a table of numbers: {error}. Put an encoder before the search "
            "(make_pipeline(skrub.TableVectorizer(), search)), or name students that read such "
            "columns."
        ) from error


def _boosters(kind: type, X: Any) -> Items:
    # Threads that wait for each other on a small table spin: hundreds of times slower where other
    # work runs on the same cores, and little is gained where none does.
    small = X is not None and math.prod(np.shape(X)) < FEW_CELLS
    how = {"verbose": -1, "n_jobs": 1 if small else None}
    return [
        (f"lightgbm {trees}x{leaves}", kind(n_estimators=trees, num_leaves=leaves, **how))
        for trees, leaves in BOOSTERS
    ]


def _explainable(name: str, X: Any) -> Items:
    if sp.issparse(X):
        return []
    try:
        from interpret import glassbox
    except ImportError:
        _tell_missing()
        return []
    learner = getattr(glassbox, name)(interactions=0, outer_bags=1, n_jobs=1, random_state=0)
    return [("ebm", make_pipeline(_filled(), learner))]  # its plots do not show missing values


@cache  # once
def _tell_missing() -> None:
    LOGGER.info(
        "students='auto' leaves out the explainable booster, a readable student: the package "
        "interpret is not installed (pip install interpret-core)"
    )


def _filled() -> SimpleImputer:
    return SimpleImputer(keep_empty_features=True)


def _scaled() -> StandardScaler:
    return StandardScaler(with_mean=False)  # sparse rows stay sparse


def _network() -> SoftMLPClassifier:
    return SoftMLPClassifier(random_state=0)  # it standardises the rows itself


def _network_of_numbers() -> Pipeline:
    """Return a small network of rows and numbers on a common scale; it stops early by itself."""
    network = MLPRegressor(
        hidden_layer_sizes=(32,),
        learning_rate_init=0.01,
        early_stopping=True,
        max_iter=500,
        random_state=0,
    )
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    return make_pipeline(_filled(), StandardScaler(), scaled)

"""Models made of several: the file says what they say together."""

import numpy as np
import pytest
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skdistill.exceptions import ExportError
from skdistill.export import to_json, to_sql
from skdistill.export.pieces import Leaves, Rows, every_piece
from skdistill.export.reading import read
from tests.export.students import (
    BOOSTED,
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    proved,
    rows,
)

THREE = [(name, CLASSIFIERS[name]) for name in ("tree", "logistic", "forest")]
NUMBERS = [(name, REGRESSORS[name]) for name in ("tree", "ridge", "boosting")]
FEW = {"max_samples": 0.5, "max_features": 0.5}
CLASSIFIER_KINDS = {
    "voting": VotingClassifier(THREE, voting="soft"),
    "voting by weight": VotingClassifier(
        [*THREE, ("none", "drop")], voting="soft", weights=[3, 1, 2, 9]
    ),
    "bag of trees": BaggingClassifier(DecisionTreeClassifier(max_depth=3), 4, random_state=0),
    "bag of some columns": BaggingClassifier(CLASSIFIERS["logistic"], 3, **FEW, random_state=0),
    "bag of one column twice": BaggingClassifier(
        CLASSIFIERS["tree"], 3, bootstrap_features=True, random_state=0
    ),
    "stack": StackingClassifier(THREE, CLASSIFIERS["logistic"], cv=3),
    "stack and the rows": StackingClassifier(
        [*THREE, ("none", "drop")], CLASSIFIERS["boosting"], cv=3, passthrough=True
    ),
    "stack on scores": StackingClassifier(
        [("a", BOOSTED["histograms"])],
        CLASSIFIERS["logistic"],
        stack_method="decision_function",
        cv=3,
    ),
}
REGRESSOR_KINDS = {
    "voting": VotingRegressor(NUMBERS),
    "voting by weight": VotingRegressor(NUMBERS, weights=[0.1, 0.7, 0.3]),
    "bag of trees": BaggingRegressor(REGRESSORS["tree"], 4, random_state=0),
    "bag of some columns": BaggingRegressor(REGRESSORS["ridge"], 3, **FEW, random_state=0),
    "stack": StackingRegressor(NUMBERS, REGRESSORS["ridge"], cv=3, passthrough=True),
}


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", CLASSIFIER_KINDS)
def test_classifiers(name, n_classes):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    proved(fitted(CLASSIFIER_KINDS[name], X, y), X)


@pytest.mark.parametrize("name", REGRESSOR_KINDS)
def test_regressors(name):
    X = rows()
    proved(fitted(REGRESSOR_KINDS[name], X, numbers(X)), X)


def test_a_bag_that_has_not_seen_all_classes():
    X = rows()
    y = classes(X, 5)
    y[y == 4] = 0
    y[0] = 4
    learner = make_pipeline(StandardScaler(), CLASSIFIERS["tree"])  # takes no weights, but rows
    model = fitted(BaggingClassifier(learner, 6, max_samples=20, random_state=0), X, y)
    assert min(len(each.classes_) for each in model.estimators_) < 5
    proved(model, X)


def test_a_bag_of_trees_is_one_record_of_all_and_equal_to_the_last_bit():
    X = rows()
    model = fitted(CLASSIFIER_KINDS["bag of trees"], X, classes(X, 5))
    pieces = every_piece(read(model, Rows(6)).piece)
    leaves = [each for each in pieces if isinstance(each, Leaves)]
    assert [len(each.trees.roots) for each in leaves] == [4]
    assert to_json(model, X, tolerance=0.0).n_rows > len(X)


def test_frozen_models_of_a_stack():
    X = rows()
    y = np.array(LABELS[2])[classes(X, 2)]
    ready = FrozenEstimator(fitted(CLASSIFIERS["tree"], X, y))
    proved(
        fitted(StackingClassifier([("a", ready)], CLASSIFIERS["logistic"], cv="prefit"), X, y), X
    )


def test_a_vote_as_a_statement():
    X = rows()
    model = fitted(VotingClassifier(THREE[:2], voting="soft"), X, classes(X, 5))
    assert to_sql(model, X).largest_difference < 1e-14


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (VotingClassifier(THREE), "voting='hard' of VotingClassifier"),
        (
            StackingClassifier(THREE, LogisticRegression(), cv=3, stack_method="predict"),
            "labels of DecisionTreeClassifier",
        ),
        (
            StackingClassifier([("a", LinearSVC())], LogisticRegression(), cv=3),
            "of LinearSVC cannot",
        ),
        (BaggingClassifier(LinearSVC(), 2, random_state=0), "LinearSVC is a learner that no"),
    ],
)
def test_what_no_file_has_is_named(model, said):
    X = rows()
    with pytest.raises(ExportError, match=said):
        read(fitted(model, X, classes(X, 2)), Rows(6))

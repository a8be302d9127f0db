"""What is shipped is the student alone, on the columns that it uses, and says the same."""

import pickle

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    Brier,
    CrossEntropy,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledQuantiles,
    DistilledRegressor,
    Logit,
)
from skdistill.exceptions import ExportError
from skdistill.export import DecodedClassifier, SortedRegressors, ship, to_json
from skdistill.students import Decoder, LabelledClassifier, TemperedClassifier
from tests.export.students import (
    BOOSTED,
    BOOSTED_NUMBERS,
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    rows,
    say,
)

pd = pytest.importorskip("pandas")
TREE = DecisionTreeClassifier(max_leaf_nodes=4, random_state=0)


def frame(n=150, seed=0, more=4):
    """Return rows with columns that say nothing of the classes."""
    X = pd.DataFrame(rows(n, seed), columns=list("abcdef"))
    noise = np.random.RandomState(seed).normal(size=(n, more))
    return X.join(pd.DataFrame(noise, columns=[f"noise{i}" for i in range(more)]))


def mixed(n=150, seed=0):
    """Return rows of numbers, some missing, and text."""
    X, random = frame(n, seed), np.random.RandomState(seed)
    X.loc[::7, "a"] = np.nan
    X["town"] = random.choice(["Basel", "Bern", "Chur"], n)
    X["size"] = random.choice(["S", "M", "L"], n)
    return X


def jumbled(X):
    """Return the rows with their columns in another order, and some that nobody asked for."""
    return X[X.columns[::-1]].assign(unasked="?")


def distilled(student, X, y, **settings):
    settings = {"strength": 0.5, "cv": 3, "random_state": 0} | settings
    return DistilledClassifier(CLASSIFIERS["logistic"], student, **settings).fit(X, y)


def test_a_distillation_leaves_its_training_rows_behind():
    sizes = []
    for n in (150, 600):
        X = rows(n)
        model = distilled(TREE, X, classes(X, 2))
        shipped = ship(model, X)
        assert type(shipped) is DecisionTreeClassifier
        assert np.array_equal(shipped.predict_proba(X), model.predict_proba(X))
        sizes.append((len(pickle.dumps(model)), len(pickle.dumps(shipped))))
    (few, small), (many, also_small) = sizes
    assert many > 1.5 * few
    assert abs(small - also_small) < 200
    assert also_small < many / 5


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", [*CLASSIFIERS, *BOOSTED])
def test_classifiers_find_their_columns_by_name(name, n_classes):
    X, unseen = frame(), frame(300, seed=3)
    student = (CLASSIFIERS | BOOSTED)[name]
    model = fitted(student, X, np.array(LABELS[n_classes])[classes(rows(), n_classes)])
    shipped = ship(model, X)
    np.testing.assert_allclose(say(shipped, jumbled(unseen)), say(model, unseen), atol=1e-12)
    assert np.array_equal(shipped.predict(jumbled(unseen)), model.predict(unseen))


@pytest.mark.parametrize("name", [*REGRESSORS, *(f"boosted {name}" for name in BOOSTED_NUMBERS)])
def test_regressors_find_their_columns_by_name(name):
    X, unseen = frame(), frame(300, seed=3)
    students = REGRESSORS | {f"boosted {name}": each for name, each in BOOSTED_NUMBERS.items()}
    model = fitted(students[name], X, numbers(rows()))
    np.testing.assert_allclose(
        ship(model, X).predict(jumbled(unseen)), model.predict(unseen), rtol=1e-12, atol=1e-12
    )


NARROW = {
    "tree": TREE,
    "forest": RandomForestClassifier(2, max_leaf_nodes=3, random_state=0),
    "extra trees": ExtraTreesClassifier(2, max_leaf_nodes=3, random_state=0),
    "boosting": CLASSIFIERS["boosting"],
    "lightgbm": LGBMClassifier(num_leaves=3, n_estimators=3, verbose=-1, n_jobs=1),
    "lasso": Lasso(alpha=0.1),
}


@pytest.mark.parametrize("name", NARROW)
def test_columns_that_are_not_used_are_not_needed(name):
    """The oracle changes each column by itself: those that change nothing are not asked for."""
    X = frame(more=8)
    model = fitted(NARROW[name], X, classes(rows(), 2))
    shipped = ship(model, X)
    random, said = np.random.RandomState(0), say(model, X)
    used = []
    for column in X:
        other = X.assign(**{column: random.permutation(X[column]) * 3.0})
        if not np.array_equal(say(model, other), said):
            used.append(column)
    assert shipped.feature_names_in_.tolist() == used
    assert len(used) < len(X.columns)
    np.testing.assert_allclose(say(shipped, X[used]), said, atol=1e-12)


ENCODED = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), list("abcdef")),
        ("towns", OneHotEncoder(handle_unknown="ignore"), ["town", "size"]),
    ],
    remainder="passthrough",
)
BEFORE = {
    "encoded": ENCODED,
    "by number": clone(ENCODED).set_params(
        transformers=[("all", OneHotEncoder(handle_unknown="ignore"), [10, 11])],
    ),
    "ordered": ColumnTransformer(
        [("towns", OrdinalEncoder(), ["size", "town"]), ("numbers", "passthrough", ["c", "b"])]
    ),
    "dropping": clone(ENCODED).set_params(
        towns=OneHotEncoder(drop="if_binary", sparse_output=False), remainder="drop"
    ),
    "rare": clone(ENCODED).set_params(towns=OneHotEncoder(min_frequency=60)),
    "frames": clone(ENCODED)
    .set_params(towns=OneHotEncoder(sparse_output=False))
    .set_output(transform="pandas"),
}


@pytest.mark.parametrize(
    ("name", "selects"), [*((name, False) for name in BEFORE), ("encoded", True), ("rare", True)]
)
def test_encoders_that_are_not_used_are_dropped(name, selects):
    X, unseen = mixed(), mixed(60, seed=3)
    steps = [clone(BEFORE[name]), *([SelectKBest(k=5)] if selects else []), clone(TREE)]
    if selects:
        steps.insert(1, SimpleImputer())
    model = fitted(make_pipeline(*steps), X, classes(rows(), 5))
    shipped = ship(model, X)
    assert np.array_equal(say(shipped, jumbled(unseen)), say(model, unseen))
    if name not in ("rare", "frames"):
        needed = shipped.feature_names_in_.tolist()
        assert len(needed) < 6
        assert np.array_equal(say(shipped, unseen[needed]), say(model, unseen))
        assert len(pickle.dumps(shipped)) < len(pickle.dumps(model))


def test_a_search_around_and_a_pipeline_inside():
    X = mixed()
    inside = make_pipeline(clone(ENCODED), clone(TREE))
    teacher = make_pipeline(clone(ENCODED), SimpleImputer(), LogisticRegression())
    search = GridSearchCV(
        DistilledClassifier(teacher, inside, strength=0.5, cv=3, random_state=0),
        {"student__decisiontreeclassifier__max_leaf_nodes": [2, 3]},
        cv=2,
    ).fit(X, classes(rows(), 2))
    shipped = ship(search, X)
    assert type(shipped.steps[-1][1]) is DecisionTreeClassifier
    assert np.array_equal(say(shipped, jumbled(X)), say(search, X))


def test_a_pipeline_around():
    X = frame()
    model = make_pipeline(
        StandardScaler(),
        DistilledClassifier(
            CLASSIFIERS["logistic"], clone(TREE), strength=0.5, cv=3, random_state=0
        ),
    ).fit(X, classes(rows(), 2))
    shipped = ship(model, X)
    assert [type(step).__name__ for _, step in shipped.steps] == [
        "ColumnTransformer",
        "StandardScaler",
        "DecisionTreeClassifier",
    ]
    assert np.array_equal(say(shipped, jumbled(X)), say(model, X))
    assert len(shipped.steps[1][1].mean_) == len(shipped.feature_names_in_) < 10


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", ["tree", "ridge"])
def test_a_regressor_that_serves_as_a_classifier(name, n_classes):
    X = frame()
    y = np.array(LABELS[n_classes])[classes(rows(), n_classes)]
    model = distilled(REGRESSORS[name], X, y)
    shipped = ship(model, X)
    assert type(shipped.steps[-1][1]) is DecodedClassifier
    assert is_classifier(shipped)
    np.testing.assert_allclose(say(shipped, jumbled(X)), say(model, X), rtol=0, atol=1e-14)
    assert np.array_equal(shipped.predict(X), model.predict(X))


def test_a_decoded_classifier_is_fitted_to_labels():
    X = rows()
    y = np.array(LABELS[5])[classes(X, 5)]
    model = DecodedClassifier(REGRESSORS["ridge"], Decoder(Brier()), ["x"]).fit(X, y)
    assert model.classes_.tolist() == LABELS[5]
    assert model.n_features_in_ == 6
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    assert np.mean(model.predict(X) == y) > 0.3


def test_wrappers_that_are_fitted_keep_their_parameters():
    """What is exported is what was fitted, not what was given."""
    X = rows()
    y = np.array(LABELS[5])[classes(X, 5)]
    ridge, tree, decode = clone(REGRESSORS["ridge"]), clone(TREE), Decoder(Logit(), 2.0)
    for model in (
        DecodedClassifier(ridge, decode, ["x"]),
        TemperedClassifier(tree, 2.0),
        LabelledClassifier(tree, ["x"]),
    ):
        given = model.get_params(deep=False)
        with pytest.raises(NotFittedError):
            model.predict(X)
        model.fit(X, y)
        assert model.get_params(deep=False) == given
        assert not hasattr(ridge, "coef_")
        assert not hasattr(tree, "tree_")
        assert to_json(model, X).n_other_labels == 0
        table = frame()
        shipped = ship(clone(model).fit(table, y), table)
        assert np.array_equal(say(shipped, jumbled(table)), say(clone(model).fit(table, y), table))


def test_another_temperature_and_more_distillations():
    X = frame()
    y = classes(rows(), 2)
    for name in ("forest", "tree"):
        model = distilled(CLASSIFIERS[name], X, y, loss=CrossEntropy(temperature=2.0))
        np.testing.assert_allclose(say(ship(model, X), jumbled(X)), say(model, X), atol=1e-12)
    chosen = DistilledClassifierCV(
        TREE, [TREE, CLASSIFIERS["logistic"]], strengths=[0.5], cv=3, random_state=0
    ).fit(X, y)
    assert np.array_equal(say(ship(chosen, X), jumbled(X)), say(chosen, X))
    regressor = DistilledRegressor(
        REGRESSORS["ridge"], DecisionTreeRegressor(max_leaf_nodes=3), cv=3, random_state=0
    ).fit(X, numbers(rows()))
    assert np.array_equal(say(ship(regressor, X), jumbled(X)), say(regressor, X))


def test_a_network_forgets_its_optimiser():
    X = rows()
    model = fitted(CLASSIFIERS["deep network"], X, classes(X, 2))
    shipped = ship(model, X)
    assert len(pickle.dumps(shipped)) < 0.6 * len(pickle.dumps(model))
    assert hasattr(model, "_optimizer")


def test_a_network_forgets_its_optimiser_within_what_changes_its_word():
    X = rows()
    network = MLPRegressor(hidden_layer_sizes=(40, 40), max_iter=20, random_state=0)
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    turned = FixedThresholdClassifier(CLASSIFIERS["deep network"], threshold=0.3)
    for learner, y in ((make_pipeline(scaled), numbers(X)), (turned, classes(X, 2))):
        model = fitted(learner, X, y)
        assert b"_optimizer" in pickle.dumps(model)
        shipped = ship(model, X)
        assert b"_optimizer" not in pickle.dumps(shipped)
        assert np.array_equal(shipped.predict(X), model.predict(X))
        assert b"_optimizer" in pickle.dumps(model)


def test_what_is_not_known_keeps_all_columns():
    X = frame()
    voting = VotingClassifier([("a", clone(TREE)), ("b", LogisticRegression())], voting="soft")
    model = voting.fit(X, classes(rows(), 2))
    shipped = ship(model, X)
    assert shipped.feature_names_in_.tolist() == X.columns.tolist()
    assert shipped.steps[-1][1] is model
    assert np.array_equal(say(shipped, jumbled(X)), say(model, X))


def test_lightgbm_with_constraints_and_with_trees_of_one_leaf():
    X, y = frame(), classes(rows(), 2)
    settings = {"num_leaves": 3, "n_estimators": 2, "verbose": -1, "n_jobs": 1}
    constraints = [1, -1, 0, 0, 1, 0, 0, 0, 0, 0]
    for student in (
        LGBMClassifier(monotone_constraints=constraints, **settings),
        LGBMClassifier(min_child_samples=150, **settings),
    ):
        model = fitted(student, X, y)
        shipped = ship(model, X)
        assert len(shipped.feature_names_in_) < 4
        assert np.array_equal(say(shipped, jumbled(X)), say(model, X))
        again = pickle.loads(pickle.dumps(shipped))
        assert np.array_equal(say(again, X), say(model, X))


def test_categories_of_lightgbm_keep_their_dtype():
    X = frame().assign(town=pd.Categorical(mixed()["town"]))
    y = classes(rows(), 2)
    model = fitted(BOOSTED["lightgbm"], X, y ^ (X["town"] == "Bern"))
    shipped = ship(model, X)
    assert np.array_equal(say(shipped, jumbled(X)), say(model, X))


def test_frames_of_polars():
    pl = pytest.importorskip("polars")
    X = frame()
    given = pl.DataFrame({name: X[name].to_numpy() for name in X})
    try:
        ColumnTransformer([("a", "passthrough", ["a"])]).fit(given)
    except AttributeError:  # by the interchange protocol, which polars 2 no longer has
        pytest.skip("this scikit-learn cannot pick columns of this polars by name")
    model = fitted(TREE, given, classes(rows(), 2))
    shipped = ship(model, given)
    assert np.array_equal(say(shipped, given[given.columns[::-1]]), say(model, given))


def test_the_model_is_left_as_it_was():
    X = frame()
    model = make_pipeline(StandardScaler(), clone(CLASSIFIERS["forest"])).fit(X, classes(rows(), 2))
    before = pickle.dumps(model)
    ship(model, X)
    assert pickle.dumps(model) == before


def test_what_says_something_else_is_refused(monkeypatch):
    X = rows()
    model = distilled(TREE, X, classes(X, 2))
    other = clone(TREE).fit(X, 1 - classes(X, 2))
    monkeypatch.setattr("skdistill.export.shipped.plain", lambda _: other)
    with pytest.raises(ExportError, match=r"row \d+ of X: the student says"):
        ship(model, X)


def test_what_cannot_be_shipped_is_said():
    X = rows()
    with pytest.raises(NotFittedError):
        ship(clone(TREE), X)
    with pytest.raises(ExportError, match="must be a fitted estimator, got str"):
        ship("tree", X)


def by_first_column(model, X, levels):
    return np.asarray(X)[:, [0]] + np.asarray(levels)


@pytest.mark.parametrize("quantiles", [(0.1, 0.5, 0.9), 0.9])
@pytest.mark.parametrize("inside", [False, True])
def test_quantiles_come_as_one(quantiles, inside, tmp_path):
    """With students that cross: they see three rows a leaf."""
    X, unseen = frame(), frame(300, seed=3)
    student = LGBMRegressor(
        objective="quantile", num_leaves=3, n_estimators=3, min_child_samples=3, verbose=-1
    )
    if inside:
        student = make_pipeline(StandardScaler(), student)
    model = DistilledQuantiles(
        REGRESSORS["ridge"],
        student,
        quantiles=quantiles,
        quantiles_of=by_first_column,
        strength=0.5,
        cv=2,
        random_state=0,
    ).fit(X, numbers(rows()))
    shipped = ship(model, X)
    assert type(shipped.steps[-1][1]) is SortedRegressors
    assert len(shipped.feature_names_in_) < 10 or inside
    assert np.array_equal(shipped.predict(jumbled(unseen)), model.predict(unseen))
    assert len(pickle.dumps(shipped)) < 0.6 * len(pickle.dumps(model))
    again = pickle.loads(pickle.dumps(shipped))
    assert np.array_equal(again.predict(unseen), model.predict(unseen))
    assert to_json(shipped.steps[-1][1], shipped[:-1].transform(X)).n_rows > len(X)
    array = ship(clone(model).fit(X.to_numpy(), numbers(rows())), X.to_numpy())
    assert type(array) is SortedRegressors
    assert array.predict(X.to_numpy()).shape == model.predict(X).shape


def test_regressors_of_quantiles_are_fitted_anew():
    X, y = rows(), numbers(rows())
    given = [Ridge(alpha=1.0), Ridge(alpha=9.0)]
    model = SortedRegressors(given)
    with pytest.raises(NotFittedError):
        model.predict(X)
    said = model.fit(X, y).predict(X)
    assert model.regressors is given
    assert not hasattr(given[0], "coef_")
    assert np.all(np.diff(said, axis=1) >= 0)
    assert to_json(model, X).largest_difference < 1e-12
    assert np.array_equal(say(ship(model, X), X), said)

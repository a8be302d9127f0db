"""Folds for a model elsewhere, and its answers: as if it had been fitted here, or refused."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GroupKFold, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.exceptions import CoverageWarning, FoldError, InputError, LeakWarning, ParameterError
from skdistill.teaching import export_folds, read_answers

pd = pytest.importorskip("pandas")

TREE = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0)
LINE = DecisionTreeRegressor(max_leaf_nodes=20, random_state=0)


@pytest.fixture(scope="module")
def labelled():
    X, y = make_classification(
        90, 5, n_informative=4, n_redundant=0, n_classes=3, class_sep=0.6, random_state=0
    )
    return X, np.array(["b", "a", "c"])[y]


def answers_of(table, model, X, y):
    """Return what an outside model answers, as the docstring of `export_folds` asks for it."""
    lines = []
    for number, part in table.groupby("model"):
        train = part.row[part.use == "train"].to_numpy()
        asked = part.row[part.use != "train"].unique()
        fitted = clone(model).fit(X[train], y[train])
        if hasattr(fitted, "predict_proba"):
            said = pd.DataFrame(fitted.predict_proba(X[asked]), columns=fitted.classes_)
        else:
            said = pd.DataFrame({"prediction": fitted.predict(X[asked])})
        lines.append(said.assign(model=number, row=asked))
    return pd.concat(lines, ignore_index=True)


def made(tmp_path, labelled, **options):
    X, y = labelled
    options = {"cv": 3, "random_state": 0} | options
    table = export_folds(tmp_path / "folds.csv", X, y, **options)
    return table, answers_of(table, GaussianNB(), X, y)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_search_is_as_if_the_model_had_been_fitted_here(labelled, suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    X, y = labelled
    folds, answers = tmp_path / f"folds{suffix}", tmp_path / f"answers{suffix}"
    table = export_folds(folds, X, y, cv=4, random_state=3)
    said = answers_of(table, GaussianNB(), X, y).sample(frac=1, random_state=0)
    said = said.rename(columns=str)[["c", "row", "a", "model", "b"]]  # in any order
    said.to_parquet(answers) if suffix == ".parquet" else said.to_csv(answers, index=False)
    read = read_answers(folds, answers, y)
    search = DistilledClassifierCV(None, TREE, cv=read.cv, strengths=(0, 0.5, 1), random_state=0)
    outside = search.fit(X, y, teacher_proba=read.out_of_fold, pool_proba=read.pool)
    inside = clone(search).set_params(teacher=GaussianNB(), cv=4, random_state=3).fit(X, y)
    np.testing.assert_allclose(outside.pool_proba_, inside.pool_proba_, rtol=1e-12)
    np.testing.assert_allclose(outside.teacher_proba_, inside.teacher_proba_, rtol=1e-12)
    np.testing.assert_array_equal(outside.fold_, inside.fold_)
    assert outside.verdict_.n_teacher_fits == 0


@pytest.mark.parametrize(
    "cv", [TimeSeriesSplit(4), GroupKFold(3), [(np.arange(40, 90), np.arange(40))]]
)
def test_each_fit_sees_neither_fold_of_its_pair(labelled, cv, tmp_path):
    X, y = labelled
    y = np.where(np.arange(90) % 2, "a", "b")
    groups = np.arange(90) // 5 if isinstance(cv, GroupKFold) else None
    pool = not isinstance(cv, list)
    table = export_folds(tmp_path / "folds.csv", X, y, cv=cv, groups=groups, pool=pool)
    for _, part in table.groupby("model"):
        train = set(part.row[part.use == "train"])
        assert train
        assert not train & set(part.row[part.use != "train"])
    read = read_answers(table, answers_of(table, GaussianNB(), X, y), y)
    splits = list(cv.split(X, y, groups) if hasattr(cv, "split") else cv)
    for (train, test), (wanted, asked) in zip(read.cv, splits, strict=True):
        np.testing.assert_array_equal(np.sort(train), np.sort(wanted))
        np.testing.assert_array_equal(np.sort(test), np.sort(asked))
        own = clone(GaussianNB()).fit(X[wanted], y[wanted]).predict_proba(X[asked])
        np.testing.assert_allclose(read.out_of_fold[asked], own)
    covered = np.unique(np.concatenate([test for _, test in splits]))
    assert np.isnan(np.delete(read.out_of_fold, covered, axis=0)).all()
    if isinstance(cv, TimeSeriesSplit):  # what saw fold j only saw no later one
        assert table.model.nunique() == 4
    if pool:
        search = DistilledClassifierCV(None, TREE, cv=read.cv, strengths=(0, 0.5, 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)  # and no LeakWarning
            search.fit(X, y, teacher_proba=read.out_of_fold, pool_proba=read.pool)
        assert search.verdict_.n_teacher_fits == 0


def test_repeats_and_a_few_folds_to_choose_on(labelled, tmp_path):
    X, y = labelled
    table, said = made(tmp_path, labelled, cv=4, n_repeats=2, n_validation=2)
    assert table.model.nunique() == 2 * (4 + 5)
    read = read_answers(table, said, y)
    search = DistilledClassifierCV(None, TREE, cv=read.cv, n_validation=2, strengths=(0, 0.5, 1))
    search.fit(X, y, teacher_proba=read.out_of_fold, pool_proba=read.pool)
    assert [bool(np.isnan(t).all()) for t in read.pool] == [False, False, True, True] * 2


def test_numbers_and_several_outputs(tmp_path):
    X, y = make_regression(80, 4, noise=5.0, random_state=0)
    table = export_folds(tmp_path / "f.csv", X, y, cv=3, task="regression", random_state=1)
    read = read_answers(tmp_path / "f.csv", answers_of(table, LINE, X, y), y, task="regression")
    small = DecisionTreeRegressor(max_leaf_nodes=4, random_state=0)
    search = DistilledRegressorCV(None, small, cv=read.cv, strengths=(0, 0.5, 1))
    search.fit(X, y, teacher_pred=read.out_of_fold, pool_pred=read.pool)
    inside = clone(search).set_params(teacher=LINE, cv=3, random_state=1).fit(X, y)
    np.testing.assert_allclose(search.pool_pred_, inside.pool_pred_, rtol=1e-12)
    both = np.column_stack([y, -y])
    table = export_folds(tmp_path / "g.csv", X, both, cv=3, task="regression", pool=False)
    said = answers_of(table, LINE, X, y).rename(columns={"prediction": "prediction_0"})
    read = read_answers(
        table, said.assign(prediction_1=-said.prediction_0), both, task="regression"
    )
    np.testing.assert_array_equal(read.out_of_fold[:, 0], -read.out_of_fold[:, 1])
    model = DistilledRegressor(None, small).fit(X, both, teacher_pred=read.out_of_fold)
    assert model.predict(X[:2]).shape == (2, 2)


def test_without_pairs_there_is_no_pool(labelled, tmp_path):
    X, y = labelled
    table, said = made(tmp_path, labelled, pool=False)
    assert table.use.unique().tolist() == ["train", "fold 0", "fold 1", "fold 2"]
    read = read_answers(table, said, y)
    assert read.pool is None
    DistilledClassifier(None, TREE, cv=read.cv).fit(X, y, teacher_proba=read.out_of_fold)


def test_labels_that_are_numbers_or_flags_name_the_columns(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 2))
    for y in (X[:, 0] > 0, (X[:, 0] > 0).astype(int) + 7):
        table = export_folds(tmp_path / "folds.csv", X, y, cv=3, random_state=0)
        answers_of(table, GaussianNB(), X, y).to_csv(tmp_path / "said.csv", index=False)
        read = read_answers(tmp_path / "folds.csv", tmp_path / "said.csv", y)
        assert read.out_of_fold[y == y.max(), 1].mean() > 0.5


def test_one_model_of_all_rows_is_told(labelled, tmp_path):
    X, y = labelled
    table, _ = made(tmp_path, labelled)
    seen = GaussianNB().fit(X, y)
    asked = table[table.use != "train"].drop_duplicates(["model", "row"])
    said = pd.DataFrame(seen.predict_proba(X[asked.row]), columns=seen.classes_)
    with pytest.warns(LeakWarning, match="ordinary out-of-fold probabilities in every table"):
        read_answers(table, said.assign(model=asked.model.to_numpy(), row=asked.row.to_numpy()), y)


FAULTS = {
    "lack 1, such as row": lambda t: t.iloc[1:],
    "have twice 1, such as row": lambda t: pd.concat([t, t.iloc[:1]]),
    "have unasked 1, such as row 89 of model 17": lambda t: pd.concat(
        [t, t.iloc[:1].assign(model=17, row=89)]
    ),
    "in any order, got": lambda t: t.rename(columns={"a": "A"}),
    r"drop others \(to_csv\(index=False\)\)": lambda t: t.assign(index=1),
    "must be whole numbers, got": lambda t: t.assign(row=t.row + 0.5),
    r"answers of model 0 \(fold 0\) must be probabilities \(finite\)": lambda t: t.assign(
        a=np.where(t.model == 0, np.nan, t.a)
    ),
    r"model 1 \(fold 1\) must be probabilities \(rows that sum": lambda t: t.assign(
        a=np.where(t.model == 1, t.a + 1.0, t.a)
    ),
    r"must be numbers, got dtype": lambda t: t.assign(a="much"),
}


@pytest.mark.parametrize("message", FAULTS, ids=range(len(FAULTS)))
def test_answers_that_cannot_be_used_are_refused(labelled, message, tmp_path):
    table, said = made(tmp_path, labelled)
    with pytest.raises(InputError, match=message):
        read_answers(table, FAULTS[message](said), labelled[1])


SPOILT = {
    "must have the columns": lambda t: t.drop(columns="use"),
    "rows 0 to 89; got 89 rows": lambda t: t[t.row < 89],
    "'fold x' of model": lambda t: t.replace({"use": {"fold 1": "fold x"}}),
    "lack a fold": lambda t: t[t.use != "fold 0"],
    "out of place": lambda t: t[~((t.model == 1) & (t.use == "train"))],
}


@pytest.mark.parametrize("message", SPOILT, ids=range(len(SPOILT)))
def test_folds_that_were_changed_are_refused(labelled, message, tmp_path):
    table, said = made(tmp_path, labelled)
    with pytest.raises(FoldError, match=message):
        read_answers(SPOILT[message](table), said, labelled[1])


def test_bad_input_is_refused_before_anything_is_written(labelled, tmp_path):
    X, y = labelled
    path = tmp_path / "folds.csv"
    for options, error, message in (
        ({"task": "ranking"}, ParameterError, "task must be one of"),
        ({"cv": 2}, FoldError, "at least 3"),
        ({"pool": False, "n_validation": 2}, ParameterError, "n_validation=2 has no effect"),
        ({"pool": "no"}, ParameterError, "pool must be"),
        ({"cv": [(np.arange(30), np.arange(30, 60))], "pool": False}, FoldError, "30 that are in"),
    ):
        with pytest.raises(error, match=message):
            export_folds(path, X, np.tile(["a", "b"], 45), **options)
    with pytest.raises(InputError, match="'row': rename it"):
        export_folds(path, X, np.where(y == "a", "row", "other"))
    with pytest.raises(ParameterError, match=r"must end in \.csv, \.csv\.gz, \.parquet"):
        export_folds(tmp_path / "folds.xlsx", X, y)
    with pytest.raises(InputError, match="must be a path or a data frame"):
        read_answers(3, path, y)
    assert list(tmp_path.iterdir()) == []

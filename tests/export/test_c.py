"""C files say what the model says, compiled here."""

import shutil
import subprocess

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from skdistill import DistilledClassifier
from skdistill.exceptions import ExportError
from skdistill.export import to_c
from tests.export.students import (
    BOOSTED,
    BOOSTED_NUMBERS,
    CLASSIFIERS,
    LABELS,
    QUIET,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    rows,
)

if not any(map(shutil.which, ("cc", "gcc", "clang"))):
    pytest.skip("no C compiler", allow_module_level=True)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", CLASSIFIERS | BOOSTED)
def test_classifiers(name, n_classes):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    if name in BOOSTED:
        X[::3, 0] = np.nan
    exported = to_c(fitted((CLASSIFIERS | BOOSTED)[name], X, y), X)
    assert exported.largest_difference <= (1e-6 if name == "soft network" else 1e-14)


@pytest.mark.parametrize("name", ["tree", "forest", "extra trees", "one leaf"])
def test_trees_and_forests_are_equal_to_the_last_bit(name):
    X = rows()
    assert to_c(fitted(CLASSIFIERS[name], X, classes(X, 5)), X, tolerance=0.0).n_rows > len(X)


@pytest.mark.parametrize("name", ["tree", "forest", "ridge", "poisson", "network"])
def test_regressors(name):
    X = rows()
    assert to_c(fitted(REGRESSORS[name], X, numbers(X)), X).largest_difference < 1e-13
    if name == "tree":
        model = fitted(BOOSTED_NUMBERS["lightgbm poisson"], X, numbers(X))
        assert to_c(model, X).largest_difference < 1e-13


def test_xgboost_is_in_single_precision():
    xgboost = pytest.importorskip("xgboost")
    X = rows()
    X[::4, 1] = np.nan
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1)
    assert to_c(model.fit(X, classes(rows(), 5)), X).tolerance == 1e-6


def test_sets_of_categories():
    X = rows(300)
    X[:, 3] = np.random.RandomState(0).randint(0, 70, 300)
    y = np.where(X[:, 3] % 3 == 0, 0, classes(X, 2))
    X[::9, 3] = np.nan
    model = LGBMClassifier(
        num_leaves=8, n_estimators=3, min_data_per_group=5, cat_smooth=1, **QUIET
    ).fit(X, y, categorical_feature=[3])
    assert to_c(model, X).largest_difference < 1e-15


def test_preparation():
    X = rows()
    X[:, 1] = np.round(X[:, 1])
    y = classes(X, 2)
    X[::5, 0] = np.nan
    for encoder in (
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ):
        steps = [SimpleImputer(add_indicator=True), StandardScaler(), encoder]
        model = fitted(make_pipeline(*steps, CLASSIFIERS["tree"]), X, y)
        assert to_c(model, X).largest_difference == 0.0


@pytest.mark.parametrize("student", [REGRESSORS["tree"], REGRESSORS["ridge"]])
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("loss", ["brier", "logit"])
def test_a_decode_step(student, n_classes, loss):
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], student, strength=0.5, loss=loss, cv=3, random_state=0
    )
    assert to_c(model.fit(X, classes(X, n_classes)), X).largest_difference < 1e-14


def test_a_temperature():
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"],
        CLASSIFIERS["forest"],
        strength=0.5,
        temperature=2.0,
        cv=3,
        random_state=0,
    )
    assert to_c(model.fit(X, classes(X, 5)), X).largest_difference < 1e-14


def test_a_program_that_uses_the_file(tmp_path):
    X = rows()
    names = np.array(['say "no"', "ja, größer?"])
    model = fitted(CLASSIFIERS["tree"], X, names[classes(X, 2)])
    to_c(model, X, path=tmp_path / "student.c")
    row = ", ".join(map(repr, X[3].tolist()))
    (tmp_path / "main.c").write_text(f"""
#include <stdio.h>
void student_predict(const double *x, double *out);
int student_label(const double *x);
extern const char *const student_classes[];
int main(void) {{
    const double x[] = {{{row}}};
    double p[2];
    student_predict(x, p);
    printf("%.17g %.17g %s", p[0], p[1], student_classes[student_label(x)]);
    return 0;
}}
""")
    program = tmp_path / "main"
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))))
    sources = [str(tmp_path / name) for name in ("main.c", "student.c")]
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-pedantic"]
    strict += ["-Wno-unused-but-set-variable", "-Wno-unused-function", "-Wno-unused-const-variable"]
    subprocess.run([compiler, *strict, *sources, "-o", str(program), "-lm"], check=True)
    said = subprocess.run([str(program)], check=True, capture_output=True).stdout.decode()
    first, second, label = said.split(" ", 2)
    assert [float(first), float(second)] == model.predict_proba(X[3:4])[0].tolist()
    assert label == model.predict(X[3:4])[0]


def test_text_is_refused():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"town": ["Bonn", "Köln"] * 40})
    model = make_pipeline(OneHotEncoder(sparse_output=False), CLASSIFIERS["tree"])
    with pytest.raises(ExportError, match=r"C takes rows of numbers.*to_onnx"):
        to_c(fitted(model, frame, [0, 1] * 40), frame)


def test_without_a_compiler_nothing_is_proved(monkeypatch, tmp_path):
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(ExportError, match="no C compiler was found"):
        to_c(model, X, path=tmp_path / "a.c")
    assert not list(tmp_path.iterdir())

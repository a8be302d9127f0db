"""Other packages' distillation, one adapter each; each is imported where it is used.

==================  ==========================================  ==================================
method              teacher                                     students
==================  ==========================================  ==================================
imodels             ours, fitted to all rows and asked in       any regressor, two classes only
                    sample
autogluon distill   its own: LightGBM, forest and extra trees   LightGBM and forests, of our sizes
                    of our sizes, weighted on its holdout rows  (its own early stopping)
tabtune             ours, fitted to all rows and asked in       its own, in groups named after
                    sample                                      them: "tabtune's ..."
==================  ==========================================  ==================================

- **imodels** (3.0.4), `DistilledRegressor`: a student is a regressor on the probability of the
  second class; so it competes in the group "regression tree, 32 leaves", where all methods teach
  the same tree. ``pip install imodels``.
- **TabTune** (0.2.1), `TabDistiller` with its defaults. Out-of-fold labels it makes only with
  foundation models by name; other teachers are handed over fitted, and asked about the rows that
  they were fitted to. Its students are a residual network in PyTorch, and LightGBM regressors on
  each class's probability, which look neither at labels nor at the temperature. In their groups
  our methods teach a `SoftMLPClassifier` of two layers of 256, and LightGBM with its settings.
  Its requirements conflict with each other, so ``pip install tabtune`` fails; it works after
  ``pip install --no-deps tabtune``,
  ``pip install torch "transformers<5" "sentence-transformers<3" lightgbm`` and the further modules
  that its import asks for.
- **AutoGluon** (1.6.3), `TabularPredictor.distill` with its defaults (soft labels, five synthetic
  rows per row by "spunge"). It fits its own teacher, from the learners of our "ensemble" alone, so
  it is compared only where that teaches. Its forests are regressors on the probabilities, which
  look at all features in every split. ``pip install "autogluon.tabular[lightgbm]" torch``:
  its distillation imports PyTorch.

A method gives None where it cannot take the student, the teacher or the classes.
"""

import tempfile
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.base import clone, is_regressor
from sklearn.ensemble import RandomForestClassifier, VotingClassifier

from benchmarks.methods.base import Facts, Method, Outcome, Task

__all__ = ["FACTS", "PEERS"]

TABTUNE = {"tabtune's mlp": "mlp", "tabtune's lightgbm": "lgbm"}


def imodels(task: Task) -> Outcome | None:
    """Distil by `imodels.DistilledRegressor`."""
    classes, codes = np.unique(task.y, return_inverse=True)
    if len(classes) != 2 or not is_regressor(task.student):
        return None
    try:
        from imodels import DistilledRegressor
    except ImportError as error:
        raise _missing("imodels", "imodels", error) from error
    # It changes the estimators that it is given.
    model = DistilledRegressor(teacher=clone(task.teacher), student=clone(task.student))
    p = np.clip(model.fit(task.X, codes).predict(task.X_test), 0.0, 1.0)
    return Outcome(np.column_stack([1.0 - p, p]), 0.0, "same teacher, in sample")


def autogluon(task: Task) -> Outcome | None:
    """Distil by `autogluon.tabular.TabularPredictor.distill`, its own teacher included."""
    students = _for_autogluon(task.student)
    if students is None or not isinstance(task.teacher, VotingClassifier):
        return None
    try:
        import torch  # noqa: F401 - its distillation imports it, and says so less plainly
        from autogluon.tabular import TabularPredictor
    except ImportError as error:
        wanted = '"autogluon.tabular[lightgbm]" torch'
        raise _missing("autogluon distill", wanted, error) from error
    classes = np.unique(task.y)
    columns = [f"x{number}" for number in range(task.X.shape[1])]
    train = pd.DataFrame(task.X, columns=columns).assign(label=np.searchsorted(classes, task.y))
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor("label", path=folder, verbosity=0, eval_metric="log_loss")
        forest = {"n_estimators": 200, "min_samples_leaf": 2}
        teacher = {"GBM": {"num_boost_round": 100}, "RF": forest, "XT": forest}
        predictor.fit(train, hyperparameters=teacher, num_cpus=1)
        name = predictor.distill(hyperparameters=students, verbosity=0)[0]
        p = predictor.predict_proba(pd.DataFrame(task.X_test, columns=columns), model=name)
        spent = predictor.info()["model_info"][name].get("hyperparameters_fit", {})
    trees = spent.get("num_boost_round", "")
    note = f"own teacher; {trees} trees" if trees else "own teacher"
    return Outcome(p[list(range(len(classes)))].to_numpy(dtype=float), np.nan, note)


def _for_autogluon(student: Any) -> dict[str, dict[str, Any]] | None:
    """Return a student in its terms; None for kinds that it does not distil into."""
    if isinstance(student, lightgbm.LGBMClassifier):
        rounds = {"num_boost_round": student.n_estimators, "num_leaves": student.num_leaves}
        return {"GBM": rounds | {"learning_rate": student.learning_rate}}
    if isinstance(student, RandomForestClassifier):
        return {"RF": {"n_estimators": student.n_estimators}}
    return None


class _Known:
    """A fitted teacher of TabTune that knows its answers on the training rows, and no others."""

    tuning_strategy = "fitted elsewhere"
    model_name = "teacher"

    def __init__(self, p: Any) -> None:
        self.p = p

    def predict_proba(self, X: Any) -> Any:
        """Return them."""
        if len(X) != len(self.p):
            message = f"expected the {len(self.p)} training rows, got {len(X)} rows."
            raise ValueError(message)
        return self.p


def tabtune(task: Task) -> Outcome | None:
    """Distil by `tabtune.distillation.TabDistiller` into its own student."""
    if task.name not in TABTUNE:
        return None
    try:
        from tabtune.distillation import TabDistiller
    except ImportError as error:
        raise _missing(
            "tabtune", "--no-deps tabtune (see benchmarks.methods.peers)", error
        ) from error
    columns = [f"x{number}" for number in range(task.X.shape[1])]
    codes = np.unique(task.y, return_inverse=True)[1]
    teacher = _Known(task.labels.in_sample)
    model = TabDistiller([teacher], student=TABTUNE[task.name], random_state=0)
    model.fit(pd.DataFrame(task.X, columns=columns), pd.Series(codes))
    p = np.asarray(model.predict_proba(pd.DataFrame(task.X_test, columns=columns)), dtype=float)
    return Outcome(p, np.nan, "same teacher, in sample; own student")


def _missing(method: str, wanted: str, error: ImportError) -> ImportError:
    return ImportError(
        f"the method {method!r} is another package's ({error}): pip install {wanted}, or leave it "
        "out of --methods."
    )


PEERS: dict[str, Method] = {
    "imodels": imodels,
    "autogluon distill": autogluon,
    "tabtune": tabtune,
}

IN_SAMPLE = "It has our teacher, fitted to all rows and asked about these same rows (in sample)."
FACTS: dict[str, Facts] = {
    "imodels": Facts(
        teacher=IN_SAMPLE,
        students="Its students are regressors on the probability of the second class, so only two "
        "classes; all methods teach the same regression tree here.",
        seconds="Its seconds contain the fit of the teacher.",
    ),
    "autogluon distill": Facts(
        teacher="It fits a teacher of its own, of the same learners as our average: our teacher "
        "would be no mark for it and is left out, and with it the share of its lead.",
        students="Its students are LightGBM of the same sizes, with its own early stopping, and "
        "forests of 10 that are regressors and look at all features in every split (ours are "
        "classifiers that look at few), so these are not quite the same students.",
        seconds="Its seconds contain its teacher and its synthetic rows.",
        own_teacher=True,
    ),
    "tabtune": Facts(
        teacher=IN_SAMPLE,
        students="Its students are its own, a network in PyTorch and LightGBM regressors; in its "
        "place our methods teach an MLP of two layers of 256 and LightGBM with its settings, so "
        "the ratios are over these trained directly.",
        seconds="Its seconds begin, as ours do, once the teacher has labelled the rows.",
    ),
}

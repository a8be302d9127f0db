"""
Probabilities from an outside model
===================================

The teacher may live elsewhere: another language, a service, a model that takes a day to fit. Then
``teacher=None``, and ``teacher_proba=`` takes its probabilities. There is one condition, which
nobody can check for you: a row's probabilities must come from a model that did not see the row.
"""

# %%
# The outside model is played by a k-nearest-neighbours classifier, which remembers its training
# rows perfectly. Some labels are wrong on purpose, so that there is something to remember.

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.inspection import ReliabilityDisplay

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
rng = np.random.default_rng(0)
y_train = np.where(rng.random(len(y_train)) < 0.1, 1 - y_train, y_train)
outside = make_pipeline(StandardScaler(), KNeighborsClassifier(15, weights="distance"))

# %%
# Right: folds that you know, and a model of each that did not see its rows. Wrong: the model fitted
# on all rows, asked about the same rows.

folds = StratifiedKFold(5, shuffle=True, random_state=0)
right = cross_val_predict(outside, X_train, y_train, cv=folds, method="predict_proba")
wrong = clone(outside).fit(X_train, y_train).predict_proba(X_train)

student = DecisionTreeClassifier(max_leaf_nodes=16, random_state=0)
model = DistilledClassifier(None, student, random_state=0)
models = {
    "direct": clone(student).fit(X_train, y_train),
    "out of fold": clone(model).fit(X_train, y_train, teacher_proba=right),
    "rows it has seen": clone(model).fit(X_train, y_train, teacher_proba=wrong),
}
claimed = {"out of fold": right, "rows it has seen": wrong}


def loss(y, p):
    """Return the log-loss; exact zeros count as a thousandth."""
    return log_loss(y, np.clip(p, 1e-3, 1.0 - 1e-3))


pd.DataFrame(
    {
        name: {
            "teacher, as given": loss(y_train, claimed[name]) if name in claimed else np.nan,
            "student, rows held out": loss(y_test, m.predict_proba(X_test)),
            "strength": getattr(m, "strength_", np.nan),
        }
        for name, m in models.items()
    }
).T.round(3)

# %%
# Given what it has seen, the outside model looks perfect, and what it teaches is the labels, noise
# and all. Out of fold its probabilities average over neighbours, which is what the tree can learn
# from. The columns of ``teacher_proba`` are in the order of the sorted classes.
#
# How well calibrated is the outside model, out of fold?

display = ReliabilityDisplay.from_predictions(
    y_train, {"teacher": right, "student": models["out of fold"].predict_proba(X_train)}, n_bins=6
).plot()

# %%
# (The student's curve is drawn on its training rows: look at it for its shape only.)
#
# An honest choice with `DistilledClassifierCV` needs more from the outside model than one pass:
# :doc:`/guide/outside` writes a file of what to fit and what to ask, and reads the answers.

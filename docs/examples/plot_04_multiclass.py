"""
Ten classes
===========

The digits data have ten classes. A teacher's probabilities then say more than the label: which
other digits a row might have been. Whether a student can use that depends on the student.
"""

# %%
# 600 rows to learn from, the others to judge on. A list of classifiers is a teacher, too: their
# probabilities are averaged.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=600, stratify=y, random_state=0
)
teacher = [
    ("trees", ExtraTreesClassifier(100, random_state=0)),
    ("logistic", make_pipeline(StandardScaler(), LogisticRegression())),
]
students = {
    "tree, unpruned": DecisionTreeClassifier(random_state=0),
    "forest of 5 trees": RandomForestClassifier(5, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "LightGBM of 10 rounds": LGBMClassifier(n_estimators=10, num_leaves=8, verbose=-1, n_jobs=1),
}

# %%
# The teacher is asked once: every further student comes from ``refit_student``, which takes the
# out-of-fold probabilities that are there.

first, *others = students
models = {
    first: DistilledClassifier(teacher, students[first], random_state=0).fit(X_train, y_train)
}
for name in others:
    models[name] = models[first].refit_student(X_train, y_train, student=students[name])


def floored_loss(model):
    """Return the log-loss; a tree's exact zeros count as a thousandth."""
    p = np.maximum(model.predict_proba(X_test), 1e-3)
    return log_loss(y_test, p / p.sum(axis=1, keepdims=True))


rows = {}
for name, model in models.items():
    direct = clone(students[name]).fit(X_train, y_train)
    rows[name] = {
        "direct": floored_loss(direct),
        "distilled": floored_loss(model),
        "accuracy, direct": accuracy_score(y_test, direct.predict(X_test)),
        "accuracy, distilled": accuracy_score(y_test, model.predict(X_test)),
        "strength": model.strength_,
        "route": model.route_.name,
    }
table = pd.DataFrame(rows).T
table

# %%
# The teacher itself, fitted on all training rows:

whole = VotingClassifier(teacher, voting="soft").fit(X_train, y_train)
print(f"log-loss {floored_loss(whole):.4f}, accuracy {whole.score(X_test, y_test):.4f}")

# %%

fig, ax = plt.subplots(layout="constrained")
place = np.arange(len(table))
ax.barh(place - 0.2, table["direct"].astype(float), 0.4, label="direct", color="#d95f02")
ax.barh(place + 0.2, table["distilled"].astype(float), 0.4, label="distilled", color="#0072b2")
ax.set_yticks(place, labels=table.index)
ax.invert_yaxis()
ax.set_xlabel("log-loss on the rows held out")
ax.legend()
plt.show()

# %%
# Distilling pays little here. The logistic regression, the short boosting and the small forest get
# a strength of one: they are trained directly, and nothing changes. The unpruned tree gains in
# log-loss and loses accuracy. These labels have hardly any noise that a teacher could average away,
# and none of the three is overconfident, which the rule behind ``strength="auto"`` would take for
# such noise: see
# :doc:`/guide/when_not`.

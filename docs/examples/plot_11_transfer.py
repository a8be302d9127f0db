"""
Unlabelled rows
===============

Labels are dear, rows are cheap. The teacher can label rows that nobody labelled, and the student be
fitted on them as well: ``X_transfer=``. They are labelled by the mean of the fold teachers and are
never corrected.
"""

# %%
# 200 labelled digits, 900 without labels, the others to judge on.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, train_size=1100, stratify=y, random_state=0)
X_train, y_train, X_transfer = X[:200], y[:200], X[200:]
teacher = ExtraTreesClassifier(100, random_state=0)
students = {
    "tree of 40 leaves": DecisionTreeClassifier(max_leaf_nodes=40, random_state=0),
    "forest of 5 trees": RandomForestClassifier(5, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
}

# %%
# Each student three times: on the labels, distilled from the labelled rows, and distilled with the
# unlabelled rows.


def judge(model):
    """Return log-loss (exact zeros count as a thousandth) and accuracy."""
    p = np.maximum(model.predict_proba(X_test), 1e-3)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(len(p)), y_test]))
    return {"log-loss": loss, "accuracy": accuracy_score(y_test, model.predict(X_test))}


first = next(iter(students.values()))
few = DistilledClassifier(teacher, first, random_state=0).fit(X_train, y_train)
more = DistilledClassifier(teacher, first, random_state=0)
more.fit(X_train, y_train, X_transfer=X_transfer)
rows = {}
for name, student in students.items():  # the teachers are asked once
    rows[name, "direct"] = judge(clone(student).fit(X_train, y_train))
    rows[name, "distilled"] = judge(few.refit_student(X_train, y_train, student=student))
    rows[name, "with unlabelled rows"] = judge(
        more.refit_student(X_train, y_train, X_transfer=X_transfer, student=student)
    )
table = pd.DataFrame(rows).T
table.round(3)

# %%

fig, ax = plt.subplots(layout="constrained")
table["log-loss"].unstack()[["direct", "distilled", "with unlabelled rows"]].loc[
    list(students)
].plot.barh(ax=ax)
ax.set(xlabel="log-loss on the rows held out", ylabel="")
ax.invert_yaxis()
plt.show()

# %%
# The teacher, for scale:

pd.Series(judge(clone(teacher).fit(X_train, y_train))).round(3)

# %%
# The tree and the forest gain much by the unlabelled rows. Without them both gain less in log-loss,
# and the tree loses accuracy. The logistic regression gets a strength of one: it is trained on the
# labels alone, and the unlabelled rows are left out, with a warning.
#
# The unlabelled rows were drawn as the labelled ones were. Rows from elsewhere shift what the
# student is good at: that may be what you want, or not. ``density_ratio`` estimates weights for
# such a shift.

"""
Grouped rows
============

Several rows per patient, and new patients to come. If folds split a patient, the teacher labels a
row after it has seen the patient's other rows: its probabilities are not out of fold in any sense
that matters. ``groups=`` keeps each group in one fold.
"""

# %%
# Each row of the breast cancer data becomes a patient who is measured four times, with noise. Some
# diagnoses are wrong on purpose, and wrong for all four rows of the patient: what a teacher can
# remember and should not.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupShuffleSplit
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.inspection import TeacherReport

rng = np.random.default_rng(0)
X, y = load_breast_cancer(return_X_y=True)
y = np.where(rng.random(len(y)) < 0.15, 1 - y, y)
patient = np.repeat(np.arange(len(y)), 4)
X, y = X[patient], y[patient]
X = X + 0.05 * X.std(axis=0) * rng.standard_normal(X.shape)
split = GroupShuffleSplit(1, test_size=0.5, random_state=0)
train, test = next(split.split(X, y, patient))

# %%
# The same distillation, with the groups and without.

teacher = ExtraTreesClassifier(60, random_state=0)
student = DecisionTreeClassifier(max_leaf_nodes=16, random_state=0)
model = DistilledClassifier(teacher, student, random_state=0)
blind = clone(model).fit(X[train], y[train])
grouped = clone(model).fit(X[train], y[train], groups=patient[train])
direct = clone(student).fit(X[train], y[train])
fitted_teacher = clone(teacher).fit(X[train], y[train])


def loss(y, p):
    """Return the log-loss; exact zeros count as a thousandth."""
    return log_loss(y, np.clip(p, 1e-3, 1.0 - 1e-3))


table = pd.DataFrame(
    {
        "teacher, as its folds say": {
            "folds that split patients": loss(y[train], blind.teacher_proba_),
            "folds of whole patients": loss(y[train], grouped.teacher_proba_),
        },
        "student, new patients": {
            "folds that split patients": loss(y[test], blind.predict_proba(X[test])),
            "folds of whole patients": loss(y[test], grouped.predict_proba(X[test])),
        },
        "strength": {
            "folds that split patients": blind.strength_,
            "folds of whole patients": grouped.strength_,
        },
    }
)
table.round(3)

# %%
# And on new patients:

truth = {
    "teacher, new patients": loss(y[test], fitted_teacher.predict_proba(X[test])),
    "student trained directly, new patients": loss(y[test], direct.predict_proba(X[test])),
}
fig, ax = plt.subplots(layout="constrained")
table.iloc[:, :2].plot.bar(ax=ax, rot=0)
for number, (name, value) in enumerate(truth.items()):
    ax.axhline(value, color=f"C{number}", linestyle=":", label=name)
    print(f"{name}: {value:.3f}")
ax.set(ylabel="log-loss", ylim=(0.0, 0.8))
ax.legend(loc="upper right", ncols=2, fontsize="small")
plt.show()

# %%
# Folds that split patients flatter the teacher: what they say of it has nothing to do with new
# patients, while the grouped figure is of the right size. The student then trusts, and is taught,
# what the teacher remembers. Nothing warns of this: the rows of a patient differ, and only you
# know that they belong together. (Rows that are *identical* in two folds are counted, and warned
# of.)
#
# The passport of the teacher shows the same from the other side: how much better it looks on rows
# it has seen.

report = TeacherReport.from_estimator(
    grouped, X[train], y[train], teacher=fitted_teacher, residual_model=None
)
print("\n".join(report.recommendations))
report.frame().round(3)

"""
In a Pipeline
=============

A `DistilledClassifier` is a scikit-learn classifier, so it can be the last step of a Pipeline. The
student can be a Pipeline too, with preprocessing of its own. The two are not the same: steps before
the distiller are fitted once, on all training rows; steps inside teacher or student are fitted
fold by fold, as part of them.
"""

# %%
# Some values of the breast cancer data are taken away, so that there is something to impute.

import pickle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
rng = np.random.default_rng(0)
X = X.mask(rng.random(X.shape) < 0.05)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# The distiller as the last step: the imputer learns its medians from all training rows, which need
# no labels, and both teacher and student see what it makes of them.

teacher = ExtraTreesClassifier(200, min_samples_leaf=2, random_state=0)
tree = DecisionTreeClassifier(max_leaf_nodes=16, random_state=0)
impute = SimpleImputer(strategy="median")
distilled_tree = make_pipeline(impute, DistilledClassifier(teacher, tree, random_state=0))
distilled_tree.fit(X_train, y_train)

# %%
# Pipelines inside: the teacher imputes, the student imputes and scales. What is shipped is the
# student's Pipeline, which knows nothing of the teacher.

logistic = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
distilled_logistic = DistilledClassifier(make_pipeline(impute, teacher), logistic, random_state=0)
distilled_logistic.fit(X_train, y_train)
print(distilled_logistic.route_)
distilled_logistic.student_

# %%
# The same students trained on the labels, for comparison, and the teacher trained on all training
# rows.

models = {
    "teacher": make_pipeline(impute, teacher).fit(X_train, y_train),
    "tree, direct": make_pipeline(impute, tree).fit(X_train, y_train),
    "tree, distilled": distilled_tree,
    "logistic, direct": make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(
        X_train, y_train
    ),
    "logistic, distilled": distilled_logistic,
}
shipped = dict(models)
shipped["tree, distilled"] = make_pipeline(distilled_tree[0], distilled_tree[-1].student_)
shipped["logistic, distilled"] = distilled_logistic.student_
strengths = {
    "tree, distilled": distilled_tree[-1].strength_,
    "logistic, distilled": distilled_logistic.strength_,
}
table = pd.DataFrame(
    {
        "log-loss": [log_loss(y_test, m.predict_proba(X_test)) for m in models.values()],
        "accuracy": [m.score(X_test, y_test) for m in models.values()],
        "bytes": [len(pickle.dumps(m)) for m in shipped.values()],
        "strength": [strengths.get(name) for name in models],
    },
    index=list(models),
)
table.round(4)

# %%

fig, ax = plt.subplots(layout="constrained")
ax.scatter(table["bytes"], table["log-loss"])
for name, (loss, size) in table[["log-loss", "bytes"]].iterrows():
    ax.annotate(name, (size, loss), xytext=(4, 4), textcoords="offset points")
ax.set(xscale="log", yscale="log", xlabel="bytes", ylabel="log-loss on the rows held out")
ax.margins(x=0.2)
plt.show()

# %%
# The tree overfits on its own and gains. The logistic regression is ahead of its teacher and has
# nothing to learn from it: a strength of one says that it was trained on the labels, and its
# figures are those of the direct one. One split of 569 rows proves little; :ref:`compare
# <sphx_glr_generated_gallery_plot_03_cross_val_score.py>` repeats it.

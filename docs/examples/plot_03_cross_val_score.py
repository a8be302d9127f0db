"""
Against training directly, by cross-validation
==============================================

Does distilling beat the same student trained on the labels? ``cross_val_score`` on the same folds
answers, for every student in turn. `compare` does the same in one call, with the rivals that one
should also look at and with intervals that mind the rows that folds share.
"""

# %%
# Three students of one teacher, each trained in two ways and scored on the same five folds.

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.inspection import compare

X, y = load_breast_cancer(return_X_y=True)
teacher = RandomForestClassifier(15, min_samples_leaf=2, random_state=0)
students = {
    "tree of 16 leaves": DecisionTreeClassifier(max_leaf_nodes=16, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "LightGBM of 20 trees": LGBMClassifier(n_estimators=20, num_leaves=8, verbose=-1, n_jobs=1),
}
folds = StratifiedKFold(5, shuffle=True, random_state=0)
rows = {}
for name, student in students.items():
    model = DistilledClassifier(teacher, student, random_state=0)
    direct = -cross_val_score(clone(student), X, y, cv=folds, scoring="neg_brier_score")
    distilled = -cross_val_score(model, X, y, cv=folds, scoring="neg_brier_score")
    rows[name] = {
        "direct": direct.mean(),
        "distilled": distilled.mean(),
        "difference": (distilled - direct).mean(),
        "folds won": np.sum(distilled < direct),
    }
pd.DataFrame(rows).T.round(4)

# %%
# Brier scores, lower is better. (Log-loss would be decided by the exact zeros of the tree.) The
# tree gains, because a tree on labels overfits and says 0 or 1 where it should not. The others are
# stable by themselves. Each gets a strength of one, which is training on the labels: they win no
# fold and lose none.
#
# How sure are we? Folds share training rows, so a plain t-test over folds is far too confident.
# `compare` widens the intervals for that, and adds what one would otherwise forget: the teacher,
# distilling from probabilities of rows that the teacher was fitted on ("in-sample"), and
# cross-fitting without calibration and correction ("cross-fit"). Its log-loss counts probabilities
# below a thousandth as a thousandth.

model = DistilledClassifier(teacher, students["tree of 16 leaves"], random_state=0)
found = compare(model, X, y, cv=5, n_repeats=1, random_state=0)
print(found)

# %%
# As a table, and as a picture. Bars that cross zero: not shown to differ. All ways of
# distilling into this tree help; five folds of 569 rows do not tell them apart.

table = found.frame().query("metric == 'log_loss'").set_index("method")
table[["mean", "difference", "low", "high", "outcome"]].round(4)

# %%

display = found.plot()

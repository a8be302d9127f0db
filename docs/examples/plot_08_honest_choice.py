"""
An honest choice, and the verdict
=================================

How far should the teacher be corrected? Which student, which size? `DistilledClassifierCV` tries
and chooses, and says whether distilling paid. It judges every candidate on labels that neither the
student nor *its teacher* has seen: this example shows what happens otherwise.
"""

# %%
# Two sizes of a tree, five strengths, two calibrations. The direct student (trained on the labels)
# and plain distillation (strength 0) are among the candidates whether asked for or not.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.inspection import StrengthDisplay

X, y = load_breast_cancer(return_X_y=True)
tree = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
search = DistilledClassifierCV(
    RandomForestClassifier(30, min_samples_leaf=2, random_state=0),
    ("tree", tree, {"max_leaf_nodes": [8, 32]}),
    scoring="neg_brier_score",
    random_state=0,
).fit(X, y)
print(search.verdict_)

# %%
# The verdict compares the best distilled tree with the best one trained directly, each chosen
# without the fold that it is judged on. Its interval is an approximation, made of rows and folds,
# and widened because another training set would give other students. Where the estimated gain is
# less than its standard error, the best tree trained directly is what gets fitted
# (``fallback="doubtful"``), even if a distilled one has the better mean score. What was chosen, and
# the best of what was tried. The ranks are those of the scores smoothed along the strength, so they
# need not follow the bare ones:

print({name: value for name, value in search.best_params_.items() if name != "student"})
columns = ["max_leaf_nodes", "calibration", "strength"]
table = pd.DataFrame(search.cv_results_)
table.columns = table.columns.str.replace("param_student__", "").str.replace("param_", "")
table.sort_values("rank_test_score")[[*columns, "mean_test_score", "rank_test_score"]].head(6)

# %%
# The scores along the strength, a curve per size and calibration. The student trained on the labels
# is a point of its own at strength 1.

fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
display = StrengthDisplay.from_estimator(search).plot(ax)

# %%
# The leak
# --------
#
# Now labels that are coin tosses: there is nothing to learn, and an accuracy of one half is all
# that anything can have. The teacher looks at the nearest neighbour, the student likewise. A naive
# search cross-fits the teacher once and then cross-validates the student on these probabilities.
# They hold the labels of the validation rows: the teacher of a training row has seen the rows next
# to it.

rng = np.random.default_rng(0)
X, y = X[:400], rng.integers(2, size=400)
X = (X - X.mean(axis=0)) / X.std(axis=0)
teacher, student = KNeighborsClassifier(1), KNeighborsRegressor(1)
strengths = (0.0, 0.25, 0.5, 0.75, 1.0)
honest = DistilledClassifierCV(
    teacher,
    student,
    strengths=strengths,
    calibrations=(None,),
    scoring="accuracy",
    random_state=0,
).fit(X, y)


def naive_score(strength):
    """Return what cross-validating the student on ordinary out-of-fold probabilities says."""
    model = DistilledClassifier(None, student, strength=strength, calibration=None)
    scores = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        model.fit(X[train], y[train], teacher_proba=honest.teacher_proba_[train])
        scores.append(model.score(X[test], y[test]))
    return np.mean(scores)


results = pd.DataFrame(honest.cv_results_).sort_values("param_strength")
display = StrengthDisplay.from_predictions(
    strengths, results["mean_test_score"], naive=[naive_score(s) for s in strengths]
)
display.plot().ax_.axhline(0.5, color="0.6", linestyle=":")
display.frame()[["strength", "score", "naive"]].round(3)

# %%
# The naive curve rises towards weak corrections: the more is left of the teacher's label, the more
# of the leak. It claims to predict coin tosses. The honest curve stays near one half, and the
# verdict does not claim a gain:

print(honest.verdict_)

"""
In a grid search, with the teachers kept
========================================

`DistilledClassifier` goes into `GridSearchCV`. A search over settings of the student would fit the
same teachers for every candidate; ``memory=`` keeps each fitted teacher on disk, so that they are
fitted once per fold of the search.

Such a search is honest: the rows a candidate is scored on were in nobody's training rows, neither
the student's nor its teachers'.
"""

# %%
# A teacher that counts its fits, by a line in a file: cached fits leave no line.

import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

folder = Path(tempfile.mkdtemp())
count = folder / "fits.txt"


class CountedForest(RandomForestClassifier):
    """A random forest that writes a line for each of its fits."""

    def fit(self, X, y, sample_weight=None):
        """Fit, and write a line."""
        with count.open("a") as file:
            file.write("fit\n")
        return super().fit(X, y, sample_weight)


X, y = load_breast_cancer(return_X_y=True)
sizes = [4, 8, 16]
found = {}
for name, memory in {
    "without memory": None,
    "with memory": joblib.Memory(folder, verbose=0),
}.items():
    count.write_text("")
    model = DistilledClassifier(
        CountedForest(20, random_state=0),
        DecisionTreeClassifier(random_state=0),
        memory=memory,
        random_state=0,
    )
    search = GridSearchCV(
        model,
        {"student__max_leaf_nodes": sizes},
        scoring="neg_log_loss",
        cv=3,
        return_train_score=False,
    ).fit(X, y)
    found[name] = {
        "teacher fits": len(count.read_text().splitlines()),
        "best size": search.best_params_["student__max_leaf_nodes"],
        "log-loss": -search.best_score_,
    }
pd.DataFrame(found).T

# %%
# The scores are the same, and the teachers far fewer: five per fold of the search, and five more
# for the final fit on all rows. Without a cache that is paid for every size of the tree.

results = search.cv_results_
fig, ax = plt.subplots(layout="constrained")
ax.errorbar(sizes, -results["mean_test_score"], results["std_test_score"], marker="o", capsize=3)
ax.set(xscale="log", xlabel="leaves of the student", ylabel="log-loss, mean of three folds")
ax.set_xticks(sizes, labels=sizes)
plt.show()

# %%
# The bars are standard deviations over three folds. Where they overlap, the smaller tree is as
# good a choice. To choose among many settings with fewer teacher fits yet, and to hear whether
# distilling pays at all, see :ref:`the honest choice
# <sphx_glr_generated_gallery_plot_08_honest_choice.py>`.

"""
Which student to ship: the frontier
===================================

A student is chosen by what it loses and by what it costs. `frontier` distils one teacher into many
students, on the same teacher labels, and weighs the loss on rows held out against the time of a
prediction and the size on disk.
"""

# %%

import matplotlib.pyplot as plt
from lightgbm import LGBMClassifier
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.inspection import frontier

X, digit = load_digits(return_X_y=True)
y = digit >= 5
teacher = ExtraTreesClassifier(100, random_state=0)
boosting = {"num_leaves": 8, "verbose": -1, "n_jobs": 1}
students = {
    "tree, 8 leaves": DecisionTreeClassifier(max_leaf_nodes=8, random_state=0),
    "tree, 64 leaves": DecisionTreeClassifier(max_leaf_nodes=64, random_state=0),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "forest, 5 trees": RandomForestClassifier(5, random_state=0),
    "forest, 20 trees": RandomForestClassifier(20, random_state=0),
    "LightGBM, 20 trees": LGBMClassifier(n_estimators=20, **boosting),
    "LightGBM, 80 trees": LGBMClassifier(n_estimators=80, **boosting),
}
found = frontier(
    DistilledClassifier(teacher, cv=4, random_state=0),
    X,
    y,
    students,
    budget=0.1,
    random_state=0,
)
print(found.protocol)
found.frame()[["student", "loss", "standard_error", "latency", "size_bytes", "on_front"]].round(5)

# %%
# Log-loss on rows that neither teacher nor student was fitted on. On the front are the students
# that no other one beats in loss, latency and size together.

fig, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained", sharey=True)
found.plot(axes[0])
found.plot(axes[1], against="size_bytes")
plt.show()

# %%
# The best within a budget:

for limit in (10_000, 100_000, 1_000_000):
    point = found.best_under(size=limit)
    print(f"below {limit:>9,} bytes: {point.name} (log-loss {point.loss.mean:.4f})")

# %%
# The latency is that of ``predict_proba`` on one row, measured where these pages were built, by
# Python: it moves from build to build and says little about a compiled tree in your service. The
# loss has a standard error over the rows held out. Nothing here says that *distilling* made a
# student good: for that, compare each with itself trained directly, as in :ref:`the example on
# cross-validation <sphx_glr_generated_gallery_plot_03_cross_val_score.py>`.

"""
Counts with an exposure: claims per year
========================================

Policies run for a month or for two years, so their claims are counted per year of exposure. A
boosted teacher learns the rates; a tree that can be printed on one page learns them from it.
"""

# %%
# Made policies: the rate of claims depends on age and power together. ``exposure=`` makes rates of
# counts, with the years as weights: for a Poisson loss that is the likelihood of the counts
# themselves.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor, export_text

from skdistill import DistilledRegressor
from skdistill.inspection import DistillationReport

rng = np.random.default_rng(0)
n = 6000
age, power, town = rng.uniform(18, 80, n), rng.uniform(4, 12, n), rng.integers(0, 2, n)
years = rng.uniform(0.1, 2.0, n)
rate = 0.1 * np.exp(0.04 * np.abs(age - 50) + 0.15 * (power - 8) * (age < 30) + 0.4 * town)
claims = rng.poisson(rate * years)
X, names = np.column_stack([age, power, town]), ["age", "power", "town"]

train, test = np.arange(n) < n // 2, np.arange(n) >= n // 2
model = DistilledRegressor(
    HistGradientBoostingRegressor(loss="poisson", max_iter=60, learning_rate=0.05),
    DecisionTreeRegressor(criterion="poisson", max_leaf_nodes=12, min_samples_leaf=30),
    random_state=0,
).fit(X[train], claims[train], exposure=years[train])

# %%
# The report judges by the loss of the student, here the Poisson deviance, and weighs rows by their
# exposure.

report = DistillationReport.from_estimator(
    model,
    X[test],
    claims[test],
    exposure=years[test],
    X_train=X[train],
    y_train=claims[train],
    train_params={"exposure": years[train]},
    teacher="fit",
    latency_rows=(1,),
    budget=0.1,
)
print(report.sentence)
report.frame()[["loss", "calibration_slope", "fidelity_r2", "size_bytes"]].round(4)

# %%
# Predictions are rates per year; times the exposure they are counts.

expected = (model.predict(X[test]) * years[test]).sum()
print(f"{claims[test].sum()} claims in the rows held out, {expected:.0f} expected by the tree")
print(export_text(model.student_, feature_names=names, max_depth=2))

# %%
# Do the rates come true? Observed claims per year against the predicted rate, in bins of about
# equally many policies; the bands are one standard error.

report.displays["Reliability on held-out rows"].plot()
plt.show()

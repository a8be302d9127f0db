"""
Prices: one small tree for a forest
===================================

A forest predicts a price well, and is large and slow. One tree of 60 leaves is small and fast, and
varies with its training rows: that is what distilling steadies.
"""

# %%
# Made prices: five features matter, two of them together, and half of the rows are held out. The
# teacher labels each training row out of fold; the tree is fitted to these labels, corrected
# towards the prices as far as its own variance asks for.

import matplotlib.pyplot as plt
from sklearn.datasets import make_friedman1
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor
from skdistill.inspection import DistillationReport, TeacherReport

X, y = make_friedman1(1600, noise=2.0, random_state=0)
X, X_test, price, price_test = train_test_split(X, y, test_size=0.5, random_state=0)
model = DistilledRegressor(
    ExtraTreesRegressor(100, random_state=0),
    DecisionTreeRegressor(max_leaf_nodes=60, random_state=0),
    random_state=0,
).fit(X, price)
print(f"strength {model.strength_:.2f}: 0 is the teacher alone, 1 the prices alone")

# %%
# Is the teacher worth it? Its passport, all out of fold, and what to do about it:

passport = TeacherReport.from_estimator(model, X, price)
for sentence in passport.recommendations:
    print("-", sentence)
passport.frame()[["r2", "rmse", "mae", "calibration_slope", "calibration_intercept"]].round(3)

# %%
# A slope above 1 says that its predictions are drawn towards the middle, as those of forests are;
# calibration stretches them.
#
# Did it pay? On the rows held out, against the same tree fitted to the prices:

report = DistillationReport.from_estimator(
    model,
    X_test,
    price_test,
    X_train=X,
    y_train=price,
    teacher="fit",
    latency_rows=(1,),
    budget=0.1,
)
print(report.sentence)
report.frame()[["r2", "rmse", "fidelity_r2", "fidelity_rmse", "size_bytes", "nodes"]].round(3)

# %%
# The tree has no more leaves than before. Where it differs from its teacher it is coarse: every
# line of points is a leaf.

report.displays["Fidelity to the teacher"].plot()
plt.show()

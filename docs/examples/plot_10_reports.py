"""
Reports: the teacher's passport and the student's report
========================================================

Before distilling: is this teacher worth it? After: what did the student keep, what does it cost,
did it pay? Two reports answer, as tables, pictures, JSON or one HTML page.
"""

# %%
# The wine data: 178 rows, three classes. The teacher is an overconfident one on purpose.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.inspection import (
    DistillationReport,
    FidelityDisplay,
    ResidualDisplay,
    TeacherReport,
)

X, y = load_wine(return_X_y=True, as_frame=True)
X = X[["alcohol", "malic_acid", "ash", "magnesium", "hue"]]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
model = DistilledClassifier(
    GaussianNB(), DecisionTreeClassifier(max_leaf_nodes=12, random_state=0), random_state=0
).fit(X_train, y_train)

# %%
# The passport
# ------------
#
# Everything in it is out of fold. ``teacher="fit"`` fits the teacher once more, on all training
# rows, to see how much better it looks on rows that it has seen.

passport = TeacherReport.from_estimator(model, X_train, y_train, teacher="fit")
for sentence in passport.recommendations:
    print("-", sentence)
passport.frame().round(3)

# %%

passport.frame("by_class").round(3)

# %%
# Said and observed frequencies. Few rows make wide bands.

display = passport.reliability.plot()

# %%
# Where is the teacher wrong on average? The mean residual, label less probability, by a feature:

display = ResidualDisplay.from_estimator(model, X_train, y_train, "hue", n_bins=5).plot()

# %%
# The report
# ----------
#
# On rows held out. With the training rows it fits the direct student and plain distillation for
# comparison, and the teacher if asked.

report = DistillationReport.from_estimator(
    model,
    X_test,
    y_test,
    X_train=X_train,
    y_train=y_train,
    teacher="fit",
    latency_rows=(1,),
    budget=0.1,
)
print(report.sentence)
report.frame().T.round(4)

# %%
# The interval of the sentence is what counts: on 72 rows only large differences can be shown, and
# the interval is wide.
#
# Fidelity is another matter than quality: how close the student comes to its teacher, right or
# wrong. Both pictures of the report can also be had one by one.

fig, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
for ax, (title, display) in zip(axes, report.displays.items(), strict=True):
    display.plot(ax)
    ax.set_title(title)
plt.show()

# %%
# The scores behind the second picture:

said = {"teacher": GaussianNB().fit(X_train, y_train), "student": model}
p = {name: each.predict_proba(X_test) for name, each in said.items()}
print(FidelityDisplay.from_predictions(p["teacher"], p["student"]).scores)

# %%
# ``save`` writes one self-contained page, and ``to_dict`` plain types for JSON.

page = Path(tempfile.mkdtemp()) / "report.html"
report.save(page)
print(f"{page.name}: {page.stat().st_size / 1000:.0f} kB; of to_dict: {sorted(report.to_dict())}")

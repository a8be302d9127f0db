#!/usr/bin/env bash
# scikit-lego's OrdinalClassifier gives negative probabilities.
#
# Seen with scikit-lego 0.9.10, scikit-learn 1.9.1. It fits one model of "above grade k" per border and
# takes differences; nothing keeps P(above 1) at or over P(above 2). With a forest 16% of the rows have a
# probability below zero, with a tree they go down to -.3; rows sum to one and logistic regression shows
# nothing. One would expect the borders' answers to be ordered, or the differences clipped. As soft
# labels, in a log-loss or a calibrator these values are NaN, refused, or clipped in silence.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-lego==0.9.10 scikit-learn==1.9.1 pandas==2.3.3
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklego.meta import OrdinalClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(800, 4))
grade = np.digitize(2 * X[:, 0] + rng.normal(size=800), [-1.5, 0, 1.5])
train, test = slice(0, 400), slice(400, 800)
share = {}
for model in (
    LogisticRegression(),
    DecisionTreeClassifier(min_samples_leaf=10, random_state=0),
    RandomForestClassifier(50, random_state=0),
):
    kind = type(model).__name__
    probability = OrdinalClassifier(model).fit(X[train], grade[train]).predict_proba(X[test])
    share[kind] = np.mean(probability.min(axis=1) < 0)
    print(f"scikit-lego {version('scikit-lego')}, {kind}: {share[kind]:.1%} of the rows have a probability "
          f"below zero, the least is {probability.min():.2f}; sums from {probability.sum(axis=1).min():.3f} "
          f"to {probability.sum(axis=1).max():.3f}")
assert share["LogisticRegression"] < 0.01
assert min(share["DecisionTreeClassifier"], share["RandomForestClassifier"]) > 0.02, "mended: drop this script"
PYTHON

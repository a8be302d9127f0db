#!/usr/bin/env bash
# imbalanced-learn's BalancedRandomForest balances by counting rows, whatever these weigh.
#
# Seen with imbalanced-learn 0.14.2, scikit-learn 1.9.1. A row of weight 2 and the same row twice are the
# same to scikit-learn's forest; to this one they are not: the classes are balanced by the number of
# their rows. Copies of every row with each label, weighted (a way of giving soft labels), switch the
# balancing off: the mean probability falls from .47 to .16.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q imbalanced-learn==0.14.2 scikit-learn==1.9.1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
import numpy as np
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.ensemble import RandomForestClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 2))
y = (rng.random(600) < 0.1 + 0.2 * (X[:, 0] > 1)).astype(int)
copies, labels = np.concatenate([X, X]), np.concatenate([y, 1 - y])
weight = np.repeat([0.99, 0.01], 600)  # nearly the labels themselves
gap = {}
for kind in (RandomForestClassifier, BalancedRandomForestClassifier):
    settings = {"random_state": 0, "min_samples_leaf": 20}
    plain = kind(**settings).fit(X, y).predict_proba(X)[:, 1].mean()
    soft = kind(**settings).fit(copies, labels, sample_weight=weight).predict_proba(X)[:, 1].mean()
    gap[kind.__name__] = plain - soft
    print(f"{kind.__name__} (imbalanced-learn {version('imbalanced-learn')}): mean probability "
          f"{plain:.2f} on the rows, {soft:.2f} on copies that weigh nearly the same")
assert abs(gap["RandomForestClassifier"]) < 0.03
assert gap["BalancedRandomForestClassifier"] > 0.1, "mended: drop this script"
PYTHON

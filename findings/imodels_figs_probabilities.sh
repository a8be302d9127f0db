#!/usr/bin/env bash
# imodels' FIGSClassifier squeezes probabilities into .27 to .73.
#
# Seen with imodels 3.0.4, scikit-learn 1.9.1. The sum of its trees estimates a probability already, by
# least squares, and predict_proba then takes a softmax over (1 - p, p): a leaf of pure ones says .73, one
# of pure zeros .27. Ranks stay right, so AUC shows nothing; the mean is .41 where the share of ones is
# .30 and the Brier score .091, against .031 with use_clipped_prediction=True, which gives the estimate
# itself and was what it did before 1.3.9. One would expect a pure leaf to be near 1. As a teacher it
# cannot say that it is sure, as a student it cannot learn to.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q imodels==3.0.4 scikit-learn==1.9.1 six==1.17.0
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
import numpy as np
from imodels import FIGSClassifier
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss, roc_auc_score

X, y = make_classification(2000, 4, flip_y=0.05, class_sep=1.5, weights=[0.7], random_state=0)
train, test = slice(0, 1000), slice(1000, 2000)
model = FIGSClassifier(max_rules=6, random_state=0).fit(X[train], y[train])
said, clipped = (
    model.predict_proba(X[test], use_clipped_prediction=clip)[:, 1] for clip in (False, True)
)
for name, p in (("predict_proba", said), ("use_clipped_prediction=True", clipped)):
    print(f"imodels {version('imodels')}, {name}: from {p.min():.3f} to {p.max():.3f}, mean "
          f"{p.mean():.3f} (ones: {y[test].mean():.3f}), Brier {brier_score_loss(y[test], p):.3f}, "
          f"AUC {roc_auc_score(y[test], p):.3f}")
assert abs(clipped.mean() - y[test].mean()) < 0.03
assert said.min() > 0.25 and said.max() < 0.75, "mended: drop this script"
assert brier_score_loss(y[test], said) > 2 * brier_score_loss(y[test], clipped)
PYTHON

#!/usr/bin/env bash
# venn-abers gives probabilities far below 0 and above 1 for the labels 1 and 2.
#
# Seen with venn-abers 1.5.4. VennAbers.fit asks for "associated binary class labels" and uses them as the
# numbers of an isotonic regression: with 1 and 2 instead of 0 and 1 the answers run from -16 to 17 and
# the rows still sum to one, without an error or a warning. Its own VennAbersCalibrator codes the labels
# and is right, so the two front doors of one package disagree. -1 and 1 fare the same. (What the latter's
# predict() answers are not labels either, but one column a class, unless one_hot=False.)
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q venn-abers==1.5.4 scikit-learn==1.9.1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
import numpy as np
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from venn_abers import VennAbers, VennAbersCalibrator

X, y = make_classification(600, 4, flip_y=0.2, random_state=0)
fit, known, new = slice(0, 200), slice(200, 400), slice(400, 600)
reach = {}
for names in ([0, 1], [-1, 1], [1, 2]):
    labels = np.array(names)[y]
    teacher = LogisticRegression().fit(X[fit], labels[fit])
    low = VennAbers()
    low.fit(teacher.predict_proba(X[known]), labels[known])
    probability = low.predict_proba(teacher.predict_proba(X[new]))[0]
    high = VennAbersCalibrator(
        estimator=LogisticRegression(), inductive=True, cal_size=0.5, random_state=0
    )
    high.fit(X[: known.stop], labels[: known.stop])
    wrapped = high.predict_proba(X[new])
    reach[names[0]] = probability.min(), probability.max()
    print(f"venn-abers {version('venn-abers')}, labels {names}: VennAbers from {probability.min():.2f} to "
          f"{probability.max():.2f}, VennAbersCalibrator from {wrapped.min():.2f} to {wrapped.max():.2f}; "
          f"the latter's predict has shape {np.shape(high.predict(X[new]))}")
    assert wrapped.min() >= 0 and wrapped.max() <= 1
assert reach[0][0] >= 0 and reach[0][1] <= 1
assert reach[1][0] < -0.1 and reach[1][1] > 1.1 and reach[-1] != reach[0], "mended: drop this script"
PYTHON

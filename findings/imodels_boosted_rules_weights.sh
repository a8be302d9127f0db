#!/usr/bin/env bash
# imodels' BoostedRulesClassifier takes sample_weight and leaves it.
#
# Seen with imodels 3.0.4, scikit-learn 1.9.1: fit(X, y, sample_weight=...) goes into **kwargs and no
# further. Rows of weight zero count as much as the others; no error, no warning. SkopeRules and
# FIGS of the same package do use theirs, so the signature tells nothing. (imodels imports six
# without asking for it to be installed.)
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q imodels==3.0.4 six scikit-learn==1.9.1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
import numpy as np
from imodels import BoostedRulesClassifier, FIGSClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3))
y = (X[:, 0] > 0).astype(int)
y[200:] = 1 - y[200:]  # the second half says the opposite, and has weight zero
weight = np.repeat([1.0, 0.0], 200)
moved = {}
for kind in (BoostedRulesClassifier, FIGSClassifier):
    plain = kind().fit(X, y).predict_proba(X)[:, 1]
    weighted = kind().fit(X, y, sample_weight=weight).predict_proba(X)[:, 1]
    moved[kind.__name__] = np.abs(plain - weighted).max()
    print(f"imodels {version('imodels')}, {kind.__name__}: weights move a probability by at most "
          f"{moved[kind.__name__]:.3f}")
assert moved["FIGSClassifier"] > 0.3
assert moved["BoostedRulesClassifier"] == 0.0, "mended: drop this script"
PYTHON

#!/usr/bin/env bash
# LightGBM's Booster.refit(decay_rate=0) on the very training data gives another model.
#
# Seen with LightGBM 4.7.0. Same trees, same rows, same loss: the leaves should come back as they were,
# and with boost_from_average=false they do, to 1e-15. By default (true) the start score is folded into
# the first tree, which then carries shrinkage 1, so refit takes that tree's step in full, ten times the
# trained one: raw scores move by 1.5 and the held-out loss rises. Whoever gives a booster's trees new
# leaves from soft labels measures this step beside the labels' effect; decay_rate=.9 keeps a tenth of it.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q lightgbm==4.7.0 scikit-learn==1.9.1
"$folder/env/bin/python" - <<'PYTHON'
import lightgbm, numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss

X, y = make_classification(2000, 6, flip_y=0.2, weights=[0.8], random_state=0)
train, test = slice(0, 1000), slice(1000, 2000)
moved = {}
for from_average in (False, True):
    settings = {
        "objective": "binary", "boost_from_average": from_average, "num_threads": 1, "verbosity": -1
    }
    first = lightgbm.train(settings, lightgbm.Dataset(X[train], y[train]), num_boost_round=20)
    again = first.refit(X[train], y[train], decay_rate=0.0)
    scores = [model.predict(X[test], raw_score=True) for model in (first, again)]
    losses = [log_loss(y[test], model.predict(X[test])) for model in (first, again)]
    shrinkage = [tree["shrinkage"] for tree in first.dump_model()["tree_info"]][:3]
    moved[from_average] = np.abs(scores[0] - scores[1]).max()
    print(f"LightGBM {lightgbm.__version__}, boost_from_average={from_average}: shrinkage {shrinkage}...; "
          f"raw scores move by {moved[from_average]:.2g}, log-loss {losses[0]:.4f} -> {losses[1]:.4f}")
assert moved[False] < 1e-12
assert moved[True] > 0.5, "mended: drop this script"
PYTHON

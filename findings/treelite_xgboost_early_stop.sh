#!/usr/bin/env bash
# An early-stopped XGBoost file holds all its trees; which of them count depends on who reads it.
#
# Seen with XGBoost 3.2.0, treelite 4.8.1. XGBClassifier predicts by the trees up to best_iteration, which
# is written into the JSON file too. treelite (under tl2cgen and NVIDIA's FIL) reads the same file and
# uses all trees; XGBoost's own Booster.predict does as well. So the probabilities differ by up to .48,
# and the model that early stopping rejected is the one that is deployed. LightGBM saves only the chosen
# trees, which lets one expect it. Slicing the booster to best_iteration + 1 rounds first is safe.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 treelite==4.8.1
"$folder/env/bin/pip" install -q --no-deps xgboost==3.2.0
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import json, sys
import numpy as np, treelite, xgboost
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss

X, y = make_classification(900, 6, flip_y=0.2, random_state=1)
X, path = X.astype(np.float32), f"{sys.argv[1]}/model.json"
model = xgboost.XGBClassifier(
    n_estimators=200, max_depth=4, learning_rate=0.5, early_stopping_rounds=20, n_jobs=1
).fit(X[:300], y[:300], eval_set=[(X[300:600], y[300:600])], verbose=False)
X, y = X[600:], y[600:]

def read(saved):
    saved.save_model(path)
    loaded = treelite.frontend.load_xgboost_model(path)
    return treelite.gtil.predict(loaded, X, nthread=1).ravel()

again, cut = read(model), read(model.get_booster()[: model.best_iteration + 1])
read(model)
noted = json.load(open(path))["learner"]["attributes"]["best_iteration"]
reloaded = xgboost.XGBClassifier()
reloaded.load_model(path)
said = {
    "XGBClassifier": model.predict_proba(X)[:, 1],
    "XGBClassifier reloaded": reloaded.predict_proba(X)[:, 1],
    "Booster.predict": model.get_booster().predict(xgboost.DMatrix(X)),
    "treelite": again,
    "treelite, sliced before": cut,
}
print(f"XGBoost {xgboost.__version__}, treelite {treelite.__version__}: best_iteration {noted} in the file, "
      f"{model.get_booster().num_boosted_rounds()} rounds in it")
gap = {name: np.abs(p - said["XGBClassifier"]).max() for name, p in said.items()}
for name, p in said.items():
    print(f"{name}: up to {gap[name]:.2g} apart, log-loss {log_loss(y, p):.3f}")
assert max(gap["XGBClassifier reloaded"], gap["treelite, sliced before"]) < 1e-5
assert min(gap["treelite"], gap["Booster.predict"]) > 0.1, "mended: drop this script"
PYTHON

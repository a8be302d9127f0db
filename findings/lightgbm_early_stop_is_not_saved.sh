#!/usr/bin/env bash
# LightGBM's estimator honours pred_early_stop at prediction; the text that it saves forgets it.
#
# Seen with LightGBM 4.7.0: LGBMClassifier(pred_early_stop=True, ...) stops adding trees to a row whose
# margin is large. Saved as text and loaded again the same booster predicts by all trees, so the
# probabilities differ (here by .49). Nothing says which of the two was validated.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q lightgbm==4.7.0 scikit-learn==1.9.1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import lightgbm, numpy as np
from sklearn.datasets import make_classification

X, y = make_classification(600, 6, flip_y=0.2, random_state=0)
settings = {"n_estimators": 60, "num_leaves": 15, "verbose": -1, "n_jobs": 1}
early = {"pred_early_stop": True, "pred_early_stop_freq": 1, "pred_early_stop_margin": 0.5}
gap = {}
for name, extra in (("plain", {}), ("pred_early_stop", early)):
    model = lightgbm.LGBMClassifier(**settings, **extra).fit(X, y)
    again = lightgbm.Booster(model_str=model.booster_.model_to_string()).predict(X)
    gap[name] = np.abs(model.predict_proba(X)[:, 1] - again).max()
    print(f"LightGBM {lightgbm.__version__}, {name}: estimator against its reloaded text {gap[name]:.3g}")
assert gap["plain"] < 1e-12
assert gap["pred_early_stop"] > 0.05, "mended: drop this script"
PYTHON

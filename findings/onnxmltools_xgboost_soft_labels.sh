#!/usr/bin/env bash
# onnxmltools writes an XGBRegressor with a logistic objective as a graph of raw scores, not probabilities.
#
# Seen with onnxmltools 1.16.0, XGBoost 3.2.0, onnxruntime 1.32.0.
# XGBRegressor(objective="binary:logistic") is how XGBoost takes soft labels; predict() answers in [0, 1].
# The ONNX graph answers below 0 and above 1, without a warning: no sigmoid, and to the trees' log-odds it
# adds the start *probability*, so that not even its sigmoid is right. The exponential of count:poisson
# and reg:gamma is kept. One would expect one rule for all links. A distilled XGBoost student exported so
# answers on another scale.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 skl2onnx==1.20.0 onnxmltools==1.16.0 onnxruntime==1.32.0
"$folder/env/bin/pip" install -q --no-deps xgboost==3.2.0
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np, onnxmltools, onnxruntime, xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from scipy.special import expit, logit
from sklearn.datasets import make_classification

X, y = make_classification(500, 6, weights=[0.7], flip_y=0.1, random_state=0)
X, soft = X.astype(np.float32), np.where(y == 1, 0.9, 0.1)
gap = {}
for objective in ("count:poisson", "reg:gamma", "reg:squarederror", "binary:logistic", "reg:logistic"):
    model = xgboost.XGBRegressor(n_estimators=10, max_depth=3, objective=objective, n_jobs=1).fit(X, soft)
    graph = onnxmltools.convert_xgboost(
        model, initial_types=[("x", FloatTensorType([None, 6]))], target_opset=15
    )
    said = onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"x": X})[0].ravel()
    gap[objective] = np.abs(said - model.predict(X)).max()
    print(f"onnxmltools {onnxmltools.__version__}, XGBoost {xgboost.__version__}, {objective}: up to "
          f"{gap[objective]:.2g} apart, answers from {said.min():.2f} to {said.max():.2f}")
start = soft.mean()
scores = {"the graph's answer": said, "that with the start as log-odds": said - start + logit(start)}
for name, score in scores.items():
    print(f"sigmoid of {name}: {np.abs(expit(score) - model.predict(X)).max():.1g} apart")
assert max(gap["count:poisson"], gap["reg:gamma"], gap["reg:squarederror"]) < 1e-5
assert min(gap["binary:logistic"], gap["reg:logistic"]) > 0.5, "mended: drop this script"
PYTHON

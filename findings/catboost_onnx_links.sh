#!/usr/bin/env bash
# CatBoost's ONNX export leaves the link function behind, or writes another one.
#
# Seen with CatBoost 1.2.10, onnxruntime 1.32.0, without an error or a warning. For Poisson and Tweedie
# predict() answers with the mean, the graph with its logarithm, under the name "predictions". For
# MultiClassOneVsAll predict_proba() is one sigmoid per class, the graph's "probabilities" are a softmax
# of the same scores: other numbers that sum to one, where CatBoost's do not. RMSE and MultiClass are
# right (1e-6). Rates, claims and calibrated scores are read from such graphs.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q catboost==1.2.10 scikit-learn==1.9.1 onnxruntime==1.32.0
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
import catboost, numpy as np, onnxruntime
from scipy.special import softmax
from sklearn.datasets import make_classification

X, y = make_classification(600, 6, n_informative=5, n_redundant=0, n_classes=3, random_state=0)
X, counts = X.astype(np.float32), np.random.default_rng(0).poisson(np.exp(X[:, 0] / 2))
onnxruntime.set_default_logger_severity(3)
settings = {"iterations": 20, "depth": 3, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
path = f"{sys.argv[1]}/model.onnx"

def graph(model, output):
    model.save_model(path, format="onnx")
    return onnxruntime.InferenceSession(path).run([output], {"features": X})[0]

gap, said = {}, f"CatBoost {catboost.__version__}, onnxruntime {onnxruntime.__version__}"
for loss in ("RMSE", "Poisson", "Tweedie:variance_power=1.5"):
    model = catboost.CatBoostRegressor(loss_function=loss, **settings).fit(X, counts)
    got, wanted = np.ravel(graph(model, "predictions")), model.predict(X)
    gap[loss] = np.abs(got - wanted).max()
    logarithm = np.abs(got - np.log(np.abs(wanted))).max()
    print(f"{said}, {loss}: up to {gap[loss]:.2g} apart; from the logarithm {logarithm:.1g}")
for loss in ("MultiClass", "MultiClassOneVsAll"):
    model = catboost.CatBoostClassifier(loss_function=loss, **settings).fit(X, y)
    got = np.array([[row[label] for label in range(3)] for row in graph(model, "probabilities")])
    gap[loss] = np.abs(got - model.predict_proba(X)).max()
    scores = model.predict(X, prediction_type="RawFormulaVal")
    other = np.abs(got - softmax(scores, axis=1)).max()
    print(f"{said}, {loss}: up to {gap[loss]:.2g} apart; from a softmax {other:.1g}")
assert max(gap["RMSE"], gap["MultiClass"]) < 1e-5
assert min(gap["Poisson"], gap["Tweedie:variance_power=1.5"], gap["MultiClassOneVsAll"]) > 0.05, \
    "mended: drop this script"
PYTHON

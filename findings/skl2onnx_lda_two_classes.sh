#!/usr/bin/env bash
# skl2onnx doubles the log-odds of LinearDiscriminantAnalysis where there are two classes.
#
# Seen with skl2onnx 1.20.0, scikit-learn 1.9.1, onnxruntime 1.32.0. The graph's probability is sigmoid(2d)
# where scikit-learn's is sigmoid(d): every label and every rank is right, every probability too
# extreme (up to .15 off), as with a temperature of one half. With three classes all is equal to 1e-7.
# Thresholds, calibration and soft labels taken from the graph are wrong; accuracy and AUC cannot show it.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 skl2onnx==1.20.0 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np, onnxruntime, skl2onnx, sklearn
from scipy.special import expit
from sklearn.datasets import make_classification
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

apart = {}
for n_classes in (2, 3):
    X, y = make_classification(500, 6, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=0)
    X = X.astype(np.float32)
    model = LinearDiscriminantAnalysis().fit(X, y)
    graph = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    label, said = onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"X": X})
    apart[n_classes] = np.abs(said - model.predict_proba(X)).max()
    print(f"skl2onnx {skl2onnx.__version__}, scikit-learn {sklearn.__version__}, {n_classes} classes: "
          f"{np.mean(label == model.predict(X)):.0%} of the labels agree, "
          f"probabilities up to {apart[n_classes]:.2g} apart")
    if n_classes == 2:
        doubled = np.abs(said[:, 1] - expit(2 * model.decision_function(X))).max()
        print(f"from sigmoid(2 d) the graph is {doubled:.1g} apart")
assert apart[3] < 1e-5
assert apart[2] > 0.1 and doubled < 1e-5, "mended: drop this script"
PYTHON

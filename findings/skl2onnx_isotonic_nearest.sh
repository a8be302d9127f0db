#!/usr/bin/env bash
# skl2onnx writes isotonic calibration as the nearest knot's value instead of the line between two knots.
#
# Seen with skl2onnx 1.20.0, scikit-learn 1.9.1, onnxruntime 1.32.0. scikit-learn's isotonic calibrator
# interpolates between its knots; the graph takes the value of the nearest one. On most rows, the
# plateaus, the two agree, so averages show nothing; between plateaus the probability is up to .05 off and
# ranks are tied. Sigmoid calibration converts to 1e-7. Who calibrates, converts and compares a handful of
# rows ships another calibrator.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 skl2onnx==1.20.0 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np, onnxruntime, skl2onnx, sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

X, y = make_classification(600, 6, n_informative=5, n_redundant=0, flip_y=0.1, random_state=1)
X = X.astype(np.float32)
train, test = slice(0, 300), slice(300, 600)
apart = {}
for method in ("sigmoid", "isotonic"):
    model = CalibratedClassifierCV(LogisticRegression(), method=method, ensemble=False)
    model.fit(X[train], y[train])
    graph = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    said, wanted = session.run(None, {"X": X[test]})[1][:, 1], model.predict_proba(X[test])[:, 1]
    apart[method] = np.abs(said - wanted).max()
    print(f"skl2onnx {skl2onnx.__version__}, scikit-learn {sklearn.__version__}, {method}: up to "
          f"{apart[method]:.2g} apart, on average {np.abs(said - wanted).mean():.2g}")
inner = model.calibrated_classifiers_[0]
score, knots = inner.estimator.decision_function(X[test]), inner.calibrators[0]
nearest = knots.y_thresholds_[np.abs(score[:, None] - knots.X_thresholds_).argmin(axis=1)]
print(f"from the nearest knot's value the graph is {np.abs(said - nearest).max():.1g} apart")
assert apart["sigmoid"] < 1e-5
assert apart["isotonic"] > 0.02 and np.abs(said - nearest).max() < 1e-5, "mended: drop this script"
PYTHON

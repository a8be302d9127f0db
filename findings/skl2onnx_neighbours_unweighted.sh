#!/usr/bin/env bash
# skl2onnx writes nearest neighbours weighted by distance as if all neighbours weighed the same.
#
# Seen with skl2onnx 1.20.0, scikit-learn 1.9.1, onnxruntime 1.32.0. KNeighborsClassifier and
# KNeighborsRegressor with weights="distance" are converted without a warning; the graph answers as with
# weights="uniform", to 1e-7, so its probabilities come in steps of one fifth. One would expect the
# weights, or a refusal. Uniform weights, the default and the usual test, are right.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 skl2onnx==1.20.0 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np, onnxruntime, skl2onnx, sklearn
from sklearn.datasets import make_classification
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

X, y = make_classification(1000, 6, n_informative=5, n_redundant=0, flip_y=0.1, random_state=1)
X, target = X.astype(np.float32), 2 * X[:, 0]
train, test = slice(0, 500), slice(500, 1000)

def graph(model):
    options = {"zipmap": False} if isinstance(model, KNeighborsClassifier) else None
    onnx = skl2onnx.to_onnx(model, X[:1], options=options)
    said = onnxruntime.InferenceSession(onnx.SerializeToString()).run(None, {"X": X[test]})[-1]
    return said[:, 1] if options else said.ravel()

def own(model):
    return model.predict_proba(X[test])[:, 1] if hasattr(model, "predict_proba") else model.predict(X[test])

for kind, labels in ((KNeighborsClassifier, y), (KNeighborsRegressor, target)):
    uniform, distance = (
        kind(weights=weights).fit(X[train], labels[train]) for weights in ("uniform", "distance")
    )
    said = graph(distance)
    gap, as_uniform = np.abs(said - own(distance)).max(), np.abs(said - own(uniform)).max()
    print(f"skl2onnx {skl2onnx.__version__}, scikit-learn {sklearn.__version__}, {kind.__name__}: weighted by "
          f"distance up to {gap:.2g} apart, from the unweighted model {as_uniform:.1g}")
    assert np.abs(graph(uniform) - own(uniform)).max() < 1e-5
    assert gap > 0.1 and as_uniform < 1e-5, "mended: drop this script"
PYTHON

#!/usr/bin/env bash
# skl2onnx cuts a two-class OneVsRestClassifier of scores at a score of one half instead of zero.
#
# Seen with skl2onnx 1.20.0, scikit-learn 1.9.1, onnxruntime 1.32.0. A LinearSVC gives scores with zero as
# the border; wrapped in OneVsRestClassifier with two classes its graph compares the score with .5, as if
# it were a probability: 40 rows are called positive instead of 134. The bare LinearSVC and three classes
# are right, so who tries the converter on one of these sees nothing.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 skl2onnx==1.20.0 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np, onnxruntime, skl2onnx, sklearn
from sklearn.datasets import make_classification
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

same = {}
for n_classes in (2, 3):
    X, y = make_classification(
        600, 6, n_informative=5, n_redundant=0, n_classes=n_classes, flip_y=0.1, random_state=1,
        weights=[0.7] if n_classes == 2 else None,
    )
    X = X.astype(np.float32)
    for name, model in (("LinearSVC", LinearSVC()), ("OneVsRest", OneVsRestClassifier(LinearSVC()))):
        graph = skl2onnx.to_onnx(model.fit(X, y), X[:1])
        label = onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"X": X})[0]
        same[name, n_classes] = np.mean(label == model.predict(X))
        print(f"skl2onnx {skl2onnx.__version__}, scikit-learn {sklearn.__version__}, {name}, "
              f"{n_classes} classes: {same[name, n_classes]:.1%} of the answers agree")
        if (name, n_classes) == ("OneVsRest", 2):
            by_half = np.array_equal(label, model.decision_function(X) > 0.5)
            print(f"answers are those of score > .5: {by_half}; {label.sum()} ones "
                  f"instead of {model.predict(X).sum()}")
assert min(same["LinearSVC", 2], same["LinearSVC", 3], same["OneVsRest", 3]) > 0.99
assert same["OneVsRest", 2] < 0.95 and by_half, "mended: drop this script"
PYTHON

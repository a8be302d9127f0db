#!/usr/bin/env bash
# CatBoost's export to Python source forgets nan_mode="Max": missing values go the other way.
#
# Seen with CatBoost 1.2.10. A model is trained with missing values above all numbers; its own JSON and
# ONNX files answer as it does. The source written by save_model(format="python") compares NaN with each
# border, which is false, so the value counts as the smallest. With nan_mode="Min", the default, this
# happens to be right, which hides it; rows without a missing value are right as well.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q catboost==1.2.10 scikit-learn==1.9.1
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
import catboost, numpy as np
from sklearn.datasets import make_regression

rng = np.random.default_rng(0)
X, y = make_regression(400, 4, random_state=0)
X, y = X.astype(np.float32), y / y.std()
y += 2 * (missing := rng.random(len(X)) < 0.3)
X[missing, 0] = np.nan
gap = {}
for mode in ("Min", "Max"):
    model = catboost.CatBoostRegressor(
        iterations=30, depth=3, nan_mode=mode, verbose=0, thread_count=1, allow_writing_files=False
    ).fit(X, y)
    for file_format in ("json", "python"):
        path = f"{sys.argv[1]}/model.{file_format}"
        model.save_model(path, format=file_format)
        if file_format == "json":
            said = catboost.CatBoostRegressor().load_model(path, format="json").predict(X)
        else:
            exec(open(path).read(), source := {})
            said = [source["apply_catboost_model"](row) for row in X.astype(float).tolist()]
        apart = np.abs(np.ravel(said) - model.predict(X))
        gap[mode, file_format] = apart[missing].max()
        print(f"CatBoost {catboost.__version__}, nan_mode={mode}, {file_format}: rows with a missing value up to "
              f"{apart[missing].max():.2g} apart, the others {apart[~missing].max():.2g} (deviation of y: 1)")
        assert apart[~missing].max() < 1e-6
assert max(gap["Min", "python"], gap["Min", "json"], gap["Max", "json"]) < 1e-6
assert gap["Max", "python"] > 0.5, "mended: drop this script"
PYTHON

#!/usr/bin/env bash
# slim-trees dumps a LightGBM booster that splits on categories without a word, and cannot load it.
#
# Seen with slim-trees 0.2.15, LightGBM 4.7.0. Its format keeps eight fields of a tree; the sets of
# categories (cat_boundaries, cat_threshold) are none of them. The dump succeeds, so the loss shows on
# the day the file is opened: "Tree model should contain cat_boundaries field". A booster with a tree
# of a single leaf, as a rare class has them beside min_gain_to_split, is refused while dumping, by an
# AssertionError without text. Numbers, missing ones too, come back to the last bit in half the bytes.
# It imports packaging, which it does not require.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q slim-trees==0.2.15 lightgbm==4.7.0 scikit-learn==1.9.1 packaging==26.4
"$folder/env/bin/python" - <<'PYTHON'
import pickle

import lightgbm, numpy as np
from slim_trees import dumps_lgbm_compressed, loads_compressed

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 3))
X[:, 1] = rng.integers(0, 8, 500)
y = X[:, 0] + np.isin(X[:, 1], [1, 4, 6]) > 0.3
quiet = {"num_threads": 1, "verbosity": -1}
binary = quiet | {"objective": "binary"}

numbers = lightgbm.train(binary, lightgbm.Dataset(X, y), 20)
dumped = dumps_lgbm_compressed(numbers)
gap = np.abs(loads_compressed(dumped).predict(X) - numbers.predict(X)).max()
print(f"numbers: {len(dumped)} bytes for {len(pickle.dumps(numbers))}, loaded, probabilities differ by {gap}")
assert gap == 0.0

categories = lightgbm.train(binary, lightgbm.Dataset(X, y, categorical_feature=[1]), 20)
dumped = dumps_lgbm_compressed(categories)
try:
    loads_compressed(dumped)
except lightgbm.basic.LightGBMError as error:
    print(f"categories: dumped to {len(dumped)} bytes, and on loading: {error}")
else:
    raise SystemExit("mended: drop this script")

classes = (X[:, 0] > 0).astype(int)
classes[:4] = 2
several = quiet | {"objective": "multiclass", "num_class": 3, "min_gain_to_split": 30.0}
rare = lightgbm.train(several, lightgbm.Dataset(X, classes), 8)
print("a rare class: leaves of the first trees", [t["num_leaves"] for t in rare.dump_model()["tree_info"]][:6])
try:
    dumps_lgbm_compressed(rare)
except AssertionError as error:
    print(f"a rare class: AssertionError({str(error)!r}) on dumping")
else:
    raise SystemExit("mended: say so above")
PYTHON

#!/usr/bin/env bash
# scikit-lego's GroupedClassifier orders predict_proba's columns by which row comes first.
#
# Seen with scikit-lego 0.9.10, scikit-learn 1.9.1. It fits one model per group. Where the groups' classes
# differ, the columns are joined in the order in which the groups appear in the rows to predict: with a
# row of group 0 (a, b) first they are a, b, c as in classes_; with the same rows backwards they are b, c,
# a and every row's probability stands under a wrong class; a batch of one group has two columns.
# predict() is right throughout and rows sum to one. One would expect one column for each of classes_.
# Log-loss, calibration, stacking and soft labels read these columns.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-lego==0.9.10 scikit-learn==1.9.1 pandas==2.3.3
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
import numpy as np, pandas as pd
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklego.meta import GroupedClassifier

X, y = make_classification(600, 4, flip_y=0.1, random_state=0)
rows = pd.DataFrame(X, columns=list("stuv")).assign(group=np.arange(600) % 2)
labels = np.where(rows["group"] == 0, np.array(["a", "b"])[y], np.array(["b", "c"])[y])
model = GroupedClassifier(LogisticRegression(), groups="group", shrinkage=None).fit(rows, labels)
agree = {}
for name, order in (("as fitted", np.arange(600)), ("backwards", np.arange(600)[::-1])):
    probability, said = model.predict_proba(rows.iloc[order]), model.predict(rows.iloc[order])
    agree[name] = np.mean(model.classes_[probability.argmax(axis=1)] == said)
    print(f"scikit-lego {version('scikit-lego')}, rows {name}: classes_ {model.classes_}, column means "
          f"{probability.mean(axis=0).round(2)}, predict right in {np.mean(said == labels[order]):.0%}, "
          f"its label has the largest column in {agree[name]:.0%}")
alone = model.predict_proba(rows[rows["group"] == 1]).shape
print(f"the rows of group 1 alone: predict_proba has shape {alone}")
assert agree["as fitted"] == 1
assert agree["backwards"] < 0.1 and alone[1] == 2, "mended: drop this script"
PYTHON

#!/usr/bin/env bash
# CatBoost orders classes whose names look like numbers by their value: "9" before "10".
#
# Seen with CatBoost 1.2.10. scikit-learn, LightGBM and NumPy's unique() sort text as text, "10" before
# "9", and code that lines up predict_proba with np.unique(y), or averages two models, relies on it.
# CatBoost reads the text labels as numbers to order them and still answers in text. Two classes are then
# exactly exchanged: accuracy .96 becomes .04. Grades, ages and codes of different widths are such
# names; sets with labels of one width never show it.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q catboost==1.2.10 scikit-learn==1.9.1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import catboost, numpy as np, sklearn
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

X, y = make_classification(600, 6, random_state=0)
accuracy = {}
for names in (["10", "11"], ["9", "10"], ["9a", "10a"]):
    labels = np.array(names)[y]
    for model in (
        LogisticRegression(),
        DecisionTreeClassifier(max_depth=3),
        catboost.CatBoostClassifier(iterations=20, verbose=0, thread_count=1, allow_writing_files=False),
    ):
        guess = np.unique(labels)[model.fit(X, labels).predict_proba(X).argmax(axis=1)]
        kind = type(model).__name__
        accuracy[kind, names[0]] = np.mean(guess == labels)
        own = np.mean(np.ravel(model.predict(X)) == labels)
        print(f"{kind}, labels {names}: classes_ {[str(label) for label in model.classes_]}, "
              f"accuracy by np.unique {accuracy[kind, names[0]]:.2f}, by its own predict {own:.2f}")
print(f"CatBoost {catboost.__version__}, scikit-learn {sklearn.__version__}")
exchanged = accuracy.pop(("CatBoostClassifier", "9"))
assert min(accuracy.values()) > 0.8
assert exchanged < 0.2, "mended: drop this script"
PYTHON

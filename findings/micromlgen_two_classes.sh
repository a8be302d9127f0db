#!/usr/bin/env bash
# micromlgen writes a binary LogisticRegression as C++ that names the wrong class nearly everywhere.
#
# Seen with micromlgen 1.1.28, scikit-learn 1.9.1: the generated predict() adds the score of the
# *second* class to votes[0] and returns the larger vote, so where scikit-learn says 1 it says 0.
# With three classes it is right, which hides it. Needs g++.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q scikit-learn==1.9.1 micromlgen==1.1.28
cat >"$folder/main.cpp" <<'CPP'
#include <cstdint>
#include <cstdio>
#include "model.h"
int main() {
    Eloquent::ML::Port::LogisticRegression model;
    float x[4];
    while (scanf("%f %f %f %f", x, x + 1, x + 2, x + 3) == 4) printf("%d\n", model.predict(x));
}
CPP
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import subprocess, sys
from importlib.metadata import version
import numpy as np
from micromlgen import port
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

folder, same = sys.argv[1], {}
for n_classes in (2, 3):
    X, y = make_classification(
        400, 4, n_informative=4, n_redundant=0, n_classes=n_classes, random_state=0
    )
    model = LogisticRegression().fit(X, y)
    with open(f"{folder}/model.h", "w") as file:
        file.write(port(model))
    subprocess.run(["g++", "-w", "-o", f"{folder}/main", f"{folder}/main.cpp"], check=True)
    rows = "\n".join(" ".join(f"{value:.9g}" for value in row) for row in X)
    said = subprocess.run([f"{folder}/main"], input=rows, text=True, capture_output=True, check=True)
    same[n_classes] = np.mean(np.array(said.stdout.split(), int) == model.predict(X))
    print(f"micromlgen {version('micromlgen')}, {n_classes} classes: "
          f"{same[n_classes]:.1%} of the predictions are scikit-learn's")
assert same[3] > 0.99
assert same[2] < 0.01, "mended: drop this script"
PYTHON

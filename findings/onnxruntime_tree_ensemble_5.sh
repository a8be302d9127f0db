#!/usr/bin/env bash
# onnxruntime 1.21 to 1.23 go astray in the second of two trees of a TreeEnsemble (ai.onnx.ml 5).
#
# Seen with onnxruntime 1.21.0, 1.22.1 and 1.23.2; right from 1.24.1 on. Two trees, a target each:
# a stump (43 for the row) and a tree whose first branch is a leaf (3). Both numbers go to the first
# target, 86 and 0: the second tree ends in a leaf of the first. No error and no warning. Whoever
# serves such a graph with an older runtime than it was checked with serves another model; a newer
# IR version (12) makes the older ones refuse the file.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cat > "$folder/trees.py" <<'PYTHON'
import sys

import numpy as np, onnxruntime
from onnx import TensorProto, helper, numpy_helper

def tensor(values, dtype=float):
    return numpy_helper.from_array(np.array(values, dtype=dtype), "values")

# Node 0: x0 <= -0.5 ? 14 : 43. Node 1: x1 <= 1.5 ? 3 : node 2. Node 2: x0 <= 0 ? 64 : 81.
trees = helper.make_node(
    "TreeEnsemble", ["x"], ["y"], domain="ai.onnx.ml", n_targets=2, aggregate_function=1,
    tree_roots=[0, 1], nodes_featureids=[0, 1, 0], nodes_modes=tensor([0, 0, 0], np.uint8),
    nodes_splits=tensor([-0.5, 1.5, 0.0]), nodes_truenodeids=[0, 2, 3], nodes_trueleafs=[1, 1, 1],
    nodes_falsenodeids=[1, 2, 4], nodes_falseleafs=[1, 0, 1], leaf_targetids=[0, 0, 1, 1, 1],
    leaf_weights=tensor([14, 43, 3, 64, 81]),
)
x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, 2])
y = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, 2])
opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
model = helper.make_model(
    helper.make_graph([trees], "two", [x], [y]), opset_imports=opsets, ir_version=10
)
session = onnxruntime.InferenceSession(
    model.SerializeToString(), providers=["CPUExecutionProvider"]
)
found = session.run(None, {"x": np.array([[0.1, -0.1]])})[0][0].tolist()
print(f"onnxruntime {onnxruntime.__version__}: {found}, expected [43.0, 3.0]")
assert (found == [43.0, 3.0]) == (sys.argv[1] == "right"), "changed: rewrite this script"
PYTHON
for told in 1.23.2=wrong 1.24.1=right; do
    python3 -m venv --clear "$folder/env"
    "$folder/env/bin/pip" install -q onnx==1.19.0 "onnxruntime==${told%=*}"
    "$folder/env/bin/python" "$folder/trees.py" "${told#*=}"
done

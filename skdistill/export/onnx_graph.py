"""The nodes and constants of an ONNX graph under way."""

from typing import Any

import numpy as np

__all__ = ["ML", "OPSETS", "Graph"]

ML = "ai.onnx.ml"
OPSETS = {"": 21, ML: 5}  # 5 has the TreeEnsemble in double precision
# onnxruntime before 1.24 has that TreeEnsemble, and goes astray in some trees (1.21.0, 1.22.1 and
# 1.23.2 are a third off in some rows): it refuses files of this version.
IR_VERSION = 12


class Graph:
    """Collects nodes and constants; each has the name of what it gives.

    Attributes
    ----------
    known : dict of int to str
        Names of what pieces give, by the id of the piece.
    """

    def __init__(self) -> None:
        self.known: dict[int, str] = {}
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], tuple[Any, ...]], Any] = {}

    def add(
        self, operator: str, *inputs: str, domain: str = "", unused: int = 0, **attributes: Any
    ) -> str:
        """Add a node, and return the name of what it gives first; the rest is of no use."""
        from onnx import helper

        name = f"/{operator}_{len(self._nodes)}"
        names = [name, *(f"{name}_{number}" for number in range(unused))]
        node = helper.make_node(operator, list(inputs), names, name, domain=domain, **attributes)
        self._nodes.append(node)
        return name

    def constant(self, values: Any, dtype: Any = None) -> str:
        """Return the name of a constant; the same values have one name."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(values, dtype=dtype).reshape(np.shape(values))
        key = (str(array.dtype), array.shape, tuple(array.ravel().tolist()))
        if key not in self._constants:
            name = f"/constant_{len(self._constants)}"
            self._constants[key] = numpy_helper.from_array(array, name)
        return str(self._constants[key].name)

    def finish(
        self, inputs: dict[str, tuple[Any, Any]], outputs: dict[str, tuple[Any, Any]], **said: str
    ) -> bytes:
        """Return the model's bytes.

        Parameters
        ----------
        inputs, outputs : dict of str to tuple
            Kind of number and shape of each; an output has the name of what gives it.
        **said : str
            Kept in the file as its metadata.
        """
        import onnx
        from onnx import helper

        values = [
            [helper.make_tensor_value_info(name, *each) for name, each in some.items()]
            for some in (inputs, outputs)
        ]
        graph = helper.make_graph(self._nodes, "student", *values, list(self._constants.values()))
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="skdistill"
        )
        helper.set_model_props(model, said)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())

    def rename(self, old: str, new: str) -> None:
        """Give what a node made another name, by a node that does nothing."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [old], [new], new))

"""A student in BentoML: ``bentoml serve bentoml_student:Student``."""

import bentoml
import numpy as np
import onnxruntime


@bentoml.service
class Student:
    """The ONNX file beside this one, and a way to ask it."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession("student.onnx", options)

    @bentoml.api
    def predict(self, X: list[list[float]]) -> list[list[float]]:
        """Return the probabilities of rows."""
        (p,) = self.session.run(["probabilities"], {"X": np.asarray(X, dtype=np.float64)})
        return p.tolist()

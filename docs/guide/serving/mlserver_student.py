"""A student in MLServer: ``mlserver start .``; model-settings.json names this class."""

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Student(MLModel):
    """The ONNX file beside this one, and a way to ask it."""

    async def load(self) -> bool:
        """Make the session once."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession("student.onnx", options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Return the probabilities of rows."""
        X = NumpyCodec.decode_input(payload.inputs[0])
        (p,) = self.session.run(["probabilities"], {"X": X})
        said = NumpyCodec.encode_output("probabilities", p)
        return InferenceResponse(model_name=self.name, outputs=[said])

"""Single precision in ONNX Runtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch

from napari_sciml.backends.onnx_graphs import dense_graph, patch_graph, tile_graph
from napari_sciml.backends.predictor import CHUNK, FieldScores
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise import FloatArray
from napari_sciml.networks.table_vii_dense import differences, window_spread
from napari_sciml.networks.window import CENTRE_PX, NATIVE_STRIDE


class OnnxFloat:
    """Runs the float32 variant of a model in ONNX Runtime, with as many threads as torch has."""

    backend = "float32"
    runtime = "onnxruntime"

    notes: tuple[str, ...] = ()

    def __init__(self, model: Model) -> None:
        self.model = model
        self.weights_sha256 = model.variant("float32").sha256
        self._weights = {name: tensor.detach() for name, tensor in model.build().state_dict().items()}
        self._sessions: dict[int, ort.InferenceSession] = {}

    def classify(self, images: FloatArray) -> FloatArray:
        """Label normalised images ``(n, h, w)`` of the model's size; give ``(n, classes)``."""
        chunks = [images[first : first + CHUNK, np.newaxis] for first in range(0, len(images), CHUNK)]
        answers = [np.empty((0, len(self.model.classes)), np.float32)]
        answers += [self._scores(chunk, NATIVE_STRIDE).reshape(len(chunk), -1) for chunk in chunks]
        return np.concatenate(answers)

    def field(self, tile: FloatArray, stride: int) -> FieldScores:
        """Label every `stride`-th window of a normalised field ``(h, w)``."""
        if not self.model.dense:
            raise SciMLError(
                f"The model {self.model.name} labels single patches, not a whole image",
                f"use a dense model, for example {self.model.technique}-fiber-dense",
            )
        scores = self._scores(tile[np.newaxis, np.newaxis], stride)[0]
        return FieldScores(np.ascontiguousarray(scores.transpose(1, 2, 0)), stride, CENTRE_PX)

    def close(self) -> None:
        """Free the sessions. Safe to call more than once."""
        self._sessions.clear()

    def _scores(self, pixels: FloatArray, stride: int) -> FloatArray:
        feed: dict[str, npt.NDArray[np.float32]] = {"pixels": np.ascontiguousarray(pixels)}
        if self.model.dense:
            field = torch.from_numpy(feed["pixels"])
            feed = {
                "differences": differences(field).numpy(),
                "gain": window_spread(field, stride).reciprocal().numpy(),
            }
        scores: FloatArray = self._session(stride).run(["scores"], feed)[0]
        return scores

    def _session(self, stride: int) -> ort.InferenceSession:
        if stride not in self._sessions:
            options = ort.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            options.log_severity_level = 3
            self._sessions[stride] = ort.InferenceSession(
                self._graph(stride).SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        return self._sessions[stride]

    def _graph(self, stride: int) -> onnx.ModelProto:
        match self.model.architecture:
            case "table-iv" | "table-iv-printed" as tag:
                return tile_graph(self._weights, last_relu=tag == "table-iv")
            case "table-vii":
                return patch_graph(self._weights)
            case "table-vii-dense":
                return dense_graph(self._weights, stride)
            case other:
                raise SciMLError(
                    f"The network {other} cannot run in ONNX Runtime yet", "choose the runtime torch"
                )

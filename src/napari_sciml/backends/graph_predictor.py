"""`GraphPredictor`: a network as an ONNX graph, in floating point or integers, in one of two libraries."""

from __future__ import annotations

import hashlib

import numpy as np

from napari_sciml.backends.graph_sessions import Session, open_session
from napari_sciml.backends.graphs import at_stride, statement_of, write_graph
from napari_sciml.backends.graphs.rounding import with_one_rounding
from napari_sciml.backends.predictor import FIELD_STRIDE, FieldScores, check_dense
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray


class GraphPredictor:
    """Runs a variant of a model as a graph.

    Parameters
    ----------
    model
        What to run.
    backend
        ``float32``, whose graph is written from its weights, or ``int8``, whose graph is stored.
    runtime
        ``onnxruntime`` or ``openvino``.
    graph
        A graph of integers that is not stored yet, instead of the stored one.

    Raises
    ------
    SciMLError
        If the variant is missing or damaged, or the runtime does not work here.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, model: Model, backend: str, runtime: str, graph: bytes = b"") -> None:
        self.model = model
        self.backend = backend
        self.runtime = runtime
        self.weights_sha256 = hashlib.sha256(graph).hexdigest() if graph else model.variant(backend).sha256
        self._statement = statement_of(model.architecture)
        if not graph and backend == "float32":
            graph = write_graph(model.architecture, model.build()).SerializeToString()
        graph = graph or model.variant(backend).read()
        self._graph = with_one_rounding(graph) if backend == "int8" else graph
        self._sessions: dict[int, Session] = {}
        # What does not work fails here, where another runtime can still be chosen.
        self._session(FIELD_STRIDE if model.dense else self._statement.stride)

    def classify(self, images: FloatArray) -> FloatArray:
        """Label normalised images ``(n, h, w)`` of the model's size; give ``(n, classes)``."""
        answers = np.empty((len(images), len(self.model.classes)), np.float32)
        at_once = self._statement.at_once
        for first in range(0, len(images), at_once):
            part = slice(first, first + at_once)
            scores = self._scores(images[part], self._statement.stride)
            if scores.ndim == 4:
                # A map of each image: its middle is the answer.
                scores = scores[..., scores.shape[2] // 2, scores.shape[3] // 2]
            answers[part] = scores
        return answers

    def field(self, tile: FloatArray, stride: int) -> FieldScores:
        """Label every `stride`-th window of a normalised field ``(h, w)``."""
        check_dense(self.model)
        scores = self._scores(tile[np.newaxis], stride)[0]
        return FieldScores(np.ascontiguousarray(scores.transpose(1, 2, 0)), stride, self._statement.centre_px)

    def close(self) -> None:
        """Free the sessions. Safe to call more than once."""
        self._sessions.clear()

    def _scores(self, images: FloatArray, stride: int) -> FloatArray:
        feed = self._statement.feed(images, stride)
        scores = self._session(stride).run(feed)
        return self._statement.trim(scores, images.shape, stride)

    def _session(self, stride: int) -> Session:
        if stride not in self._sessions:
            graph = at_stride(self.model.architecture, self._graph, stride)
            self._sessions[stride] = open_session(self.runtime, graph)
        return self._sessions[stride]

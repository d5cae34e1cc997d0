"""Every network as an ONNX graph, written from its torch module."""

from __future__ import annotations

from napari_sciml.backends.graphs.graph_writers import Statement, at_stride, statement_of, write_graph

__all__ = ["Statement", "at_stride", "statement_of", "write_graph"]

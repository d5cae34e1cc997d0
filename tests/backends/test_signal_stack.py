"""Ctrl-C still works after a runtime has come and gone."""

from __future__ import annotations

import ctypes
import signal
import sys

import numpy as np
import pytest

from napari_sciml.backends import open_predictor
from napari_sciml.backends.runtimes import installed
from napari_sciml.backends.signal_stack import Stack


def pointer() -> int | None:
    found = Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(found))
    return found.pointer


@pytest.mark.skipif(sys.platform != "linux", reason="only seen on Linux")
@pytest.mark.parametrize("runtime", ["torch", "onnxruntime", "openvino"])
def test_signals_are_handled_where_they_were(random_dense_model, runtime):
    if not installed(runtime):
        pytest.skip("the optional extra fast is not installed")
    before = pointer()
    predictor = open_predictor(random_dense_model, runtime=runtime)
    predictor.field(np.random.default_rng(0).normal(size=(52, 47)).astype(np.float32), 1)
    predictor.close()
    del predictor
    assert pointer() == before
    pressed: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert pressed == [signal.SIGINT]

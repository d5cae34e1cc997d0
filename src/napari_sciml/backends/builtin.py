"""The backends that come with the program."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from napari_sciml.backends.runtimes import GRAPH_RUNTIMES, no_graph_runtime
from napari_sciml.backends.spec import BackendSpec
from napari_sciml.core.backend_options import CodebookOptions, RuntimeOptions


class FloatOptions(RuntimeOptions):
    """Options of floating point."""

    backend: Literal["float32"] = "float32"


class LowBitOptions(CodebookOptions):
    """Options of low-bit networks."""

    backend: Literal["codebook"] = "codebook"


class IntegerOptions(RuntimeOptions):
    """Options of integers."""

    backend: Literal["int8"] = "int8"


Options = Annotated[FloatOptions | LowBitOptions | IntegerOptions, Field(discriminator="backend")]
"""What computes, as one value: the tag `backend` says which branch it is."""

FLOAT32 = BackendSpec(
    name="float32",
    title="float32",
    options=FloatOptions,
    # A multiplication, 3.7 pJ, and an addition, 0.9 pJ, of 32 bit floating point.
    picojoules=4.6,
    runtimes=("torch", *GRAPH_RUNTIMES),
    predictor="napari_sciml.backends.opening:exact_network",
    nearest="napari_sciml.backends.fallback:nearest_float",
)

CODEBOOK = BackendSpec(
    name="codebook",
    title="low-bit (codebook)",
    short="low-bit",
    options=LowBitOptions,
    variant="codebook",
    runtimes=("torch",),
    predictor="napari_sciml.backends.opening:exact_low_bit",
    nearest="napari_sciml.backends.fallback:nearest_low_bit",
    use_text="napari_sciml.app.base.backend_choices:codebook_use_text",
    # Low-bit weights need only additions: the inputs of each level are added up before one multiplication
    # by it, which is left out here. The simulation in torch does not work like that.
    picojoules=0.9,
)

INT8 = BackendSpec(
    name="int8",
    title="integers (int8)",
    short="int8",
    options=IntegerOptions,
    variant="int8",
    runtimes=GRAPH_RUNTIMES,
    predictor="napari_sciml.backends.opening:exact_network",
    nearest="napari_sciml.backends.fallback:nearest_integers",
    needs='ONNX Runtime or OpenVINO (pip install "napari-sciml[fast]"); without one, float32 runs instead',
    missing=no_graph_runtime,
    use_text="napari_sciml.app.base.backend_choices:integer_use_text",
    scores_within=0.03,
    # A multiplication of 8 bit, 0.2 pJ, and an addition of 32 bit integers, 0.1 pJ.
    picojoules=0.3,
    integers=True,
)

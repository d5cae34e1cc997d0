#!/usr/bin/env bash
# The guess: the mean along the last axis of images (8, 16, 24), times a row of 16 numbers, gives in OpenVINO what
# it gives in ONNX Runtime and numpy, to rounding: two ordinary operators of a valid graph.
# What happens: all of image i is multiplied by number i of the row (keepdims=0), without a warning or an error.
# A Clip or ReLU between the two changes nothing. It is right with Max between them, or if the mean is an input.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet "openvino==2026.4.1" "onnx==1.23.2" "onnxruntime==1.32.0" "numpy==2.4.6"
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import helper, numpy_helper

print("openvino", openvino.__version__, "onnxruntime", onnxruntime.__version__)
rng = np.random.default_rng(0)
row = rng.uniform(0.1, 3, 16).astype(np.float32)
images = rng.uniform(0, 10, (8, 16, 24)).astype(np.float32)


def graph(*between, mean=True):
    nodes, last = [], "x"
    if mean:
        nodes.append(helper.make_node("ReduceMean", ["x"], ["m"], axes=[-1], keepdims=0))
        last = "m"
    for operator in between:
        inputs = [last] if operator == "Relu" else [last, "least"]
        nodes.append(helper.make_node(operator, inputs, ["c"]))
        last = "c"
    nodes.append(helper.make_node("Mul", [last, "row"], ["y"]))
    constants = [numpy_helper.from_array(row, "row"), numpy_helper.from_array(np.float32(0.1), "least")]
    shape = [16, 24] if mean else [16]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, ["n", *shape])],
        [helper.make_tensor_value_info("y", 1, ["n", 16])],
        constants if len(nodes) > 1 + mean and "Relu" not in between else constants[:1],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def both(content, pixels):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(content, b""), "CPU", settings)
    return session.run(None, {"x": pixels})[0], compiled(pixels)[0]


mean = images.mean(axis=-1)
wanted, swapped = mean * row, mean * row[: len(mean), None]
for between, wrong in (((), True), (("Clip",), True), (("Relu",), True), (("Max",), False)):
    ort, ov = both(graph(*between), images)
    right, by_image = (bool(np.allclose(ov, values, rtol=1e-4)) for values in (wanted, swapped))
    print("mean,", *between, "times row: right", right, "- image i times number i", by_image)
    assert np.allclose(ort, wanted, rtol=1e-4)
    assert (right, by_image) == (not wrong, wrong)
ort, ov = both(graph(mean=False), mean)
print("times row alone: right", bool(np.allclose(ov, wanted, rtol=1e-4)))
assert np.allclose(ov, wanted, rtol=1e-4)
PYTHON

#!/usr/bin/env bash
# The guess: a module that works through its batch in parts (torch.split), exported with torch.onnx.export and
# dynamic_shapes for the batch, serves any batch; or the export refuses; or the graph fails for a batch that
# does not fit.
# What happens: the number of parts is that of the example. A batch of 40 gives 32 answers, without a warning
# or an error, although input and output of the graph both say "n". A batch of 8 fails.
# (The processor-only torch is tried first; the usual one, which is large, does the same.)
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
others=("onnxscript==0.7.2" "onnx==1.23.2" "onnxruntime==1.32.0" "numpy==2.4.6")
"$place/venv/bin/pip" install --quiet "torch==2.13.0+cpu" "${others[@]}" ||
    "$place/venv/bin/pip" install --quiet "torch==2.13.0" "${others[@]}"
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import onnxruntime
import torch


class InParts(torch.nn.Module):
    def forward(self, x):
        return torch.cat([part * 2 for part in torch.split(x, 8)])


print("torch", torch.__version__)
network, seen = InParts().eval(), torch.zeros(32, 3)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    program = torch.onnx.export(
        network, (seen,), input_names=["x"], dynamic_shapes=({0: "n"},), dynamo=True, verbose=False
    )
print("warnings:", [str(each.message) for each in caught])
assert not any("split" in str(each.message) or "32" in str(each.message) for each in caught)
graph = program.model_proto.graph
names = [value.type.tensor_type.shape.dim[0].dim_param for value in (graph.input[0], graph.output[0])]
print("batch of input and output:", names)
assert names == ["n", "n"]
session = onnxruntime.InferenceSession(
    program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"]
)
for rows, expected in ((26, 26), (32, 32), (40, 32), (64, 32)):
    pixels = np.ones((rows, 3), np.float32)
    in_torch = len(network(torch.from_numpy(pixels)))
    in_graph = len(session.run(None, {"x": pixels})[0])
    print(f"{rows} rows in: torch gives {in_torch}, the graph {in_graph}")
    assert (in_torch, in_graph) == (rows, expected)
try:
    session.run(None, {"x": np.ones((8, 3), np.float32)})
except Exception as error:
    print("8 rows in:", type(error).__name__)
else:
    raise SystemExit("a batch of 8 works now")
PYTHON

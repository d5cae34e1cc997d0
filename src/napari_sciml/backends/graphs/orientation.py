"""The network of the views as an ONNX graph: rings, shifts, correlation around the circle, trust."""

from __future__ import annotations

import onnx
import torch
from torch import Tensor

from napari_sciml.backends.graphs.builder import Graph
from napari_sciml.networks.ours.orientation import (
    CLASS_COUNT,
    EVEN,
    FAINT,
    FILTER_SCALE,
    GROUPS,
    HALF,
    ORDERS,
    RINGS,
    OrientationNet,
)


def orientation_net(net: OrientationNet) -> onnx.ModelProto:
    """Write the network of the views. Input ``pixels`` ``(n, 1, 64, 64)``; output ``scores`` ``(n, 84)``."""
    g = Circles()
    real, imaginary = g.rings(net, g.input("pixels", "n", 1, 64, 64))
    square = g.calc("Add", g.add("Mul", real, real), g.add("Mul", imaginary, imaginary))
    # Max, not Clip, after which OpenVINO 2026.4 divides by the wrong ones of the numbers.
    power = g.calc("Max", g.add("ReduceMean", square, axes=[-1], keepdims=0), 1e-8)
    relative = g.calc("Div", power, net.white)
    reading = g.calc("Sub", g.add("Log", relative), net.ring_mean)
    weights = g.layers(reading, net.weigh)
    louder, quieter, scale = g.split(weights, RINGS, RINGS, 1)
    energy = net.filters.square().sum((0, 1)) * (2 / HALF / FILTER_SCALE**2)
    level = g.add("Sqrt", g.calc("MatMul", relative, energy.mean(1, keepdim=True)))
    gain = g.calc("Div", g.calc("Mul", g.calc("Add", louder, 1.0), g.add("Exp", scale)), level)
    score = g.around(net, *g.moved(net, real, imaginary, g.shape(gain, -1, 1, RINGS, 1)))
    evidence = g.calc("Add", g.pooled(score), net.bias)
    evidence = g.calc("Sub", evidence, g.calc("MatMul", quieter, energy))
    best = g.add("ReduceMax", evidence, axes=[1])
    centred = g.calc("Sub", evidence, g.add("ReduceMean", evidence, axes=[1]))
    variance = g.calc("Div", g.add("ReduceSumSquare", centred, axes=[1]), CLASS_COUNT - 1.0)
    facts = [
        g.calc("Div", best, 30.0),
        # Not ReduceLogSumExp, which overflows where a runtime takes its name literally.
        g.add("Log", g.add("ReduceSum", g.add("Exp", g.calc("Sub", evidence, best)), g.constant([1]))),
        g.calc("Div", g.add("Sqrt", variance), 10.0),
        g.add("Log", g.calc("Max", best, 1.0)),
        g.split(quieter, RINGS - 1, 1)[1],
    ]
    trust = g.add("Softplus", g.layers(g.concat(reading, *facts), net.trust))
    return g.model(g.calc("Mul", centred, g.calc("Div", trust, net.temperature)), "n", CLASS_COUNT)


class Circles(Graph):
    """A graph with the steps of the network of the views."""

    def calc(self, op: str, left: str, right: str | float | Tensor, name: str = "") -> str:
        """Add an operator of two inputs, the second of which may be numbers."""
        if isinstance(right, float):
            right = torch.tensor(right)
        return self.add(op, left, right if isinstance(right, str) else self.constant(right), name=name)

    def shape(self, x: str, *shape: int) -> str:
        """Return another shape."""
        return self.add("Reshape", x, self.constant(list(shape)))

    def split(self, x: str, *sizes: int) -> list[str]:
        """Cut along axis 1."""
        ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
        return [
            self.add("Slice", x, *(self.constant([n]) for n in (end - size, end, 1)))
            for size, end in zip(sizes, ends, strict=True)
        ]

    def rings(self, net: OrientationNet, images: str) -> list[str]:
        """Return real and imaginary parts ``(n, rings, 24)`` on half circles."""
        flat = self.add("Flatten", images)
        near, far = (
            self.add("Gather", flat, self.constant(places), axis=1) for places in (net.pixels, net.mirrored)
        )
        return [
            self.shape(self.calc("MatMul", self.calc(op, near, far), table, name), -1, RINGS, HALF)
            for op, table, name in (("Add", net.cosines, "cosines"), ("Sub", net.sines, "sines"))
        ]

    def moved(self, net: OrientationNet, real: str, imaginary: str, gain: str) -> tuple[str, str]:
        """Weigh the rings and shift the image to every place: ``(n, places, rings, 24)``."""
        real, imaginary = (
            self.calc("Mul", self.shape(part, -1, 1, RINGS, HALF), gain) for part in (real, imaginary)
        )
        cosine, sine = (self.constant(table) for table in net.ramp)
        return (
            self.calc("Sub", self.calc("Mul", real, cosine), self.calc("Mul", imaginary, sine)),
            self.calc("Add", self.calc("Mul", real, sine), self.calc("Mul", imaginary, cosine)),
        )

    def around(self, net: OrientationNet, real: str, imaginary: str) -> str:
        """Correlate with every filter at every angle; give ``(12, n, places, 84)``.

        The real part has the even orders, the imaginary part the odd ones.
        """
        filters = net.filters.detach() / FILTER_SCALE
        # The product of an image with a filter, and of the image a quarter turn of phase further.
        both = torch.stack([filters.flatten(1, 2), torch.cat([-filters[:, 1], filters[:, 0]], dim=1)])
        halves = []
        for name, part, columns, back in (
            ("even", real, slice(EVEN), net.back_even),
            ("odd", imaginary, slice(EVEN, None), net.back_odd),
        ):
            orders = len(range(ORDERS)[columns])
            circle = torch.cat(list(net.circle[:, :, columns]), dim=1)
            x = self.calc("MatMul", part, circle, f"circle_{name}")
            x = self.shape(x, -1, RINGS, 2, orders)
            # (n * places, rings, parts, orders) -> (orders, n * places, parts * rings)
            x = self.shape(self.add("Transpose", x, perm=[3, 0, 2, 1]), orders, -1, 2 * RINGS)
            x = self.calc("MatMul", x, both[:, columns].contiguous(), f"filters_{name}")
            x = self.shape(x, 2 * orders, -1)
            halves.append(self.add("MatMul", self.constant(back), x, name=f"back_{name}"))
        places, group = net.ramp.shape[1], len(net.back_even) * 2 // GROUPS
        turned = [
            self.add(
                "ReduceMax",
                self.shape(self.add(op, *halves), GROUPS // 2, group, -1),
                axes=[1],
                keepdims=0,
            )
            for op in ("Add", "Sub")
        ]
        return self.shape(self.concat(*turned, axis=0), GROUPS, -1, places, CLASS_COUNT)

    def pooled(self, score: str) -> str:
        """Return the log-sum-exp over angles and places, ``(n, 84)``."""
        highest = self.add("ReduceMax", score, axes=[0, 2])
        sunk = self.add("Exp", self.calc("Max", self.calc("Sub", score, highest), FAINT))
        total = self.add("Log", self.add("ReduceSum", sunk, self.constant([0, 2]), keepdims=0))
        return self.calc("Add", total, self.shape(highest, -1, CLASS_COUNT))

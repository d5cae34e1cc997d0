"""The network that names the view of a picked particle, whatever way it is turned in the plane.

Turning an image turns its Fourier transform, and shifting it turns phases. So the image is taken to rings of
its Fourier transform, shifted to a few places, and each ring convolved around the circle with one learned
filter for each view; what is pooled over all angles and places, as log-sum-exp, is the evidence for a view.
The filters start as the projections of the map, so that learning begins near the matched filter; it then
learns what one view's images have in common within its cell of directions, and what sets views apart. A small
network reads how strong each ring is, and weighs the rings for the noise and the CTF of this very image;
another one reads how good the best answer is, and holds back where there may be no particle at all.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SIZE_PX = 64
"""Edge of the box in pixels."""
CLASS_COUNT = 84
"""Views that are told apart."""
RINGS = 16
"""Rings of the Fourier transform, 1 to 16 periods in the box; set by hand."""
ANGLES = 48
"""Samples around a ring, every 7.5 degrees; set by hand."""
SHIFTS_PX = (-2.4, -1.2, 0.0, 1.2, 2.4)
"""Shifts along each axis, in pixels, at which a particle is compared; set by hand."""
COARSE_PX = (-2.4, -0.8, 0.8, 2.4)
"""The same where speed counts."""
TURNS, COARSE_TURNS = 96, 48
"""In-plane angles that are compared: when used, and while learning, where fewer save time."""
EDGE_PX = (26.0, 31.0)
"""Radii in pixels between which the image fades out: 32 is the edge of the box."""
FILTER_SCALE = 40.0
"""Filters are learned at about size 1, so that steps of usual length fit them."""
HALF = ANGLES // 2
"""Angles on half a circle of Fourier space; the other half follows from it."""
ORDERS = HALF + 1
"""Angular frequencies 0 to 24, the even ones first."""
EVEN = HALF // 2 + 1
"""How many of the orders on a circle are even."""
GROUPS = 12
"""Groups of neighbouring in-plane angles, of which the best stands for all; set by hand, to save memory."""
AT_ONCE = 8
"""Images that are compared at once where nothing is learned: what they need fits into a processor's cache."""
FAINT = -25.0
"""Evidence, as a natural logarithm, below which it is as good as none (1e-11) and would only cost time."""


class OrientationNet(nn.Module):
    """Input ``(n, 1, 64, 64)``, normalised; output ``(n, 84)`` logits; 10 million multiply-adds.

    Parameters
    ----------
    coarse
        Compare fewer angles and shifts; the weights are the same.
    """

    cosines: Tensor
    sines: Tensor
    white: Tensor
    pixels: Tensor
    mirrored: Tensor
    ramp: Tensor
    circle: Tensor
    back_even: Tensor
    back_odd: Tensor
    ring_mean: Tensor
    temperature: Tensor

    def __init__(self, coarse: bool = False) -> None:
        super().__init__()
        self._place_rings(COARSE_PX if coarse else SHIFTS_PX)
        self._turns = COARSE_TURNS if coarse else TURNS
        self._place_circle()
        self.filters = nn.Parameter(torch.randn(ORDERS, 2, RINGS, CLASS_COUNT))
        self.register_buffer("ring_mean", torch.zeros(RINGS))
        self.weigh = nn.Sequential(nn.Linear(RINGS, 64), nn.ReLU(), nn.Linear(64, 2 * RINGS + 1))
        self.trust = nn.Sequential(nn.Linear(RINGS + 5, 48), nn.ReLU(), nn.Linear(48, 1))
        self.bias = nn.Parameter(torch.zeros(CLASS_COUNT))
        for layers, start in ((self.weigh, math.log(5.0)), (self.trust, math.log(math.e - 1))):
            last = layers[2]
            assert isinstance(last, nn.Linear)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            with torch.no_grad():
                last.bias[-1] = start
        self.register_buffer("temperature", torch.ones(()))

    def _place_rings(self, shifts_px: tuple[float, ...]) -> None:
        """Prepare the transform to rings: half of all pixels, half of all angles."""
        ticks = torch.arange(SIZE_PX) - SIZE_PX // 2
        y, x = torch.meshgrid(ticks, ticks, indexing="ij")
        radius = torch.hypot(y.double(), x.double())
        half = (radius < EDGE_PX[1]) & ((y > 0) | ((y == 0) & (x > 0)))
        fade = ((EDGE_PX[1] - radius[half]) / (EDGE_PX[1] - EDGE_PX[0])).clamp(0, 1)
        window = (1 - torch.cos(math.pi * fade)) / 2
        y, x = y[half], x[half]
        pixels = (y + 32) * SIZE_PX + x + 32
        mirrored = (32 - y) * SIZE_PX + 32 - x
        angle = torch.arange(HALF, dtype=torch.float64) * math.pi / HALF
        ring = torch.arange(1, RINGS + 1, dtype=torch.float64)
        kx, ky = torch.outer(ring, angle.cos()), torch.outer(ring, angle.sin())
        phase = 2 * math.pi / SIZE_PX * (torch.outer(x, kx.ravel()) + torch.outer(y, ky.ravel()))
        # The measure of a ring is its circumference; the scale keeps the norm of an image.
        scale = (ring * 2 * math.pi / ANGLES).sqrt().repeat_interleave(HALF) * math.sqrt(2) / SIZE_PX
        white = scale[::HALF].square() * (2 * window.square().sum() + 1)
        self.register_buffer("white", white.float(), persistent=False)
        self.register_buffer("pixels", pixels, persistent=False)
        self.register_buffer("mirrored", mirrored, persistent=False)
        for name, values in (("cosines", phase.cos()), ("sines", -phase.sin())):
            table = window[:, None] * values * scale
            self.register_buffer(name, table.float(), persistent=False)
        places = torch.tensor([(dy, dx) for dy in shifts_px for dx in shifts_px], dtype=torch.float64)
        turn = 2 * math.pi / SIZE_PX * (places[:, :1, None] * ky + places[:, 1:, None] * kx)
        self.register_buffer("ramp", torch.stack([turn.cos(), turn.sin()]).float(), persistent=False)

    def _place_circle(self) -> None:
        """Prepare the transform along the angle and its inverse.

        The real part of a ring repeats after half a turn and has the even orders, the imaginary part changes
        its sign and has the odd ones.
        """
        angle = torch.arange(HALF, dtype=torch.float64) * math.pi / HALF
        order = torch.cat([torch.arange(0, ORDERS, 2), torch.arange(1, ORDERS, 2)]).double()
        phase = torch.outer(angle, order)
        circle = torch.stack([phase.cos(), -phase.sin()])
        self.register_buffer("circle", circle.float(), persistent=False)
        turns = torch.arange(self._turns // 2, dtype=torch.float64) * 2 * math.pi / self._turns
        phase = torch.outer(turns, order)
        weight = torch.full((ORDERS,), 2.0 / HALF, dtype=torch.float64)
        weight[(order == 0) | (order == HALF)] = 1.0 / HALF
        # Rows: angles of half a turn. Columns: real parts, then imaginary parts.
        for name, part in (("back_even", slice(EVEN)), ("back_odd", slice(EVEN, None))):
            columns = torch.cat([(phase.cos() * weight)[:, part], (-phase.sin() * weight)[:, part]], dim=1)
            self.register_buffer(name, columns.float().contiguous(), persistent=False)

    def rings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return real and imaginary parts ``(n, rings, 24)`` on half circles."""
        flat = images.flatten(1)
        near, far = flat[:, self.pixels], flat[:, self.mirrored]
        shape = (len(flat), RINGS, HALF)
        return ((near + far) @ self.cosines).view(shape), ((near - far) @ self.sines).view(shape)

    def orders(self, real: Tensor, imaginary: Tensor) -> tuple[Tensor, Tensor]:
        """Transform ``(..., 24)`` along the angle; give real and imaginary parts ``(..., 25)``."""
        cosine, minus_sine = (
            torch.cat([real @ part[:, :EVEN], imaginary @ part[:, EVEN:]], dim=-1) for part in self.circle
        )
        return cosine, minus_sine

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of each image."""
        if not torch.is_grad_enabled() and len(images) > AT_ONCE:
            return torch.cat([self._logits(part) for part in torch.split(images, AT_ONCE)])
        return self._logits(images)

    def _logits(self, images: Tensor) -> Tensor:
        real, imaginary = self.rings(images)
        power = (real.float().square() + imaginary.float().square()).mean(-1).clamp_min(1e-8)
        reading = (power / self.white).log() - self.ring_mean
        weights, scale = torch.split(self.weigh(reading).float(), [2 * RINGS, 1], dim=1)
        # The energies of the filters in each ring, and what pure noise as strong as this image would score.
        energy = self.filters.square().sum((0, 1)) * (2 / HALF / FILTER_SCALE**2)
        level = (power / self.white @ energy.mean(1, keepdim=True)).sqrt()
        gain = ((1 + weights[:, :RINGS]) * scale.exp() / level)[:, None, :, None]
        cosine, sine = self.ramp
        real, imaginary = real[:, None], imaginary[:, None]
        moved = (gain * (real * cosine - imaginary * sine), gain * (real * sine + imaginary * cosine))
        left, right = self.orders(*moved)
        score = self.around(left, right)
        evidence = pooled(score) + self.bias - weights[:, RINGS:] @ energy
        best = evidence.amax(1, keepdim=True)
        whole = evidence.logsumexp(1, keepdim=True)
        spread = evidence.std(1, keepdim=True)
        level = torch.cat(
            [best / 30, (whole - best), spread / 10, best.clamp_min(1).log(), weights[:, -1:]], 1
        )
        trust = nn.functional.softplus(self.trust(torch.cat([reading, level], 1)).float())
        logits: Tensor = (evidence - evidence.mean(1, keepdim=True)) * trust / self.temperature
        return logits

    def around(self, left: Tensor, right: Tensor) -> Tensor:
        """Correlate with every filter at every angle; give ``(angle groups, n, places, 84)``."""
        count, places = left.shape[:2]
        parts = [part.permute(3, 0, 1, 2).reshape(ORDERS, count * places, RINGS) for part in (left, right)]
        first = torch.cat(parts, dim=2)
        second = torch.cat([parts[1], -parts[0]], dim=2)
        filters = self.filters.reshape(ORDERS, 2 * RINGS, CLASS_COUNT) / FILTER_SCALE
        even, odd = (
            back @ torch.cat([first[part] @ filters[part], second[part] @ filters[part]]).flatten(1)
            for back, part in ((self.back_even, slice(EVEN)), (self.back_odd, slice(EVEN, None)))
        )
        # Half a turn further, the odd orders have the other sign. Neighbouring angles say nearly the same,
        # so the best of each few stands for them.
        group = self._turns // GROUPS
        shape = (GROUPS // 2, group, count, places, CLASS_COUNT)
        turned = [half.view(shape).amax(1) for half in (even + odd, even - odd)]
        return torch.cat(turned).float()

    @torch.no_grad()
    def start_from(self, images: Tensor, labels: Tensor) -> None:
        """Take as filters the mean of the images ``(n, 64, 64)`` of each view, each of length 1.

        Parameters
        ----------
        labels
            The view of each image, 0 to 83; every one must occur.
        """
        means = torch.stack([images[labels == view].float().mean(0) for view in range(CLASS_COUNT)])
        rings = self.rings(means)
        length = sum((part.square().sum((1, 2)) for part in rings), torch.zeros(())).sqrt()
        # (parts, views, rings, orders) -> (orders, parts, rings, views)
        table = torch.stack(self.orders(*rings)).permute(3, 0, 2, 1)
        self.filters.copy_(table / length * FILTER_SCALE)


def pooled(score: Tensor) -> Tensor:
    """Return the log-sum-exp of ``(groups, n, places, 84)`` over groups and places."""
    highest = score.detach().amax(0).amax(1)
    sunk = (score - highest[:, None]).clamp_min(FAINT).exp()
    return sunk.sum(0).sum(1).log() + highest

"""Indices of a few bits each, without gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]


def pack(indices: ByteArray, bits: int) -> ByteArray:
    """Return ``ceil(n bits / 8)`` bytes that hold `indices`, lowest bit first; none for 0 bits."""
    planes = (indices.ravel()[:, np.newaxis] >> np.arange(bits, dtype=np.uint8)) & 1
    return np.packbits(planes.astype(np.uint8), bitorder="little")


def unpack(packed: ByteArray, bits: int, count: int) -> ByteArray:
    """Return back `count` indices."""
    planes = np.unpackbits(packed, count=count * bits, bitorder="little").reshape(count, bits)
    indices: ByteArray = (planes << np.arange(bits, dtype=np.uint8)).sum(axis=1, dtype=np.uint8)
    return indices

"""`Metered`: a predictor that is watched: how long it took, how much it did, how near float32 it came."""

from __future__ import annotations

import time

from napari_sciml.backends.answer_sample import Sample
from napari_sciml.backends.energy import energy_mj, multiply_adds
from napari_sciml.backends.float32_agreement import Corner, Pair, compare, corner_of
from napari_sciml.backends.predictor import FieldScores, Predictor
from napari_sciml.backends.registry import BACKENDS
from napari_sciml.core.provenance import NetworkRecord
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray

MOST_IMAGES, MOST_FIELDS = 256, 2
"""Images and fields of a run that are compared with float32 afterwards: an interval of 0.06, and seconds."""


class Metered:
    """Passes everything on to a predictor and keeps the time.

    Parameters
    ----------
    inner
        What does the work.
    notes
        Warnings besides the notes of `inner`.
    choice
        Why this runtime.
    """

    def __init__(self, inner: Predictor, notes: tuple[str, ...] = (), choice: str = "") -> None:
        self.inner = inner
        self.model: Model = inner.model
        self.backend = inner.backend
        self.runtime = inner.runtime
        self.weights_sha256 = inner.weights_sha256
        self.notes = (*notes, *inner.notes)
        self.choice = choice
        self.seconds = 0.0
        self.multiply_adds = 0.0
        self._images: Sample[Pair] = Sample(MOST_IMAGES)
        self._corners: Sample[Corner] = Sample(MOST_FIELDS)

    @property
    def exact(self) -> bool:
        """Whether this is float32 in torch itself, so that there is nothing to compare."""
        return self.backend == "float32" and self.runtime == "torch"

    def classify(self, images: FloatArray) -> FloatArray:
        """Label normalised images ``(n, h, w)`` of the model's size; give ``(n, classes)``."""
        start = time.perf_counter()
        answers = self.inner.classify(images)
        self.seconds += time.perf_counter() - start
        self.multiply_adds += len(images) * multiply_adds(self.model.architecture, *images.shape[1:])
        if not self.exact:
            for image, answer in zip(images, answers, strict=True):
                if self._images.wants():
                    self._images.keep((image.copy(), answer.copy()))
        return answers

    def field(self, tile: FloatArray, stride: int) -> FieldScores:
        """Label every `stride`-th window of a normalised field ``(h, w)``."""
        start = time.perf_counter()
        result = self.inner.field(tile, stride)
        self.seconds += time.perf_counter() - start
        self.multiply_adds += multiply_adds(self.model.architecture, *tile.shape, stride)
        if not self.exact and self._corners.wants():
            self._corners.keep(corner_of(tile, result))
        return result

    def close(self) -> None:
        """Free what the predictor holds; what was measured stays."""
        self.inner.close()

    def record(self, run_seconds: float) -> NetworkRecord:
        """Return what the network cost; a few answers are compared with float32, for up to 3 % of the run."""
        near = compare(self.model, self._images.kept, self._corners.kept, run_seconds)
        return NetworkRecord(
            label=str(getattr(self.inner, "label", self.backend)),
            milliseconds=self.seconds * 1e3,
            model_bytes=self._size(),
            float_bytes=self.model.variant("float32").size_bytes,
            multiply_adds=self.multiply_adds,
            energy_mJ=energy_mj(self.model.architecture, self.backend, self.multiply_adds),
            compared=len(near.same),
            agreement=near.agreement,
            unusual=int(near.unusual.sum()),
            unusual_agreement=near.unusual_agreement,
            difference=near.difference if len(near.same) else None,
            choice=self.choice,
        )

    def _size(self) -> int:
        spec = BACKENDS.specs().get(self.backend)
        kind = self.backend if spec is None else spec.variant
        for variant in self.model.variants:
            if variant.kind == kind and variant.sha256 == self.weights_sha256:
                return variant.size_bytes
        # Quantised just now, or read from a file elsewhere.
        from napari_sciml.backends.codebook import CodebookTorch
        from napari_sciml.networks.codebook.file import to_bytes

        return len(to_bytes(self.inner.constrained)) if isinstance(self.inner, CodebookTorch) else 0

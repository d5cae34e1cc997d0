"""`CryoEM`: pick particles in micrographs; on request sort them into views and build a first 3-D map."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor, check_backend, open_for, recorded
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.examples import Examples
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.cut import centre_windows
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.files import write
from napari_sciml.techniques.cryoem.input_checks import file_cautions, refuse_movie
from napari_sciml.techniques.cryoem.pace import PACE, estimate_memory_gb, megapixels
from napari_sciml.techniques.cryoem.scale import pick_scale, with_known
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.techniques.cryoem.spec import SPEC
from napari_sciml.techniques.cryoem.tables import DARKER, LIGHTER, MAIN, decide

POSITIVE = "particle"
MASK = "mask"

Opener = Callable[[Model, RunSettings], Predictor]


@dataclass(frozen=True)
class CryoEM:
    """Finds the particles of micrographs, from their diameter alone.

    Attributes
    ----------
    opener
        Gives the predictor for a model and settings.
    """

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[CryoEMSettings]] = CryoEMSettings
    context_type: ClassVar[type[CryoEMContext]] = CryoEMContext
    models: ClassVar[tuple[str, ...]] = ("cryoem-picker",)
    apart: ClassVar[bool] = True

    opener: Opener = field(default=open_for, repr=False)

    def accepts(self, source: ImageSource) -> str:
        """Say why this source cannot be used at all, or give an empty string. Reads no pixels."""
        if source.ndim > 3:
            return f"{source.name} has {source.ndim} dimensions. Choose one micrograph or a series of them."
        if min(frame_shape(source)) < 32:
            rows, columns = frame_shape(source)
            return f"{source.name} has {rows} x {columns} px. Choose a micrograph of at least 32 x 32 px."
        return ""

    def model(self, settings: CryoEMSettings) -> Model:
        """Give the picker that a run with these settings uses.

        Raises
        ------
        SciMLError
            If it is not there, or does not label particles in a field.
        """
        model = get_model(settings.model or self.models[0])
        if not model.dense or POSITIVE not in model.classes:
            raise SciMLError(
                f"The model {model.name} cannot pick particles",
                f"choose {self.models[0]} or a model trained from it; to sort into views, give "
                "orientation_model instead",
            )
        return model

    def prepare(self, model: Model, images: npt.NDArray[Any], settings: CryoEMSettings) -> npt.NDArray[Any]:
        """Bring raw images ``(n, h, w)`` to what a model labels.

        For the picker: shrunk as the diameter says, or taken as they are without one; particles bright;
        the window around the middle. For an orientation model: of its size, as they are.
        """
        if not model.dense:
            return centre_windows(model, images)
        from napari_sciml.techniques.cryoem.picking.network import centred
        from napari_sciml.techniques.cryoem.picking.shrink import shrink

        if min(images.shape[1:]) < 16:
            raise SciMLError(
                f"The images are {images.shape[1]} x {images.shape[2]} px, but {model.name} labels at least "
                "16 x 16 px",
                "cut larger windows",
            )
        source = ImageSource.from_array(images) if len(images) else None
        bright = settings.contrast == "light"
        if source is None or (settings.particle_diameter_px is None and settings.particle_diameter_A is None):
            signed = images.astype(np.float32) if bright else -images.astype(np.float32)
            return centred(signed)
        factor = pick_scale(source, settings).downsampling
        return centred(np.stack([shrink(image, factor, bright).image for image in images]))

    def examples(self, model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
        """Make training images of `model` again, normalised, by the same simulation.

        Raises
        ------
        SciMLError
            If its card does not tell how they were made.
        """
        from napari_sciml.techniques.cryoem.examples import examples

        return examples(model, count, seed)

    def plan(self, source: ImageSource, settings: CryoEMSettings) -> RunPlan:
        """Say what a run would cost, or why it cannot start. Reads no pixels and imports no torch."""
        try:
            model = self.model(settings)
            check_backend(model, settings)
            if reason := self.accepts(source):
                return RunPlan(problem=reason)
            scale = pick_scale(source, settings)
        except SciMLError as error:
            return RunPlan(problem=error.sentence)
        count, shape = frame_count(source), frame_shape(source)
        return RunPlan(
            tiles=count,
            what="micrographs",
            seconds=PACE.estimate(count, *megapixels(source, scale)),
            memory_gb=estimate_memory_gb(source, scale),
            normalisation=model.rule.sentence,
            notes=(
                f"{count} micrograph{'' if count == 1 else 's'} of {shape[0]} x {shape[1]} px",
                *scale.sentences,
            ),
        )

    def run(
        self, source: ImageSource, settings: CryoEMSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Yield progress by micrographs and return the findings; partial ones if `cancel` was raised.

        Raises
        ------
        SciMLError
            If the run cannot start, or not one micrograph could be used.
        """
        from napari_sciml.techniques.cryoem.picking.search import LOWEST_FLOOR, MicrographSearch, gather

        if reason := self.accepts(source):
            raise SciMLError(reason)
        refuse_movie(source)
        cancel = cancel or CancelToken()
        settings = with_known(source, settings)
        scale = pick_scale(source, settings)
        model = self.model(settings)
        from napari_sciml.techniques.cryoem.orient import basis_of, sort_and_build, unused

        # What cannot be used is told now, not after hours of picking.
        basis = basis_of(source, scale, settings) if settings.views != "none" else None
        began = datetime.now(UTC).isoformat(timespec="seconds")
        started = time.perf_counter()
        yield Progress(0, frame_count(source), "micrographs")
        # The Laplacian of Gaussian needs the network only to see what to leave out.
        needed = settings.picker == "network" or settings.mask_junk
        predictor = self.opener(model, settings) if needed else None
        search = MicrographSearch(source, scale, settings, predictor, min(settings.threshold, LOWEST_FLOOR))
        try:
            yield from search.run(cancel)
        finally:
            if predictor is not None:
                predictor.close()
        PACE.learn(search.done, *megapixels(source, scale), time.perf_counter() - started)
        candidates = gather(search.found)
        columns = ("frame", "y", "x") if source.ndim == 3 else ("y", "x")
        picked = settings.picker == "network"
        context = CryoEMContext(scale.diameter_px, scale.pixel_size_A)
        found = Findings(
            tables=self.decide(candidates, settings, context),
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(MAIN, columns, POSITIVE, scale.diameter_px),),
            provenance=recorded(
                predictor,
                technique=self.name,
                model=model.name if picked else "Laplacian of Gaussian",
                normalisation=model.normalisation,
                settings=settings.model_dump(mode="json"),
                source=SourceRecord.of(source),
                units_done=search.done,
                units_total=search.total,
                what="micrographs",
                seconds=time.perf_counter() - started,
                started=began,
                notes=(*scale.sentences, *said_of(search.contrast, search.contrast_reason)),
                problems=(*file_cautions(source), *unused(settings), *search.problems),
            ),
            settings=settings,
            context=context,
            source=source,
            maps={MASK: mask_map(search.masks, search.step, source.ndim)} if settings.mask_junk else {},
        )
        if basis is None or cancel.cancelled:
            return found
        found = yield from sort_and_build(found, source, basis, settings, search.contrast, cancel)
        seconds = time.perf_counter() - started
        return replace(found, provenance=found.provenance.model_copy(update={"seconds": seconds}))

    def maps(self, source: ImageSource, settings: CryoEMSettings) -> dict[str, FieldMap]:
        """Return nothing: what is left out is found by the run."""
        return {}

    def decide(
        self, candidates: pd.DataFrame, settings: CryoEMSettings, context: CryoEMContext
    ) -> dict[str, pd.DataFrame]:
        """Return the picks that count, and the tables of views and map if there are."""
        return decide(candidates, settings.threshold, context)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write picks for other programs, averages, map and picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Say how many particles were found in how many micrographs."""
        return particles_in(findings)


def mask_map(masks: npt.NDArray[np.uint8], step: tuple[float, ...], ndim: int) -> FieldMap:
    """Lay the masks on the micrographs: each element covers two pixels of the shrunk image."""
    scale = tuple(2 * pixels for pixels in step)
    middle = tuple(pixels - 0.5 for pixels in step)
    if ndim == 2:
        return FieldMap(masks[0], scale, middle)
    return FieldMap(masks, (1.0, *scale), (0.0, *middle))


def said_of(contrast: str, reason: str) -> tuple[str, ...]:
    """Say which way the particles were taken to lie."""
    return (f"{LIGHTER if contrast == 'light' else DARKER} than the ice ({reason})",) if contrast else ()


def particles_in(findings: Findings) -> str:
    """Say how many particles were found in how many micrographs."""
    table, done = findings.table, findings.provenance.units_done
    count = len(table)
    text = f"{count} particle{'' if count == 1 else 's'} in {done} micrograph{'' if done == 1 else 's'}"
    if "view" in table.columns:
        sorted_ = int((table["view"] >= 0).sum())
        text += f", {sorted_} of them in {table.loc[table['view'] >= 0, 'view'].nunique()} views"
    return text

"""`CryoEM`: pick particles in micrographs; on request sort them into views and build a first 3-D map."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.crop import crop_centre
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.costs import looks, memory_gb, seconds_ahead, seconds_per_micrograph
from napari_sciml.techniques.cryoem.decide import MAIN, decide
from napari_sciml.techniques.cryoem.input_checks import file_warnings, name_refusal, refuse_movie
from napari_sciml.techniques.cryoem.particles_to_map import Basis, basis_of, sort_and_build, unused
from napari_sciml.techniques.cryoem.pick_scale import PickScale, pick_scale, with_known
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.techniques.cryoem.spec import SPEC
from napari_sciml.techniques.cryoem.write import write
from napari_sciml.techniques.network_technique import NetworkTechnique
from napari_sciml.techniques.searched_run import Cost, NetworkRun

if TYPE_CHECKING:
    from napari_sciml.techniques.cryoem.search import MicrographSearch

POSITIVE = "particle"
MASK = "mask"
LATER = "sorting into views and the 3-D map come on top; how long depends on the number of particles"


@dataclass(frozen=True)
class PickSetup:
    """What is settled before the first micrograph is picked.

    Attributes
    ----------
    scale
        All lengths.
    basis
        What sorting into views needs; None if nobody asked for them.
    """

    scale: PickScale
    basis: Basis | None


@dataclass(frozen=True)
class CryoEM(NetworkTechnique[CryoEMSettings, PickSetup, "MicrographSearch"]):
    """Finds the particles of micrographs, from their diameter alone."""

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[CryoEMSettings]] = CryoEMSettings
    context_type: ClassVar[type[CryoEMContext]] = CryoEMContext
    independent_frames: ClassVar[bool] = True
    models: ClassVar[tuple[str, ...]] = ("cryoem-picker",)
    what: ClassVar[str] = "micrographs"
    ability: ClassVar[str] = "pick particles"
    instead: ClassVar[str] = "; to sort into views, give orientation_model instead"

    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string. Reads no pixels."""
        if source.ndim > 3:
            return f"{source.name} has {source.ndim} dimensions. Choose one micrograph or a series of them."
        if min(frame_shape(source)) < 32:
            rows, columns = frame_shape(source)
            return f"{source.name} has {rows} x {columns} px. Choose a micrograph of at least 32 x 32 px."
        return name_refusal(source)

    def can_use(self, model: Model) -> bool:
        """Whether a model labels a field and knows particles."""
        return model.dense and POSITIVE in model.classes

    def cost(self, source: ImageSource, settings: CryoEMSettings, runtime: str) -> Cost:
        """Return what picking will cost: it grows with the pixels, and with those that the network sees."""
        scale = pick_scale(source, settings)
        count, shape = frame_count(source), frame_shape(source)
        ahead = looks(count) if settings.contrast == "auto" else 0
        return Cost(
            units=count,
            seconds=count * seconds_per_micrograph(source, scale, runtime)
            + ahead * seconds_ahead(source, scale),
            ahead_images=ahead,
            memory_gb=memory_gb(source, scale),
            notes=(
                f"{count} micrograph{'' if count == 1 else 's'} of {shape[0]} x {shape[1]} px",
                *scale.sentences,
                *(() if settings.views == "none" else (LATER,)),
            ),
        )

    def prepare(self, model: Model, images: npt.NDArray[Any], settings: CryoEMSettings) -> npt.NDArray[Any]:
        """Bring raw images ``(n, h, w)`` to what a model labels.

        For the picker: shrunk as the diameter says, or taken as they are without one; particles bright;
        the window around the middle. For an orientation model: of its size, as they are.
        """
        if not model.dense:
            return crop_centre(model, images)
        from napari_sciml.techniques.cryoem.picking.network import centred
        from napari_sciml.techniques.cryoem.prepare import shrink

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

    def setup(self, source: ImageSource, settings: CryoEMSettings) -> PickSetup:
        """Settle the lengths, and read what the views need: refused now, not after hours of picking."""
        refuse_movie(source)
        scale = pick_scale(source, settings)
        return PickSetup(scale, basis_of(source, scale, settings) if settings.views != "none" else None)

    def open(self, model: Model, settings: CryoEMSettings) -> Predictor | None:
        """Return what runs the network; without it, the Laplacian needs it only to see what to leave out."""
        needed = settings.picker == "network" or settings.mask_junk
        return super().open(model, settings) if needed else None

    def search(
        self, source: ImageSource, settings: CryoEMSettings, setup: PickSetup, predictor: Predictor | None
    ) -> MicrographSearch:
        """Return the picking, micrograph by micrograph."""
        from napari_sciml.techniques.cryoem.search import LOWEST_FLOOR, MicrographSearch

        floor = min(settings.threshold, LOWEST_FLOOR)
        return MicrographSearch(source, setup.scale, settings, predictor, floor)

    def findings(self, run: NetworkRun[CryoEMSettings, PickSetup, MicrographSearch]) -> Findings:
        """Return the picks, and what was left out of each micrograph."""
        from napari_sciml.techniques.cryoem.search import gather

        search, scale, settings = run.search, run.setup.scale, run.settings
        candidates = gather(search.found)
        context = CryoEMContext(scale.diameter_px, scale.pixel_size_A)
        masks = mask_map(search.masks, search.step, run.source.ndim)
        return Findings(
            tables=self.decide(candidates, settings, context),
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(MAIN, run.place, POSITIVE, scale.diameter_px),),
            provenance=run.record(
                notes=(*scale.sentences, *search.notes),
                problems=(*file_warnings(run.source), *unused(settings), *search.cautions),
                model="" if settings.picker == "network" else "Laplacian of Gaussian",
            ),
            settings=settings,
            context=context,
            source=run.source,
            maps={MASK: masks} if settings.mask_junk else {},
        )

    def run(
        self, source: ImageSource, settings: CryoEMSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Do what all techniques do, with what the image itself states."""
        return (yield from super().run(source, with_known(source, settings), cancel))

    def conclude(
        self, run: NetworkRun[CryoEMSettings, PickSetup, MicrographSearch]
    ) -> Generator[Progress, None, Findings]:
        """Sort the picks into views and build a map, if that was asked for."""
        found, basis = self.findings(run), run.setup.basis
        if basis is None or run.cancel.cancelled:
            return found
        contrast = run.search.contrast.kind if run.search.contrast is not None else "dark"
        found = yield from sort_and_build(found, run.source, basis, run.settings, contrast, run.cancel)
        record = found.provenance.model_copy(update={"seconds": run.start.seconds})
        return replace(found, provenance=record)

    def decide(
        self, candidates: pd.DataFrame, settings: CryoEMSettings, context: CryoEMContext
    ) -> dict[str, pd.DataFrame]:
        """Return the picks that count, and the tables of views and map if there are."""
        return decide(candidates, settings.threshold, context)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write picks for other programs, averages, map and picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Return how many particles were found in how many micrographs."""
        return particles_in(findings)


def mask_map(masks: npt.NDArray[np.uint8], step: tuple[float, ...], ndim: int) -> FieldMap:
    """Lay the masks on the micrographs: each element covers two pixels of the shrunk image."""
    scale = tuple(2 * pixels for pixels in step)
    middle = tuple(pixels - 0.5 for pixels in step)
    if ndim == 2:
        return FieldMap(masks[0], scale, middle)
    return FieldMap(masks, (1.0, *scale), (0.0, *middle))


def particles_in(findings: Findings) -> str:
    """Return how many particles were found in how many micrographs."""
    table, done = findings.table, findings.provenance.units_done
    count = len(table)
    text = f"{count} particle{'' if count == 1 else 's'} in {done} micrograph{'' if done == 1 else 's'}"
    if "view" in table.columns:
        sorted_ = int((table["view"] >= 0).sum())
        text += f", {sorted_} of them in {table.loc[table['view'] >= 0, 'view'].nunique()} views"
    return text

"""``simulate``: make data with known truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_sciml.cli.console import progress_bar, say
from napari_sciml.cli.groups import technique_group
from napari_sciml.cli.options import with_options
from napari_sciml.cli.outcome import prepare_folder
from napari_sciml.techniques import technique_names


def simulators() -> list[str]:
    """Name the techniques that can simulate their data."""
    return [name for name in MAKERS if name in technique_names()]


def make_simulate(technique: str) -> Callable[..., None]:
    """Make the command ``simulate TECHNIQUE`` with the specimen's properties as options."""
    return MAKERS[technique]()


def make_frames() -> Callable[..., None]:
    """Make ``simulate diffraction``."""
    from napari_sciml.techniques.diffraction.simulate.spec import RunSpec

    @with_options(RunSpec)
    def simulate(
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Folder for the frames.", show_default=False)
        ],
        seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same frames.")] = 0,
        *,
        settings: dict[str, Any],
    ) -> None:
        """Simulate a run of serial crystallography: frames, true tiles and spots, and what was asked for."""
        from napari_sciml.core.progress import drive
        from napari_sciml.core.settings import parse_settings
        from napari_sciml.techniques.diffraction.simulate.store import store_run

        spec = parse_settings(RunSpec, settings)
        prepare_folder(out)
        with progress_bar("Simulating") as show:
            files = drive(store_run(spec, seed, out), show)
        say(f"Simulated {spec.frames} frames of {spec.size_px} x {spec.size_px} px.")
        for file in files:
            say(f"  {file}")

    return simulate


def make_volume() -> Callable[..., None]:
    """Make ``simulate microct``."""
    from napari_sciml.techniques.microct.simulate.spec import PhantomSpec

    @with_options(PhantomSpec)
    def simulate(
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Folder for the volume.", show_default=False)
        ],
        seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same volume.")] = 0,
        *,
        settings: dict[str, Any],
    ) -> None:
        """Simulate a tomogram of a ceramic-matrix composite: volume, true centres and specimen."""
        from napari_sciml.core.progress import drive
        from napari_sciml.core.settings import parse_settings
        from napari_sciml.io.atomic import write_text
        from napari_sciml.io.tables import write_csv
        from napari_sciml.io.volumes import write_volume
        from napari_sciml.techniques.microct.simulate.phantom import simulate as work

        spec = parse_settings(PhantomSpec, settings)
        prepare_folder(out)
        with progress_bar("Simulating") as show:
            phantom = drive(work(spec, seed), show)
        record = {"technique": "microct", "seed": seed, "spec": spec.model_dump(mode="json")}
        files = [
            write_volume(phantom.volume, out / "volume.tif", pixel_size_um=phantom.pixel_size_um),
            write_csv(phantom.truth, out / "truth.csv"),
            write_text(out / "simulation.json", json.dumps(record, indent=2) + "\n"),
        ]
        shape = " x ".join(str(n) for n in phantom.volume.shape)
        say(f"Simulated {shape} voxels with {phantom.truth['fiber'].nunique()} fibres.")
        for file in files:
            say(f"  {file}")

    return simulate


def make_patterns() -> Callable[..., None]:
    """Make ``simulate gisaxs``."""
    from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

    @with_options(GisaxsSpec)
    def simulate(
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Folder for the images.", show_default=False)
        ],
        seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 0,
        images: Annotated[int, typer.Option(min=1, max=100_000, help="Images of the same film.")] = 1,
        *,
        settings: dict[str, Any],
    ) -> None:
        """Simulate GISAXS images of a film of grains: images, predicted spots, and what was asked for."""
        from napari_sciml.core.progress import drive
        from napari_sciml.core.settings import parse_settings
        from napari_sciml.techniques.gisaxs.simulate.store import store_images

        spec = parse_settings(GisaxsSpec, settings)
        prepare_folder(out)
        with progress_bar("Simulating") as show:
            files = drive(store_images(spec, seed, images, out), show)
        say(f"Simulated {images} images of {spec.lattice}, {spec.rows} x {spec.columns} px.")
        for file in files:
            say(f"  {file}")
        (left, right), (low, high) = spec.qy_range, spec.qz_range
        say(
            f"Label them with: napari-sciml run gisaxs {files[0]} --qy-range {left:g} {right:g} "
            f"--qz-range {low:g} {high:g} --out DIR"
        )

    return simulate


def make_micrographs() -> Callable[..., None]:
    """Make ``simulate cryoem``."""
    from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec

    @with_options(MicrographSpec)
    def simulate(
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Folder for the images.", show_default=False)
        ],
        seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same micrographs.")] = 0,
        *,
        settings: dict[str, Any],
    ) -> None:
        """Simulate cryo-EM micrographs of one particle: images, true picks and views, lenses, the map."""
        from napari_sciml.core.progress import drive
        from napari_sciml.core.settings import parse_settings
        from napari_sciml.techniques.cryoem.simulate.micrograph import particle_of
        from napari_sciml.techniques.cryoem.simulate.store import IMAGES, store_micrographs

        spec = parse_settings(MicrographSpec, settings)
        particle = particle_of(spec.map, spec.map_pixel_size_A, spec.pixel_size_A)
        prepare_folder(out)
        with progress_bar("Simulating") as show:
            files = drive(store_micrographs(spec, seed, out), show)
        say(f"Simulated {spec.micrographs} micrographs of {spec.size_px} x {spec.size_px} px.")
        for file in files[spec.micrographs :]:
            say(f"  {file}")
        say(
            f"Pick with: napari-sciml run cryoem {out / IMAGES} "
            f"--particle-diameter-A {particle.diameter_A:.0f} --out DIR"
        )

    return simulate


MAKERS: dict[str, Callable[[], Callable[..., None]]] = {
    "microct": make_volume,
    "diffraction": make_frames,
    "gisaxs": make_patterns,
    "cryoem": make_micrographs,
}
"""Technique -> what makes its command."""

group = technique_group(
    "Make data with known truth.\n\nFor example: napari-sciml simulate microct --out phantom/ --seed 1",
    make_simulate,
    simulators,
)

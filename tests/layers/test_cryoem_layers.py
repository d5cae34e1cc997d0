"""Where cryo-EM results lie: masks on their micrographs, a 3-D map in the unit of the images, saved picks."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Layer

from fixtures.cryoem_findings import DIAMETER_A, PIXEL_A, findings, micrographs
from napari_sciml.app.run.guess_technique import guess_technique
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.excluded_area import area_layer
from napari_sciml.layers.spatial import Place, source_place
from napari_sciml.layers.table_to_points import marker_diameter
from napari_sciml.layers.volume import show_density, volume_layer, voxel_edge
from napari_sciml.techniques import get_technique, technique_names
from napari_sciml.techniques.cryoem.settings import CryoEMSettings


def run_of(source: ImageSource):
    return findings(source, parse_settings(CryoEMSettings, {"particle_diameter_A": DIAMETER_A}))


@pytest.mark.parametrize("frames", [0, 3])
def test_the_mask_lies_on_the_image_flat_or_in_series(frames):
    source = micrographs(frames)
    image = Image(source.data, **source_place(source))
    data, arguments, kind = area_layer(run_of(source), Place.of(image))
    layer = Layer.create(data, arguments, kind)
    assert layer.ndim == image.ndim
    # Element 27 covers pixels 216 to 223.
    middle = layer.data_to_world([*[0] * (layer.ndim - 1), 27])
    assert image.world_to_data(middle)[-1] == pytest.approx(219.5)


def test_nothing_masked_is_no_layer():
    source = micrographs()
    found = run_of(source)
    bare = found.__class__(**{**vars(found), "maps": {}})
    assert area_layer(bare, Place.of(Image(source.data))) is None


@pytest.mark.parametrize(
    ("scale", "units", "edge"),
    [((4e-4, 4e-4), ("um", "um"), 16e-4), ((4.0, 4.0), ("angstrom",) * 2, 16.0), ((1.0, 1.0), None, 4.0)],
)
def test_a_voxel_is_as_large_as_in_the_images(scale, units, edge):
    given = {} if units is None else {"units": units}
    image = Image(np.zeros((8, 8)), scale=scale, **given)
    size, unit = voxel_edge(16.0, image, PIXEL_A)
    assert size == pytest.approx(edge)
    assert unit == str(image.units[-1])


def test_a_growing_map_keeps_its_surface_in_range():
    image = Image(np.zeros((8, 8)))
    density = np.zeros((8, 8, 8), np.float32)
    density[3:5, 3:5, 3:5] = 1.0
    layer = Layer.create(*volume_layer(density, 16.0, "map", image, PIXEL_A, {"technique": "cryoem"}))
    show_density(layer, 5 * density)
    assert tuple(layer.contrast_limits) == (0.0, 5.0)
    assert 0 < layer.iso_threshold < 5.0
    assert layer.metadata["napari_sciml"] == {"technique": "cryoem"}


def test_saved_picks_are_drawn_as_wide_as_the_particle():
    record = run_of(micrographs()).provenance
    assert marker_diameter(record) == pytest.approx(DIAMETER_A / PIXEL_A)


def test_mrc_files_are_taken_for_micrographs():
    techniques = [get_technique(name) for name in technique_names()]
    plane = ImageSource.from_array(np.zeros((64, 64), np.float32), path="grid.MRC")
    assert guess_technique(None, plane, techniques).name == "cryoem"
    assert (
        guess_technique(None, ImageSource.from_array(plane.data, path="slice.tif"), techniques).name
        == "microct"
    )

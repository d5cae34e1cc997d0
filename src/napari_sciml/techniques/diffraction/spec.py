"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import TechniqueSpec

SPEC = TechniqueSpec(
    name="diffraction",
    title="X-ray diffraction hits",
    recipe="napari_sciml.techniques.diffraction.recipe:Diffraction",
)

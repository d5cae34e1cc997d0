"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import TechniqueSpec

SPEC = TechniqueSpec(
    name="gisaxs",
    title="GISAXS lattice",
    recipe="napari_sciml.techniques.gisaxs.recipe:Gisaxs",
)

"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import TechniqueSpec

SPEC = TechniqueSpec(
    name="microct",
    title="MicroCT fibres",
    recipe="napari_sciml.techniques.microct.recipe:MicroCT",
)

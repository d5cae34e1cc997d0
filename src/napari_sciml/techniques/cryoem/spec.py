"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import TechniqueSpec

SPEC = TechniqueSpec(
    name="cryoem",
    title="Cryo-EM particles",
    recipe="napari_sciml.techniques.cryoem.recipe:CryoEM",
)

"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec

SPEC = TechniqueSpec(
    name="cryoem",
    title="Cryo-EM particles",
    recipe="napari_sciml.techniques.cryoem.recipe:CryoEM",
    look="napari_sciml.layers.micrographs:micrograph_look",
    sample=SampleSpec(
        key="sample_cryoem_micrographs",
        title="Cryo-EM micrographs (simulated)",
        source="napari_sciml.samples.cryoem_micrographs:cryoem_micrographs",
        command="napari-sciml simulate cryoem --micrographs 16 --seed 84 --out micrographs",
        file="micrographs/micrographs",
        verdict="napari_sciml.samples.cryoem_micrographs:verdict",
    ),
)

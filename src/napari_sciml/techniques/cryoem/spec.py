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
    simulator="napari_sciml.techniques.cryoem.simulate.simulator:MicrographSimulator",
    training="napari_sciml.techniques.cryoem.train:train",
    training_options="napari_sciml.techniques.cryoem.training_options:MapOptions",
    examples="napari_sciml.techniques.cryoem.examples",
    evaluation="napari_sciml.techniques.cryoem.evaluate:evaluate",
    evaluation_data="micrographs beside tables of picks (y_px, x_px)",
)

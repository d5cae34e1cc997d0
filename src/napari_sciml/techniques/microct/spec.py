"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec

SPEC = TechniqueSpec(
    name="microct",
    title="MicroCT fibres",
    recipe="napari_sciml.techniques.microct.recipe:MicroCT",
    sample=SampleSpec(
        key="sample_cmc_phantom",
        title="CMC phantom",
        source="napari_sciml.samples.microct_phantom:cmc_phantom",
        truth="napari_sciml.samples.microct_phantom:truth",
        verdict="napari_sciml.samples.microct_phantom:verdict",
    ),
    simulator="napari_sciml.techniques.microct.simulate.simulator:PhantomSimulator",
    training="napari_sciml.techniques.microct.train:train",
    examples="napari_sciml.techniques.microct.examples",
    evaluation="napari_sciml.techniques.microct.evaluate:evaluate",
    evaluation_data="labelled patches (.npz with images, labels, coords)",
)

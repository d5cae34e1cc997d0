"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec

SPEC = TechniqueSpec(
    name="diffraction",
    title="X-ray diffraction hits",
    recipe="napari_sciml.techniques.diffraction.recipe:Diffraction",
    look="napari_sciml.layers.frames:frames_look",
    sample=SampleSpec(
        key="sample_diffraction_run",
        title="Diffraction run (200 frames, 10 % hits)",
        source="napari_sciml.samples.diffraction_run:diffraction_run",
        command="napari-sciml simulate diffraction --seed 76 --out diffraction-run",
        file="diffraction-run/frames.h5",
        verdict="napari_sciml.samples.diffraction_run:verdict",
    ),
    simulator="napari_sciml.techniques.diffraction.simulate.simulator:RunSimulator",
    training="napari_sciml.techniques.diffraction.train:train",
    examples="napari_sciml.techniques.diffraction.examples",
    evaluation="napari_sciml.techniques.diffraction.evaluate:evaluate",
    evaluation_data="a frame with Bragg spots",
)

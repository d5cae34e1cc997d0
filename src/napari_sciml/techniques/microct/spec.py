"""What the rest of the program knows of this science."""

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.spec import NO, PERHAPS, SampleSpec, TechniqueSpec
from napari_sciml.techniques.window_spec import Mark, WindowSpec


def guess(source: ImageSource) -> float:
    """Guess by the axes: pictures and volumes that nobody described."""
    return PERHAPS if source.axes in (("y", "x"), ("z", "y", "x")) else NO


SPEC = TechniqueSpec(
    name="microct",
    title="MicroCT fibres",
    recipe="napari_sciml.techniques.microct.recipe:MicroCT",
    guess=guess,
    mark=Mark(
        label="fiber",
        one="fibre",
        many="fibres",
        in_slices="fibre cross-sections",
        diameter="napari_sciml.techniques.microct.settings:recorded_diameter_px",
    ),
    window=WindowSpec(
        next_step="Next: move the threshold, or add missed ones by hand with the + tool of the points layer.",
        nothing="Next: check the size of the fibres and the axis along which they run.",
        form="napari_sciml.widgets.forms.microct:MicroCTForm",
    ),
    sample=SampleSpec(
        key="sample_cmc_phantom",
        title="CMC phantom",
        source="napari_sciml.samples.microct_phantom:cmc_phantom",
        truth="napari_sciml.samples.microct_phantom:truth",
        compare_truth="napari_sciml.samples.microct_phantom:compare_truth",
    ),
    simulator="napari_sciml.techniques.microct.simulate.simulator:PhantomSimulator",
    training="napari_sciml.techniques.microct.train.networks:train",
    examples="napari_sciml.techniques.microct.train.examples",
    evaluation="napari_sciml.techniques.microct.evaluate.card_figures:evaluate",
    evaluation_data="labelled patches (.npz with images, labels, coords)",
)

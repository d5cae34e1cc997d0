"""What the rest of the program knows of this science."""

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.spec import NO, PERHAPS, SampleSpec, TechniqueSpec
from napari_sciml.techniques.window_spec import Mark, WindowSpec


def guess(source: ImageSource) -> float:
    """Guess by the axes: a series of frames."""
    return PERHAPS if source.axes == ("t", "y", "x") else NO


SPEC = TechniqueSpec(
    name="diffraction",
    title="X-ray diffraction hits",
    recipe="napari_sciml.techniques.diffraction.recipe:Diffraction",
    guess=guess,
    # Red on the white of inverted grey, beside the orange of the tiles.
    mark=Mark(
        label="bragg",
        one="Bragg spot",
        many="Bragg spots",
        tiles="Bragg tiles",
        color="vermilion",
        border=0.16,
        diameter=11.0,
    ),
    window=WindowSpec(
        live=("min_tiles",),
        caution="napari_sciml.techniques.diffraction.false_hits:caution",
        next_step="Next: look through the frames in the tab Hits, move the sliders, save the hit list.",
        decided="napari_sciml.techniques.diffraction.decide:advice_of",
        nothing="Next: see whether the mask hides the spots, and whether the frames are diffraction at all.",
        actions={"new_mask": "napari_sciml.app.forms.mask_layer:new_mask_layer"},
        form="napari_sciml.widgets.forms.diffraction:DiffractionForm",
        decider="napari_sciml.widgets.parts.min_tiles:MinTiles",
        result_page=("Hits", "napari_sciml.widgets.hits.page:HitsPage"),
    ),
    look="napari_sciml.layers.frames_look:frames_look",
    recognises="napari_sciml.layers.frames_look:is_frames",
    sample=SampleSpec(
        key="sample_diffraction_run",
        title="Diffraction run (200 frames, 10 % hits)",
        source="napari_sciml.samples.diffraction_run:diffraction_run",
        command="napari-sciml simulate diffraction --seed 76 --out diffraction-run",
        file="diffraction-run/frames.h5",
        compare_truth="napari_sciml.samples.diffraction_run:compare_truth",
    ),
    simulator="napari_sciml.techniques.diffraction.simulate.simulator:RunSimulator",
    training="napari_sciml.techniques.diffraction.train.networks:train",
    examples="napari_sciml.techniques.diffraction.train.examples",
    evaluation="napari_sciml.techniques.diffraction.evaluate.card_figures:evaluate",
    evaluation_data="a frame with Bragg spots",
)

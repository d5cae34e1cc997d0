"""What the rest of the program knows of this science."""

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.spec import CERTAIN, NO, SampleSpec, TechniqueSpec
from napari_sciml.techniques.window_spec import Mark, WindowSpec


def guess(source: ImageSource) -> float:
    """Guess by the file's ending."""
    return CERTAIN if (source.path or "").lower().endswith((".mrc", ".mrcs")) else NO


SPEC = TechniqueSpec(
    name="cryoem",
    title="Cryo-EM particles",
    recipe="napari_sciml.techniques.cryoem.recipe:CryoEM",
    guess=guess,
    # As wide as the particle, and thin: what is inside has to be judged by eye.
    mark=Mark(
        label="particle",
        one="particle",
        many="particles",
        border=0.05,
        diameter="napari_sciml.techniques.cryoem.pick_scale:recorded_diameter_px",
    ),
    window=WindowSpec(
        later=("views", "both_sides", "map", "map_pixel_size_A", "orientation_model", "truth", "ctf"),
        next_step="Next: look at the rings, move the threshold, add or remove picks by hand; then sort them "
        "in the tab Views.",
        nothing="Next: try the other contrast, then check the diameter and the pixel size.",
        decided="napari_sciml.techniques.cryoem.decide:contrast_of",
        caption="napari_sciml.techniques.cryoem.decide:particles_in",
        still_known="napari_sciml.techniques.cryoem.pick_scale:diameter_known",
        actions={"measure": "napari_sciml.app.forms.diameter_line:measure_diameter"},
        form="napari_sciml.widgets.forms.cryoem:CryoEMForm",
        result_page=("Views", "napari_sciml.widgets.views.page:ViewsPage"),
    ),
    look="napari_sciml.layers.micrographs_look:micrograph_look",
    recognises="napari_sciml.layers.micrographs_look:is_micrographs",
    sample=SampleSpec(
        key="sample_cryoem_micrographs",
        title="Cryo-EM micrographs (simulated)",
        source="napari_sciml.samples.cryoem_micrographs:cryoem_micrographs",
        command="napari-sciml simulate cryoem --micrographs 16 --seed 84 --out micrographs",
        file="micrographs/micrographs",
        compare_truth="napari_sciml.samples.cryoem_micrographs:compare_truth",
    ),
    simulator="napari_sciml.techniques.cryoem.simulate.simulator:MicrographSimulator",
    training="napari_sciml.techniques.cryoem.train.networks:train",
    training_options="napari_sciml.techniques.cryoem.train.options:MapOptions",
    examples="napari_sciml.techniques.cryoem.train.examples",
    evaluation="napari_sciml.techniques.cryoem.evaluate.card_figures:evaluate",
    evaluation_data="micrographs beside tables of picks (y_px, x_px)",
)

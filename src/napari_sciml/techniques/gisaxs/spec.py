"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec
from napari_sciml.techniques.window_spec import Mark, WindowSpec

SPEC = TechniqueSpec(
    name="gisaxs",
    title="GISAXS lattice",
    recipe="napari_sciml.techniques.gisaxs.recipe:Gisaxs",
    mark=Mark(
        label="spot",
        one="predicted spot",
        many="predicted spots",
        color="blue",
        by_hand="purple",
        missing="orange",
        border=0.14,
        diameter=9.0,
    ),
    window=WindowSpec(
        next_step="Next: check the predicted spots on the image, frame by frame in the tab Lattice: "
        "blue rings are found, orange crosses are missing.",
        nothing="Next: see the probabilities in the tab Lattice; check the q ranges or the geometry.",
        lower=False,
        caption="napari_sciml.app.lattice.by_frame:caption",
        still_known="napari_sciml.app.forms.lattice_axes:still_known",
        actions={"new_mask": "napari_sciml.app.forms.mask_layer:new_mask_layer"},
        form="napari_sciml.widgets.forms.gisaxs:GisaxsForm",
        result_page=("Lattice", "napari_sciml.widgets.lattice.page:LatticePage"),
        simulate_page="napari_sciml.widgets.simulate.page:SimulatePage",
    ),
    look="napari_sciml.layers.scattering_look:scattering_look",
    sample=SampleSpec(
        key="sample_gisaxs_series",
        title="GISAXS series (simulated)",
        source="napari_sciml.samples.gisaxs_series:gisaxs_series",
        command="python -m napari_sciml.samples.gisaxs_series gisaxs-series.npy",
        file="gisaxs-series.npy",
        truth="napari_sciml.samples.gisaxs_series:truth",
        compare_truth="napari_sciml.samples.gisaxs_series:compare_truth",
    ),
    simulator="napari_sciml.techniques.gisaxs.simulate.simulator:FilmSimulator",
    training="napari_sciml.techniques.gisaxs.train.networks:train",
    examples="napari_sciml.techniques.gisaxs.train.examples",
    evaluation="napari_sciml.techniques.gisaxs.evaluate.card_figures:evaluate",
    evaluation_data="a folder with frames of films (*.cbf) or hipgisaxs_2016_dev.npz",
)

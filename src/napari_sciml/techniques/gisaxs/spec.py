"""What the rest of the program knows of this science."""

from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec

SPEC = TechniqueSpec(
    name="gisaxs",
    title="GISAXS lattice",
    recipe="napari_sciml.techniques.gisaxs.recipe:Gisaxs",
    look="napari_sciml.layers.scattering:scattering_look",
    sample=SampleSpec(
        key="sample_gisaxs_series",
        title="GISAXS series (simulated)",
        source="napari_sciml.samples.gisaxs_series:gisaxs_series",
        command="python -m napari_sciml.samples.gisaxs_series gisaxs-series.npy",
        file="gisaxs-series.npy",
        truth="napari_sciml.samples.gisaxs_series:truth",
        verdict="napari_sciml.samples.gisaxs_series:verdict",
    ),
    simulator="napari_sciml.techniques.gisaxs.simulate.simulator:FilmSimulator",
    training="napari_sciml.techniques.gisaxs.train:train",
    examples="napari_sciml.techniques.gisaxs.examples",
    evaluation="napari_sciml.techniques.gisaxs.evaluate:evaluate",
    evaluation_data="a folder with frames of films (*.cbf) or hipgisaxs_2016_dev.npz",
)

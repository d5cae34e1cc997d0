"""Stills of serial crystallography made by code, with every spot known.

`crystals` draws the intensities of a form, `still` throws them on the detector, `background` and
`artefacts` add what else there is, `detectors` reads it out, `frame` says what is true, and `run` makes
frames one at a time from a seed.
"""

from napari_sciml.techniques.diffraction.simulate.frame import Frame
from napari_sciml.techniques.diffraction.simulate.run import SimulatedRun
from napari_sciml.techniques.diffraction.simulate.spec import RunSpec, random_spec

__all__ = ["Frame", "RunSpec", "SimulatedRun", "random_spec"]

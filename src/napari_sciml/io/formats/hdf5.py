"""HDF5 and NeXus files, one or several as a series."""

from __future__ import annotations

from napari_sciml.io.formats.hdf5_dataset import open_hdf5
from napari_sciml.io.formats.hdf5_series import open_hdf5_series
from napari_sciml.io.formats.reader import Reader

# A user block may stand before the mark, so that only the library can tell.
HDF5 = Reader(
    "HDF5",
    open_hdf5,
    (".h5", ".cxi", ".hdf5", ".hdf", ".nxs", ".nx5", ".he5"),
    ((0, b"\x89HDF"),),
    needs_mark=False,
    parts=True,
    series=open_hdf5_series,
    variants="NeXus, CXI, linked and virtual frames, a dataset an event, EMAN, Data Exchange, ilastik",
    written="peaks.cxi",
)

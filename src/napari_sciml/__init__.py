"""napari-sciml: small networks for scientific images, in napari, on the command line and in Python."""

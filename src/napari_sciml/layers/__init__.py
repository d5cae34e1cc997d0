"""The napari edge: layers to sources, findings to layers, readers, writers, samples. No Qt here."""

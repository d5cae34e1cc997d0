"""The words everyone uses: images, plans, findings, techniques. No napari, no Qt, no torch."""

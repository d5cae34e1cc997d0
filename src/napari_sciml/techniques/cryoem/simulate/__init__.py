"""The simulator: projections of a density map, their images through a microscope, and whole micrographs."""

"""GISAXS: which lattice, standing how on the substrate, made a scattering image."""

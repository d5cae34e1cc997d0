"""Density maps of particles."""

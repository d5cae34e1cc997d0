"""Particle picks of other programs, read and written."""

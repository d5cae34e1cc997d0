"""Particles cut out of micrographs, or read from other programs' stacks."""

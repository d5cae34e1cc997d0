"""Training of the lattice networks."""

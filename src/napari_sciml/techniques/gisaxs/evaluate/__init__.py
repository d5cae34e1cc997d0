"""How good the lattice networks are."""

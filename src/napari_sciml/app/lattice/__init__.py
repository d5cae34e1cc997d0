"""The page Lattice: the lattice of every frame."""

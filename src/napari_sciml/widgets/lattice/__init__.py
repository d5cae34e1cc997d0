"""The page Lattice."""

"""The seven lattices: where their Bragg spots are, and how well an image agrees with one."""

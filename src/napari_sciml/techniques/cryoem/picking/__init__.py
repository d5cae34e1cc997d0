"""Find particles in micrographs: the network, the Laplacian of Gaussian, and what to leave out."""

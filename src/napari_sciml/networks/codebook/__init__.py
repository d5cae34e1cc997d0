"""Low-bit networks: clustering of weights, packed files, constrained modules."""

"""Training of the Bragg network."""

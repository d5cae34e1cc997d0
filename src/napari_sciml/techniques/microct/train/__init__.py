"""Training of the fibre networks."""

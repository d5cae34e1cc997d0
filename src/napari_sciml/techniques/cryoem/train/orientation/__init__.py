"""Training of the networks that name a particle's projection direction."""

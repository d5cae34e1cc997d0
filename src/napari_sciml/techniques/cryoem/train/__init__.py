"""Training of the picker and of the orientation networks."""

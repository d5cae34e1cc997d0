"""Where the pixels of a scattering image lie in q."""

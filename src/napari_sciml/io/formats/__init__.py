"""File formats: one module each, which wraps the library that knows it."""

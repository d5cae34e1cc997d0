"""The bar that compares two backends."""

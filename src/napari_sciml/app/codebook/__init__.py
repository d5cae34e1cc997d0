"""The page Codebook: the values that weights may take."""

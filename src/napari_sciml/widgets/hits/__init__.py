"""The page Hits."""

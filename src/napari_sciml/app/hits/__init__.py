"""The page Hits: frames, hits and the hit rate."""

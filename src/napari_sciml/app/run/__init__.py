"""The page Run: what is wished, the run under way and its result."""

"""The page Run: what is asked for, the run under way and its result."""

"""From a float32 model to fewer bits: codebooks and integers, and how near they stay to it."""

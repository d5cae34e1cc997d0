"""Serial crystallography: which frames hold Bragg peaks, and in which 64 x 64 tiles."""

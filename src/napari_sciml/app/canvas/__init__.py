"""What the canvas shows of a result, and who may change it."""

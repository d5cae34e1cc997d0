"""Training as generators, honest splits, metrics with intervals, and the baselines beside them."""

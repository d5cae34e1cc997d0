"""Networks of few levels: clustering of weights, packed files, constrained modules."""

"""The page Simulate: a pattern that follows its sliders."""

"""Bring trained networks to few levels: round them, train the levels, or train to be rounded."""

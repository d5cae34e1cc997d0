"""How good the fibre networks are."""

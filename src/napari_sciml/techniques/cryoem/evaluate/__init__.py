"""How good the picker and the orientation networks are."""

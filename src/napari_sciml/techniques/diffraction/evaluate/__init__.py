"""How good the Bragg network is."""

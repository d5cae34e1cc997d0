"""Samples: small files that ship with the program, and runs that are simulated when they are looked at."""

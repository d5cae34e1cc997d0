"""Fibres of ceramic-matrix composites in microCT: simulate, train, find."""

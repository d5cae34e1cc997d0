"""Cryo-EM: pick particles, sort them into 84 views, average each view and build a first 3-D map."""

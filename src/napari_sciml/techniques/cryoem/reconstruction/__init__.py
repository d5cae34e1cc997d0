"""From averages to a 3-D map, and how far it can be believed."""

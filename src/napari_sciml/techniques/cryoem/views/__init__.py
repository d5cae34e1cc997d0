"""From particles to the average of each of 84 projection directions."""

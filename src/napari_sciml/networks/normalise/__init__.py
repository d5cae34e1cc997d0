"""Rules that bring raw pixel values into the range a network was trained on."""

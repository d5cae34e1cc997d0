"""What the program leaves on the disk: sets of files that are there whole or not at all."""

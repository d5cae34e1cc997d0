"""What the form of a technique says and does, before anything runs."""

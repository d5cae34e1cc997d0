"""Two results of one image beside each other."""

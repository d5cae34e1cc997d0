"""What every page stands on: work off the main thread, and how long it will take."""

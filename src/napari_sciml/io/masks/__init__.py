"""Which pixels of a detector do not count: masks in files, and the mask of the settings."""

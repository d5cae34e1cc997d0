"""The Qt skin: views that show state and emit wishes. No science, no files, no torch."""

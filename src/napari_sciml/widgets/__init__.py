"""The Qt skin: widgets that show state and emit requests. No science, no files, no torch."""

"""What the microscope does to an image: its contrast transfer function (CTF)."""

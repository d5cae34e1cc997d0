"""The settings of each technique as a form."""

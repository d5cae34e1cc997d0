"""The networks that ship beside those of the paper."""

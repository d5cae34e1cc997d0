"""The networks of the paper's tables, as printed, and the dense twin of one of them."""

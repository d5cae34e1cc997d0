"""State and controllers, one set per viewer. They outlive a closed panel; the panel only shows them."""

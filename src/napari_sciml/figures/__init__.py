"""Pictures that a saved run contains."""

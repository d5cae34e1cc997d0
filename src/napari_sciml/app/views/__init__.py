"""The page Views: from picks to views and a 3-D map."""

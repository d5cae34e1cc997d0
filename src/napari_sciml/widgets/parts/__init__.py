"""Small pieces of Qt that several pages are made of."""

"""A static site built from the scores of submissions."""

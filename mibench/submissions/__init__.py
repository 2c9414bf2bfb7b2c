"""The submission folder: write, read, validate, pack."""

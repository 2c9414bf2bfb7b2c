"""The seen families by group of pictures, each file with the questions about its worlds."""

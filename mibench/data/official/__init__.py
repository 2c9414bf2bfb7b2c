"""Readers of the owners' own files, one a source data set."""

"""Scores: per instruction, then mean, max, std, Sensitivity and the aggregate."""

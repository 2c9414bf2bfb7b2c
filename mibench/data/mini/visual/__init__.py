"""Drawn scenes, and the nine multimodal tasks asked about them."""

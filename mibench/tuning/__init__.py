"""Instruction tuning of OFA: recipes, mixtures of tasks, the training loop, and the making of the bundled model."""

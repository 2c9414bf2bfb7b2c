"""The text world: a generator for each of the twelve categories of held-out NLP tasks."""

"""Where answers come from: anything that turns requests into predictions."""

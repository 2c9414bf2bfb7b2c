"""Running a model over the benchmark: the plan, the batches, the way back after a crash."""

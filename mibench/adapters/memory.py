"""Whether an error means that memory ran out."""


def lacks_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out; on a CPU, torch has no class of its own for it."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error))

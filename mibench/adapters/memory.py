"""Whether an error means that memory ran out."""

import re

_LACKS = re.compile(r"out of memory|allocate memory|not enough memory|ALLOC_FAILED", re.IGNORECASE)


def lacks_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out; on a CPU, torch has no class of its own for it."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _LACKS.search(str(error)) is not None)

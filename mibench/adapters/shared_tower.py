"""A model's tower for pictures runs once a picture, whatever the model makes of its output."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_map


def image_tower(model: Any) -> Any:
    """Return the part of a model that sees nothing but pictures; None where it has none."""
    tower = model.get_encoder(modality="image")
    return None if tower is model or tower is model.base_model else tower


@contextmanager
def once_a_picture(tower: Any, places: Sequence[int]) -> Iterator[None]:
    """Let a tower compute one row for each picture, and return a row for each prompt.

    Args:
        tower: is called with one row a prompt.
        places: the number of the picture of each prompt; they begin at 0, and none is left out.

    """
    firsts = [places.index(number) for number in range(max(places) + 1)]

    def distinct(_: Any, arguments: Any, named: Any) -> Any:
        return tree_map(lambda value: _rows(value, len(places), firsts), (arguments, named))

    def repeated(_: Any, __: Any, output: Any) -> Any:
        return tree_map(lambda value: _rows(value, len(firsts), list(places)), output)

    handles = [
        tower.register_forward_pre_hook(distinct, with_kwargs=True),
        tower.register_forward_hook(repeated),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _rows(value: Any, count: int, rows: list[int]) -> Any:
    return value[rows] if isinstance(value, Tensor) and value.ndim and len(value) == count else value

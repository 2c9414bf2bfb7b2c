"""The tensors that a torch checkpoint describes, made over the file itself."""

import math
import mmap
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.errors import InputError
from mibench.ofa.conversion.names import shown
from mibench.ofa.inert_records import Inert, Storage
from mibench.ofa.torch_file import ELEMENT_BYTES, TorchFile

if TYPE_CHECKING:
    from torch import Tensor

_PARAMETER = "torch._utils._rebuild_parameter"
_TENSORS = frozenset({"torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2"})


def map_file(path: Path) -> mmap.mmap:
    """Map a file into memory, so that only the pages that are used are read; writing changes no file."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def is_tensor(value: object) -> bool:
    """Tell whether a value is the record of a tensor."""
    return isinstance(value, Inert) and value.name.startswith("torch._utils._rebuild_")


def make_tensor(name: str, value: object, file: TorchFile, mapped: mmap.mmap) -> "Tensor":
    """Make the tensor that a record describes, over the mapped file.

    Raises:
        InputError: it is of another kind, or reaches beyond its numbers.

    """
    import torch

    match value:
        case Inert(name=called, args=(Inert() as inner, *_)) if called == _PARAMETER:
            value = inner
    match value:
        case Inert(name=called, args=(Storage() as storage, int() as start, tuple() as shape, tuple() as strides, *_)):
            sound = called in _TENSORS and storage.kind in ELEMENT_BYTES and len(shape) == len(strides) <= 8
            sound = sound and all(type(number) is int and 0 <= number < 1 << 40 for number in (start, *shape, *strides))
        case _:
            sound = False
    if not sound:
        raise InputError(
            f"{shown(name)} is no plain tensor of numbers", file=file.path, remedy="give an OFA checkpoint"
        )
    dtype = getattr(torch, storage.kind.removeprefix("torch.").removesuffix("Storage").lower(), None)
    dtype = dtype or {"torch.CharStorage": torch.int8, "torch.ByteStorage": torch.uint8}[storage.kind]
    width, count = ELEMENT_BYTES[storage.kind], math.prod(shape)
    if count == 0:
        return torch.empty(shape, dtype=dtype)
    offset, length = file.places.get(storage.key, (0, 0))
    last = start + sum((extent - 1) * stride for extent, stride in zip(shape, strides, strict=True))
    if (last + 1) * width > length or count * width > length:
        raise InputError(f"{shown(name)} reaches beyond its numbers", file=file.path, remedy="download it again")
    offset += start * width
    span = last + 1 - start
    if offset % width:
        numbers = torch.frombuffer(bytearray(mapped[offset : offset + span * width]), dtype=dtype)
    else:
        numbers = torch.frombuffer(mapped, dtype=dtype, count=span, offset=offset)
    return numbers.as_strided(shape, strides)

"""Reading a checkpoint: a Hugging Face folder, or one file of fairseq's or ours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.errors import InputError
from mibench.ofa.conversion.names import EMBEDDING, TIED, to_hugging_face_names
from mibench.ofa.conversion.tensors import is_tensor, make_tensor, map_file
from mibench.ofa.inert_records import attributes
from mibench.ofa.torch_file import read_torch_file

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Source:
    """A checkpoint in hand.

    Attributes:
        form: `fairseq` or `Hugging Face`.
        tensors: by Hugging Face name.
        declared: settings that the checkpoint's own config.json states.
        arguments: fairseq's training arguments.

    """

    form: str
    tensors: Mapping[str, "Tensor"]
    declared: Mapping[str, object] = field(default_factory=dict)
    arguments: Mapping[str, object] = field(default_factory=dict)


def read_source(checkpoint: Path) -> Source:
    """Read a checkpoint without running anything in it; tensors are mapped, not copied, where the file allows.

    Args:
        checkpoint: a Hugging Face folder (config.json with model.safetensors or pytorch_model.bin, in shards too), or
            one file: fairseq's `.pt`, or a state dict as `.bin`, `.pt` or `.safetensors`.

    Raises:
        InputError: there is none, or it is broken, hostile or of another kind.

    """
    if not checkpoint.is_dir():
        source = _read_weights(checkpoint)
        if not source.tensors.keys() & {EMBEDDING, *TIED}:
            raise InputError("holds no OFA weights: no token embedding", file=checkpoint, remedy="give another file")
        return source
    declared = read_json(checkpoint / "config.json", "give a folder with config.json, or fairseq's .pt")
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (checkpoint / name).is_file():
            return Source("Hugging Face", _read_weights(checkpoint / name).tensors, declared)
        index = checkpoint / f"{name}.index.json"
        if index.is_file():
            return Source("Hugging Face", _read_shards(index), declared)
    raise InputError("holds neither model.safetensors nor pytorch_model.bin", file=checkpoint, remedy="complete it")


def read_json(file: Path, remedy: str) -> dict[str, object]:
    """Read a file of one JSON object; the remedy is what an error advises.

    Raises:
        InputError: it cannot be read or holds something else.

    """
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file, remedy=remedy) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON: {error}", file=file, remedy=remedy) from None
    if not isinstance(found, dict):
        raise InputError("holds no JSON object", file=file, remedy=remedy)
    return found


def _read_shards(index: Path) -> dict[str, "Tensor"]:
    places = read_json(index, "download it again").get("weight_map")
    shards = list(places.values()) if isinstance(places, dict) else []
    tensors: dict[str, Tensor] = {}
    for shard in shards:
        if not isinstance(shard, str) or Path(shard).name != shard or "\\" in shard:
            raise InputError(f"names a shard outside its folder: {str(shard)[:80]!r}", file=index, remedy="mend it")
    for shard in sorted(set(shards)):
        tensors |= _read_weights(index.parent / shard).tensors
    if not tensors:
        raise InputError("names no shards", file=index, remedy="download it again")
    return tensors


def _read_weights(file: Path) -> Source:
    if file.suffix == ".safetensors":
        return Source("Hugging Face", to_hugging_face_names(_read_safetensors(file)))
    found = read_torch_file(file)
    whole = attributes(found.value)
    model = attributes(whole.get("model"))
    state = model or whole
    mapped = map_file(file)
    tensors = {name: make_tensor(name, value, found, mapped) for name, value in state.items() if is_tensor(value)}
    form = "fairseq" if model else "Hugging Face"
    arguments = attributes(whole.get("args")) | attributes(attributes(whole.get("cfg")).get("model")) if model else {}
    return Source(form, to_hugging_face_names(tensors), arguments=arguments)


def _read_safetensors(file: Path) -> dict[str, "Tensor"]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except OSError as error:
        fault = error.strerror or error
        raise InputError(f"cannot be read: {fault}", file=file, remedy="complete the folder") from None
    except SafetensorError as error:
        raise InputError(f"broken: {error}", file=file, remedy="download it again") from None

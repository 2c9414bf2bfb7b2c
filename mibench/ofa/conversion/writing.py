"""The folder that a conversion writes."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.errors import InputError
from mibench.ofa.conversion.architecture import Setting
from mibench.ofa.conversion.sources import read_json

if TYPE_CHECKING:
    from torch import Tensor

TOKENIZER_FILES = ("vocab.json", "merges.txt")
_CODES_AND_BINS = 8192 + 1000


def tokenizer_files(checkpoint: Path, tokenizer: Path | None) -> tuple[Path, ...]:
    """Return the tokenizer's files, from its folder or else the checkpoint's, which may have none.

    Raises:
        InputError: the folder lacks one of the two.

    """
    folder = tokenizer or checkpoint
    files = tuple(folder / name for name in TOKENIZER_FILES)
    present = tuple(file for file in files if file.is_file())
    if len(present) == len(files) or (tokenizer is None and not present):
        return present
    raise InputError("lacks vocab.json or merges.txt", file=folder, remedy="--tokenizer DIR names a folder with both")


def notes_on_tokenizer(config: Mapping[str, Setting], carried: tuple[Path, ...]) -> tuple[str, ...]:
    """Return what a reader should know of the tokenizer's files, each a sentence."""
    if not carried:
        return ("no vocab.json and merges.txt: put them into the folder, or convert with --tokenizer DIR",)
    pieces = len(read_json(carried[0], "take it from the model's own folder"))
    if pieces + _CODES_AND_BINS == config["vocab_size"]:
        return ()
    return (f"vocab.json has {pieces} pieces; with image codes and bins, not the model's {config['vocab_size']}",)


def write_folder(
    output: Path, weights: Mapping[str, "Tensor"], config: Mapping[str, Setting], carried: Iterable[Path]
) -> None:
    """Write the folder beside its place and then rename it, so that a failure leaves nothing."""
    from safetensors.torch import save_file

    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.parent / f".{output.name}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        save_file(_apart(weights), partial / "model.safetensors", metadata={"format": "pt"})
        (partial / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        for file in carried:
            shutil.copyfile(file, partial / file.name)
        if output.exists():
            output.rmdir()
        partial.rename(output)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _apart(weights: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """Give each tensor numbers of its own, as safetensors wants them."""
    places = Counter(tensor.data_ptr() for tensor in weights.values())
    return {
        name: (tensor.clone() if places[tensor.data_ptr()] > 1 else tensor).contiguous()
        for name, tensor in weights.items()
    }

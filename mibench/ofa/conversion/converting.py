"""The conversion from end to end, and the report of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.errors import InputError
from mibench.ofa.conversion.architecture import Setting, expected_shapes, size_name
from mibench.ofa.conversion.names import EMBEDDING, REBUILDABLE, TIED, shown
from mibench.ofa.conversion.settings import settle_config
from mibench.ofa.conversion.sources import Source, read_source
from mibench.ofa.conversion.writing import notes_on_tokenizer, tokenizer_files, write_folder

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Report:
    """What a conversion found and wrote.

    Attributes:
        form: the checkpoint's form, `fairseq` or `Hugging Face`.
        size: a released size's name, or `custom`.
        parameters: numbers in the weights that were written, batch-norm statistics among them.
        precisions: how many tensors there are of each number format.
        dropped: names left out because they can be rebuilt, or repeat the token embedding.
        unexpected: names left out because the model has no place for them.
        notes: what a reader should know, each a sentence.

    """

    form: str
    size: str
    tensors: int
    parameters: int
    precisions: Mapping[str, int]
    config: Mapping[str, Setting]
    dropped: tuple[str, ...]
    unexpected: tuple[str, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]


def convert(
    checkpoint: Path,
    output: Path,
    overrides: Mapping[str, Setting] | None = None,
    *,
    tokenizer: Path | None = None,
    drop_unexpected: bool = False,
    watch: Callable[[str], object] = lambda _: None,
) -> Report:
    """Convert a checkpoint to a folder of model.safetensors, config.json and tokenizer files.

    Nothing in the checkpoint is run. The folder is written beside its place and then renamed, so that a failure leaves
    nothing. The numbers keep their precision.

    Args:
        checkpoint: as `read_source` takes it.
        output: the folder to make; it may stand there only if it is empty.
        overrides: settings that go before what the checkpoint says, and fairseq's `disable_entangle`,
            `no_scale_embedding`.
        tokenizer: the folder of vocab.json and merges.txt; the checkpoint's own where it is left out.
        drop_unexpected: leave out tensors that the model has no place for, instead of refusing them.
        watch: is told each step as it begins.

    Raises:
        InputError: the checkpoint is broken or hostile, contradicts itself, leaves a setting open, lacks a weight, has
            one of the wrong shape, or has some that the model has no place for; or the output is taken.

    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError("exists already", file=output, remedy="choose another place, or remove it")
    carried = tokenizer_files(checkpoint, tokenizer)
    watch("reading the checkpoint")
    try:
        source = read_source(checkpoint)
        needed = {name: tensor for name, tensor in source.tensors.items() if not REBUILDABLE.search(name)}
        needed = _untie(needed)
        watch("settling the architecture")
        config = settle_config(Source(source.form, needed, source.declared, source.arguments), overrides or {})
        watch("comparing names and shapes")
        expected = expected_shapes(config)
        faults = _compare(needed, expected)
        if faults:
            raise InputError(_listed("does not fit the model", faults), remedy="give a whole OFA checkpoint")
        unexpected = tuple(sorted(needed.keys() - expected.keys()))
        heads = [name for name in unexpected if name.startswith("classification_heads.")]
        if len(unexpected) > len(heads) and not drop_unexpected:
            strange = [name for name in unexpected if name not in heads]
            message = _listed("has tensors that the model has no place for", [*map(shown, strange)])
            raise InputError(message, remedy="--drop-unexpected leaves them out, and the answers may change")
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.message, file=checkpoint, remedy=error.remedy) from None
    weights = {name: needed[name] for name in sorted(expected)}
    notes = notes_on_tokenizer(config, carried)
    watch("writing")
    write_folder(output, weights, config, carried)
    return Report(
        form=source.form,
        size=size_name(config),
        tensors=len(weights),
        parameters=sum(tensor.numel() for tensor in weights.values()),
        precisions=dict(Counter(str(tensor.dtype).removeprefix("torch.") for tensor in weights.values())),
        config=config,
        dropped=tuple(sorted(source.tensors.keys() - weights.keys() - set(unexpected))),
        unexpected=tuple(map(shown, unexpected)),
        files=("config.json", "model.safetensors", *(file.name for file in carried)),
        notes=notes,
    )


def _untie(tensors: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """Keep the token embedding once, under its own name.

    Raises:
        InputError: its copies differ.

    """
    import torch

    kept = {name: tensor for name, tensor in tensors.items() if name not in TIED}
    for name in sorted(tensors.keys() & set(TIED)):
        copy, matrix = tensors[name], kept.setdefault(EMBEDDING, tensors[name])
        if copy.data_ptr() != matrix.data_ptr() and (copy.dtype != matrix.dtype or not torch.equal(copy, matrix)):
            raise InputError(f"{name} differs from {EMBEDDING}", remedy="OFA shares one matrix; give such a checkpoint")
    return kept


def _compare(tensors: Mapping[str, "Tensor"], expected: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return a fault for each weight that is missing or has the wrong shape or kind."""
    faults = []
    for name, shape in expected.items():
        found = tensors.get(name)
        if found is None:
            faults.append(f"{name} is missing")
        elif tuple(found.shape) != shape:
            faults.append(f"{name} is {list(found.shape)}, not {list(shape)}")
        elif not found.is_floating_point():
            faults.append(f"{name} holds {str(found.dtype).removeprefix('torch.')}")
    return faults


def _listed(message: str, faults: list[str], most: int = 12) -> str:
    more = f"; and {len(faults) - most} more" if len(faults) > most else ""
    return f"{message}: {'; '.join(faults[:most])}{more}"

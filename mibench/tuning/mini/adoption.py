"""A stage whose published weights stand in place of its training, so that what comes after it can be made from them."""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file, save_model

from mibench.adapters.loading import load_weights
from mibench.errors import InputError
from mibench.ofa import OFAForConditionalGeneration, OFAProcessor
from mibench.tuning.mini.model import mini_config
from mibench.tuning.mini.recipe import MiniModel
from mibench.whole_file import write_whole

RECORD = "adopted.json"
"""In the folder of a stage: which weights it was taken from."""
_VOCABULARY = "tokenizer.json"
_REMEDY = "give weights that this recipe has made"
_OF_THE_FILE = {"architectures", "dtype", "transformers_version"}
"""Entries of a configuration that say how the weights were written."""


def adopt(published: Path, stage: Path, trunk: Path, processor: Path, architecture: MiniModel) -> None:
    """Write the folder of a stage and the weights of the trunk from published weights, in fp32 whatever they are in.

    Args:
        published: a model in Hugging Face form, as a stage leaves it in `published/`.
        stage: the folder of the stage, which is not trained yet.
        trunk: the file of the trunk's weights, not trained yet either.
        processor: the folder of the recipe's own processor.
        architecture: of the recipe.

    Raises:
        InputError: the weights are of another architecture or vocabulary, or something is trained there already.

    """
    record = _record(published / "model.safetensors")
    if (stage / RECORD).exists() and (stage / RECORD).read_text(encoding="utf-8") == record:
        return
    if (stage / RECORD).exists() or (stage / "done.json").exists() or trunk.exists():
        raise InputError("holds a training already", file=trunk.parent.parent, remedy="another --output")
    model = load_weights(str(published), OFAForConditionalGeneration, dtype=torch.float32, local_files_only=True)
    _check(published, model, processor, architecture)
    for folder in (trunk.parent, stage):
        folder.mkdir(parents=True, exist_ok=True)
    save_model(model, str(stage / "model.safetensors"))
    shutil.copytree(published, stage / "published", dirs_exist_ok=True)
    save_file(model.encoder.embed_images.state_dict(), trunk)
    write_whole(stage / RECORD, record.encode())


def _record(weights: Path) -> str:
    try:
        with weights.open("rb") as file:
            return json.dumps({"sha256": hashlib.file_digest(file, "sha256").hexdigest()}, indent=1) + "\n"
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=weights, remedy=_REMEDY) from None


def _check(published: Path, model: OFAForConditionalGeneration, processor: Path, architecture: MiniModel) -> None:
    vocabulary = published / _VOCABULARY
    if not vocabulary.exists() or vocabulary.read_bytes() != (processor / _VOCABULARY).read_bytes():
        raise InputError("is not the vocabulary that the recipe makes", file=vocabulary, remedy=_REMEDY)
    wanted = mini_config(architecture, OFAProcessor.from_pretrained(processor)).to_diff_dict()
    found = model.config.to_diff_dict()
    if other := [name for name in wanted.keys() - _OF_THE_FILE if wanted[name] != found.get(name)]:
        message = f"{min(other)} is {found.get(min(other))}, but the recipe's is {wanted[min(other)]}"
        raise InputError(message, file=published / "config.json", remedy=_REMEDY)

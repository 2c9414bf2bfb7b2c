"""An OFA as a folder in Hugging Face form, written whole or not at all."""

import copy
import shutil
from pathlib import Path

import torch

from mibench.ofa import OFAForConditionalGeneration, OFAProcessor


def export(model: OFAForConditionalGeneration, processor: OFAProcessor, folder: Path, dtype: str = "fp32") -> None:
    """Write configuration, vocabulary, image settings and weights as safetensors; `ofa` takes the folder as its path.

    Args:
        model: left as it is.
        processor: that belongs to it.
        folder: replaced where it exists.
        dtype: fp32 or fp16.

    """
    partial = folder.parent / f".{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    written = copy.deepcopy(model) if dtype == "fp16" else model
    if dtype == "fp16":
        torch.nn.Module.half(written)
    written.save_pretrained(partial)
    processor.save_pretrained(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)

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
    if dtype == "fp16":
        weights = {
            name: value.half() if value.dtype == torch.float32 else value for name, value in model.state_dict().items()
        }
        model.save_pretrained(partial, state_dict=weights)
        config = copy.deepcopy(model.config)
        config.dtype = torch.float16
        config.save_pretrained(partial)
    else:
        model.save_pretrained(partial)
    processor.save_pretrained(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)

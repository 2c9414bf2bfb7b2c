"""Small random OFA models in folders, and looks made by hand."""

import numpy as np
import torch

from mibench.analysis.attention import Look, Question, ReadText
from mibench.ofa import OFAConfig, OFAForConditionalGeneration, OFAImageProcessor
from tests.builders import request
from tests.ofa.builders import make_tokenizer
from tests.ofa.conftest import SMALL


def make_model(folder, seed=0, **changes):
    """Write a small random model, and return its folder."""
    tokenizer = make_tokenizer(folder)
    config = OFAConfig(**SMALL | {"vocab_size": len(tokenizer), "max_position_embeddings": 1024} | changes)
    torch.manual_seed(seed)
    model = OFAForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    OFAImageProcessor(size=64).save_pretrained(folder)
    return folder


def hand_made_look(shares, group="g"):
    """Return a look with these shares, [layers, steps, regions], at a prompt without a picture."""
    shares = np.array(shares, float)
    question = Question(request(), [], group)
    even = np.full(shares.shape[-1], 0.2)
    return Look(question, "yes", ReadText("", [], []), (0, 0), shares, even, np.array([0.5, 0.5]))

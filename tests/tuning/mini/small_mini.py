"""A processor, a model and rows of the seen world, as small as they can be."""

import functools

import torch

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Scenes, draw_example
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.ofa import OFAImageProcessor, OFAProcessor
from mibench.prompts import prompt_pieces
from mibench.tuning.mini.model import mini_config
from mibench.tuning.mini.recipe import MiniModel
from mibench.tuning.mini.rows import row_of
from mibench.tuning.mini.vocabulary import train_tokenizer

SCENES = Scenes()
PICTURES = 60
ARCHITECTURE = MiniModel(
    width=32,
    heads=4,
    encoder_layers=2,
    decoder_layers=2,
    ffn=32,
    trunk=(4, 4, 4),
    image_size=64,
    bins=25,
    pieces=500,
)
SIDE = 4
"""Rows, and columns, of patches of this architecture's pictures."""
NO_PICTURE = [family for family in FAMILIES.values() if family.worlds is None]
WITH_PICTURES = [family for family in FAMILIES.values() if family.worlds is not None]


def example(family, index=0, split="train"):
    return draw_example(family, SCENES, split, index, pictures=PICTURES)


def templates(family, fields):
    known = wordings(family)
    return (bare_template(family, tuple(fields)), *known.seen, *known.unseen)


@functools.cache
def processor():
    texts = []
    for family in FAMILIES.values():
        question = example(family).question
        texts += [
            "".join(piece.text for piece in prompt_pieces(wording, question.fields, question.options))
            for wording in templates(family, question.fields)[::8]
        ]
        texts.append(question.target)
    tokenizer = train_tokenizer(texts, size=ARCHITECTURE.pieces, bins=ARCHITECTURE.bins)
    return OFAProcessor(OFAImageProcessor(size=ARCHITECTURE.image_size), tokenizer)


def row(name, index=0, wording=0):
    """Return a row of a family; its wording 0 is the bare one."""
    family = FAMILIES[name]
    drawn = example(family, index)
    return row_of(drawn, templates(family, drawn.question.fields)[wording], processor(), SIDE)


def model(**changes):
    """Return a new model, in which nothing is zero or one."""
    from mibench.ofa import OFAForConditionalGeneration

    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = OFAForConditionalGeneration(mini_config(ARCHITECTURE.model_copy(update=changes), processor()))
        with torch.no_grad():
            for value in made.parameters():
                value.add_(0.2 * torch.randn_like(value))
    return made.eval()


def features(*rows):
    """Return made-up features of the pictures that rows are about, float16 by kind."""
    generator = torch.Generator().manual_seed(0)
    names = sorted({found.picture[0] for found in rows} - {""})
    shape = (PICTURES, SIDE, SIDE, 4 * ARCHITECTURE.trunk[-1])
    return {name: torch.randn(shape, generator=generator).half() for name in names}

"""The bundled small model before training: configuration, vocabulary, first values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from mibench.data.mini.seen.family import Family, Scenes, draw_examples
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.ofa import OFAConfig, OFAForConditionalGeneration, OFAImageProcessor, OFAProcessor
from mibench.ofa.configuration import TRUNKS
from mibench.ofa.tokenizer import clean_text
from mibench.ofa.trunk import Bottleneck, NormedConv, Trunk
from mibench.prompts import prompt_pieces
from mibench.tuning.mini.initial import start
from mibench.tuning.mini.recipe import MiniModel, MiniRecipe
from mibench.tuning.mini.trunk import grid_of
from mibench.tuning.mini.vocabulary import train_tokenizer

MOST_TOKENS = 512
_RESNET = "resnet18"
_EXAMPLES = 400
_SAMPLE = 20000
_WHITENING = 0.1
_BRANCH = 0.5
"""Weight of a residual branch at the start: statistics are stored once, and never updated."""


def mini_processor(recipe: MiniRecipe, families: Iterable[Family], scenes: Scenes) -> OFAProcessor:
    """Return the processor, with a vocabulary made of the seen families' prompts and answers."""
    texts = _texts(families, scenes, recipe.pictures.train)
    tokenizer = train_tokenizer(texts, size=recipe.model.pieces, bins=recipe.model.bins)
    return OFAProcessor(OFAImageProcessor(size=recipe.model.image_size), tokenizer)


def _texts(families: Iterable[Family], scenes: Scenes, pictures: int) -> Iterator[str]:
    for family in families:
        templates = wordings(family).seen
        for place, example in enumerate(draw_examples(family, scenes, "train", _EXAMPLES, pictures=pictures)):
            question = example.question
            for template in (templates[place % len(templates)], bare_template(family, tuple(question.fields))):
                pieces = prompt_pieces(template, question.fields, question.options)
                yield clean_text("".join(piece.text for piece in pieces))
            yield clean_text(question.target)


def mini_config(model: MiniModel, processor: OFAProcessor) -> OFAConfig:
    """Return the configuration of a recipe's model."""
    return OFAConfig(
        vocab_size=len(processor.tokenizer),
        d_model=model.width,
        encoder_layers=model.encoder_layers,
        decoder_layers=model.decoder_layers,
        encoder_ffn_dim=model.ffn,
        decoder_ffn_dim=model.ffn,
        encoder_attention_heads=model.heads,
        decoder_attention_heads=model.heads,
        resnet_type=_RESNET,
        resnet_widths=model.trunk,
        image_bucket_size=side_of(model),
        max_position_embeddings=MOST_TOKENS,
        dropout=0.0,
        entangle_position_embedding=True,
    )


def side_of(model: MiniModel) -> int:
    """Return the rows, and columns, of patches in a picture."""
    return grid_of(model.image_size)[0]


def mini_model(
    recipe: MiniRecipe,
    processor: OFAProcessor,
    trunk: Mapping[str, Tensor],
    features: Sequence[Tensor],
    plain: tuple[str, ...] = (),
) -> OFAForConditionalGeneration:
    """Return the model with its first values and a trained trunk, which stays as it is.

    Args:
        recipe: its architecture and seed.
        processor: its vocabulary.
        trunk: weights of the trunk.
        features: of the trunk over pictures of each kind; the first map of patches evens them out.
        plain: parts of the initial values to leave out, see `start`.

    """
    torch.manual_seed(recipe.seed)
    model = OFAForConditionalGeneration(mini_config(recipe.model, processor))
    start(model, bins=recipe.model.bins, side=side_of(recipe.model), seed=recipe.seed, plain=plain)
    model.encoder.embed_images.load_state_dict(trunk)
    model.encoder.embed_images.requires_grad_(False)
    _even_out(model, features)
    return model


def new_trunk(recipe: MiniRecipe) -> Trunk:
    """Return the trunk before training."""
    torch.manual_seed(recipe.seed)
    trunk = Trunk(TRUNKS[_RESNET], widths=recipe.model.trunk)
    for module in trunk.modules():
        if isinstance(module, Bottleneck):
            torch.nn.init.constant_(module.bn3.weight, _BRANCH)
        if isinstance(module, NormedConv):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return trunk


@torch.no_grad()
def _even_out(model: OFAForConditionalGeneration, features: Sequence[Tensor]) -> None:
    """Start the map of patches as one to their principal components, nearly all of equal weight, of norm 2 together."""
    each = max(1, _SAMPLE // max(len(features), 1))
    sample = torch.cat(
        [kind.flatten(0, 2)[:: max(1, kind.flatten(0, 2).shape[0] // each)].float() for kind in features]
    )
    mean = sample.mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov((sample - mean).T))
    projection = model.encoder.image_proj
    count = min(projection.out_features, len(values))
    kept, basis = values[-count:], vectors[:, -count:]
    weight = torch.zeros_like(projection.weight)
    weight[:count] = (basis / (kept + _WHITENING * kept.mean()).clamp(min=1e-8).sqrt()).T
    spun, _ = torch.linalg.qr(torch.randn(len(weight), len(weight), generator=torch.Generator().manual_seed(1)))
    weight = spun @ weight
    norm = ((sample - mean) @ weight.T).norm(dim=1).mean()
    projection.weight.copy_(weight * 2 / norm)
    assert projection.bias is not None
    projection.bias.copy_(-(projection.weight @ mean))

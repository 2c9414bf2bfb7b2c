"""A small random T5 with a tokenizer, made on the spot; it loads as any T5 does."""

import string
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

TEXTS = (
    "Is the statement about the picture true? Answer yes or no. Options: yes, no, maybe, neither, it does not say.",
    "Which word do the two sentences share? Give one word of the first sentence that stands in the second as well.",
    "The small river runs past seven old mills, and the miller's daughter counts the boats on it every morning.",
    "Premise: a man rides a horse over the hill. Hypothesis: nobody is outside. Label: contradiction, entailment.",
    "What follows from this? The children forgot their umbrellas, so they came home wet and tired, 12 of 30.",
)
SPECIAL = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "bos_token": "<s>"}


def make_tokenizer(
    longest: int | None = None,
    template: str = "$A </s>",
    texts: Iterable[str] = TEXTS,
    size: int = 300,
) -> PreTrainedTokenizerFast:
    """Train a tokenizer in the manner of T5's, which ends each text with `</s>`.

    Args:
        longest: tokens that it says the model reads; by default it does not say.
        template: where the special tokens stand.
        texts: what it learns its pieces from.
        size: how many it learns at most.

    """
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trained.decoder = decoders.Metaspace()
    special = list(SPECIAL.values())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=[*string.printable], show_progress=False
    )
    trained.train_from_iterator(texts, trainer)
    ends = [(token, special.index(token)) for token in ("</s>", "<s>")]
    trained.post_processor = processors.TemplateProcessing(single=template, special_tokens=ends)
    known = {} if longest is None else {"model_max_length": longest}
    return PreTrainedTokenizerFast(tokenizer_object=trained, **known, **SPECIAL)


def make_t5(folder: Path, tokenizer: PreTrainedTokenizerFast, **changes: object) -> Path:
    """Write a model and its tokenizer into a folder; `changes` are to its configuration."""
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    settings = {
        "vocab_size": len(tokenizer),
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 4,
        "decoder_start_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
    }
    model = T5ForConditionalGeneration(T5Config(**settings | changes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
        model.lm_head.weight[tokenizer.eos_token_id] *= 3  # so that answers end, some early and some late
    model.save_pretrained(folder)
    return folder

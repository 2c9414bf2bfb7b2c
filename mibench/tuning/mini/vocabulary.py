"""A subword vocabulary of our own: byte-level BPE, so that no text has unknown words."""

import json
from collections.abc import Iterable

from tokenizers import Tokenizer, normalizers, pre_tokenizers, trainers
from tokenizers.models import BPE

from mibench.ofa.tokenizer import FIRST_PIECES, OFATokenizer


def train_tokenizer(texts: Iterable[str], *, size: int, bins: int) -> OFATokenizer:
    """Return a tokenizer whose pieces are those that save most in these texts.

    Args:
        texts: prompts and answers as a model reads and writes them, bins written as `<bin_k>` left out.
        size: most pieces, the first four included; short texts give fewer.
        bins: number of location bins.

    """
    trained = Tokenizer(BPE())
    trained.normalizer = normalizers.Lowercase()
    spaced = pre_tokenizers.Metaspace(replacement=" ", prepend_scheme="first", split=False)
    trained.pre_tokenizer = pre_tokenizers.Sequence([spaced, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*FIRST_PIECES, "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(texts, trainer)
    model = json.loads(trained.to_str())["model"]
    merges = [(first, second) for first, second in model["merges"]]
    return OFATokenizer(model["vocab"], merges, num_codes=0, num_bins=bins)

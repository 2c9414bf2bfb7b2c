"""OFA's vocabulary: byte-level BPE in BART's order, then image codes `<code_k>`, then location bins `<bin_k>`.

Facts by OFA-Sys/OFA: text enters in lower case after one space, between `<s>` and `</s>`. A box is four bins, each the
nearest to the coordinate's share of the image side.
"""

import math
import re
from collections.abc import Sequence
from os import PathLike
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

from mibench.errors import InputError

Box = tuple[float, float, float, float]
"""Left, top, right and bottom edge in pixels."""
Vocab = str | PathLike[str] | dict[str, int]
Merges = str | PathLike[str] | Sequence[tuple[str, str]]

CODES, BINS = 8192, 1000
"""Image codes and location bins of the published models."""

FIRST_PIECES = ("<s>", "<pad>", "</s>", "<unk>")
LEADING_PUNCTUATION = ",.!?*#:;~"

_TO_SPACES = str.maketrans("-/", "  ")
_SPACES = re.compile(r"\s{2,}")
FOUR_BINS = re.compile(r"\s*".join([r"<bin_([0-9]{1,9})>"] * 4))
"""Matches a box written as bins; its groups are their numbers."""


def clean_text(text: str, *, caption: bool = False, max_words: int | None = None) -> str:
    """Return a question, or a caption, as OFA's data code cleans it (`pre_question`, `pre_caption`).

    Lower case, no punctuation in front, spaces in place of `-` and `/`, runs of white space as one space. In a caption
    `<person>` becomes a word. What lies beyond `max_words` is cut.
    """
    text = text.lower().lstrip(LEADING_PUNCTUATION).translate(_TO_SPACES)
    if caption:
        text = text.replace("<person>", "person")
    text = _SPACES.sub(" ", text).rstrip("\n").strip(" ")
    return " ".join(text.split(" ")[:max_words])


class OFATokenizer(PreTrainedTokenizerFast):
    """Text and boxes to token ids, and back.

    Loads from a folder of `vocab.json` and `merges.txt`, as published, or from what `save_pretrained` wrote. A text
    becomes `<s> text </s>`. A space is put in front unless one is there, and `decode` takes one away. Special tokens
    written in a text are text; codes and bins written in it are themselves, and take the spaces before them with them.

    Args:
        vocab: the file `vocab.json`, or pieces and their ids.
        merges: the file `merges.txt`, or pairs of pieces.
        num_codes: number of image codes, which follow the pieces.
        num_bins: number of location bins, which follow the codes.
        bin_span: the share of the bins that an image's side takes up. 1 unless boxes were divided by another side than
            the image's own: OFA-Sys/OFA divides by its `max_image_size`, 512, also where the images are smaller.
        do_lower_case: whether text is lowered, character by character.

    Raises:
        InputError: the files cannot be read, or are not in BART's order.

    """

    vocab_files_names = {  # noqa: RUF012
        "vocab_file": "vocab.json",
        "merges_file": "merges.txt",
        "tokenizer_file": "tokenizer.json",
    }
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012
    model = BPE  # type: ignore[assignment]

    def __init__(
        self,
        vocab: Vocab | None = None,
        merges: Merges | None = None,
        *,
        num_codes: int = CODES,
        num_bins: int = BINS,
        bin_span: float = 1.0,
        do_lower_case: bool = True,
        **kwargs: Any,
    ) -> None:
        self.num_codes = num_codes
        self.num_bins = num_bins
        self.bin_span = bin_span
        self._tokenizer = _backend(*_pieces_and_merges(vocab, merges), do_lower_case)
        tokens = [f"<code_{k}>" for k in range(num_codes)] + [f"<bin_{k}>" for k in range(num_bins)]
        self._tokenizer.add_tokens([AddedToken(token, lstrip=True, normalized=False) for token in tokens])
        first, padding, last, unknown = FIRST_PIECES
        defaults = {
            "bos_token": first,
            "cls_token": first,
            "pad_token": padding,
            "eos_token": last,
            "sep_token": last,
            "unk_token": unknown,
            "mask_token": "<mask>",
            "split_special_tokens": True,
            "clean_up_tokenization_spaces": False,
            "model_max_length": 1024,
        }
        super().__init__(  # type: ignore[no-untyped-call]
            num_codes=num_codes,
            num_bins=num_bins,
            bin_span=bin_span,
            do_lower_case=do_lower_case,
            **(defaults | kwargs),
        )

    def save_pretrained(self, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        """Save as the base class does, without the padding and truncation that the last call left behind."""
        self.backend_tokenizer.no_padding()
        self.backend_tokenizer.no_truncation()
        saved: tuple[str, ...] = super().save_pretrained(*args, **kwargs)
        return saved

    def encode_box(self, box: Sequence[float], width: float, height: float) -> list[str]:
        """Return the four bins of a box in an image of this size; edges beyond the image are moved to its border.

        Raises:
            InputError: not four finite numbers, an image without extent, or a vocabulary without bins.

        """
        last = self._last_bin(width, height)
        if len(box) != 4 or not all(map(math.isfinite, box)):
            raise InputError(f"{list(box)!r:.80} is not a box", remedy="left, top, right and bottom edge")
        shares = (min(max(edge / side, 0.0), 1.0) for edge, side in zip(box, (width, height) * 2, strict=True))
        return [f"<bin_{round(share * last)}>" for share in shares]

    def decode_boxes(self, answer: str | Sequence[int], width: float, height: float) -> list[Box]:
        """Return the boxes of an image of this size that a text, or its token ids, writes as four bins each.

        Raises:
            InputError: an image without extent, or a vocabulary without bins.

        """
        text = answer if isinstance(answer, str) else str(self.decode(list(answer)))
        return [self.box_of_bins(match, width, height) for match in FOUR_BINS.finditer(text)]

    def box_of_bins(self, match: re.Match[str], width: float, height: float) -> Box:
        """Return the box that a match of `FOUR_BINS` stands for; bins beyond the image count as its border.

        Raises:
            InputError: an image without extent, or a vocabulary without bins.

        """
        last = self._last_bin(width, height)
        left, top, right, bottom = (min(int(number) / last, 1.0) for number in match.groups())
        return left * width, top * height, right * width, bottom * height

    def _last_bin(self, width: float, height: float) -> float:
        """Return the number, whole or not, of the bin at the far border of an image."""
        if self.num_bins < 2:
            raise InputError(
                "the vocabulary has no location bins", remedy="give num_bins, 1000 in the published models"
            )
        if not (0 < width < math.inf and 0 < height < math.inf):
            raise InputError(f"an image of {width} x {height} holds no boxes", remedy="give its width and height")
        return (self.num_bins - 1) * self.bin_span


def _backend(pieces: dict[str, int], merges: Sequence[tuple[str, str]], lower: bool) -> Tokenizer:
    backend = Tokenizer(BPE(vocab=pieces, merges=list(merges)))
    if lower:
        backend.normalizer = normalizers.Lowercase()
    spaced = pre_tokenizers.Metaspace(replacement=" ", prepend_scheme="first", split=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([spaced, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    space_before = [decoders.Replace(Regex(f"^<{kind}_"), f" <{kind}_") for kind in ("code", "bin")]
    backend.decoder = decoders.Sequence([*space_before, decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
    first, _, last, _ = FIRST_PIECES
    backend.post_processor = processors.RobertaProcessing(
        (last, pieces[last]), (first, pieces[first]), trim_offsets=True, add_prefix_space=False
    )
    return backend


def _pieces_and_merges(vocab: Vocab | None, merges: Merges | None) -> tuple[dict[str, int], Sequence[tuple[str, str]]]:
    if vocab is None or merges is None:
        raise InputError("a vocabulary needs both vocab.json and merges.txt", remedy="complete the model's folder")
    file = None if isinstance(vocab, dict) else str(vocab)
    try:
        if isinstance(vocab, dict) and not isinstance(merges, str | PathLike):
            pieces, pairs = vocab, merges
        else:
            pieces, pairs = BPE.read_file(str(vocab), str(merges))
        BPE(vocab=pieces, merges=list(pairs))
    except Exception as error:  # the library raises nothing narrower
        message = f"vocab.json and merges.txt cannot be read together: {error}"
        raise InputError(message, file=file, remedy="take both anew, from one model") from None
    ordered = all(pieces.get(piece) == number for number, piece in enumerate(FIRST_PIECES))
    if not ordered or sorted(pieces.values()) != list(range(len(pieces))):
        order = ", ".join(f"{piece}={number}" for number, piece in enumerate(FIRST_PIECES))
        raise InputError(
            "the vocabulary is not in BART's order", file=file, remedy=f"{order}, then pieces without gaps"
        )
    return pieces, pairs

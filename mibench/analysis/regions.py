"""Which token of a prompt comes from the instruction, from an input field, or from the options.

The ends of the pieces of a prompt are followed through what a model's text goes through before it becomes tokens:
cutting, boxes as bins, cleaning.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, takewhile

from mibench.instances import Request
from mibench.ofa.tokenizer import clean_text
from mibench.prompts import Piece

REGIONS = ("instruction", "fields", "options", "image", "other")
"""Where attention may fall; `other` is the marks of start and end, and padding, which gets none."""
INSTRUCTION, FIELDS, OPTIONS, IMAGE, OTHER = range(len(REGIONS))

_WORD = re.compile(r"\S+")


def piece_regions(pieces: Sequence[Piece]) -> list[int]:
    """Return the region of each piece, as its place in `REGIONS`."""
    return [{"": INSTRUCTION, "options": OPTIONS}.get(piece.field, FIELDS) for piece in pieces]


def piece_ends(pieces: Sequence[Piece]) -> list[int]:
    """Return where each piece ends in the prompt, in characters."""
    return list(accumulate(len(piece.text) for piece in pieces))


def ends_after_cut(ends: Sequence[int], request: Request, text: str) -> list[int]:
    """Follow the ends into what was left of a prompt that is longer than the model reads (`Cutter`).

    Args:
        ends: in the whole prompt.
        request: whose prompt it is.
        text: what was left: the end of `request.cut` is gone, or that of the prompt.

    """
    before, found, after = request.prompt.partition(request.cut) if request.cut else (request.prompt, "", "")
    kept = len(text)
    if found and kept >= len(before) + len(after) and text.endswith(after):
        kept -= len(after)
    gone = len(request.prompt) - len(text)
    return [end if end <= kept else max(kept, end - gone) for end in ends]


def ends_after_bins(ends: Sequence[int], text: str, binned: str) -> list[int]:
    """Follow the ends into a text whose boxes became bins, which keeps the number of its words.

    Args:
        ends: in the text.
        text: with boxes as numbers.
        binned: the same with bins.

    """
    words, bins = list(_WORD.finditer(text)), list(_WORD.finditer(binned))
    starts = [word.start() for word in words]

    def moved(end: int) -> int:
        place = bisect_left(starts, end) - 1
        if place < 0:
            return 0
        old, new = words[place], bins[place]
        if end >= old.end():
            return new.end()
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old[0], new[0], strict=False)))
        if end - old.start() <= same:
            return new.start() + end - old.start()
        return max(new.start() + same + 1, new.end() - (old.end() - end))

    return [moved(end) for end in ends]


def ends_after_cleaning(ends: Sequence[int], text: str) -> list[int]:
    """Follow the ends into `clean_text(text)`: cleaning goes from left to right, so what is before an end gives it.

    An end beside white space falls before it.
    """
    return [len(clean_text(text[:end]).rstrip()) for end in ends]


def regions_at(starts: Sequence[int], ends: Sequence[int], regions: Sequence[int]) -> list[int]:
    """Return the region of each token: that of the piece in which its first character lies, leading space aside.

    Args:
        starts: of the tokens, in characters.
        ends: of the pieces, in the same text.
        regions: of the pieces.

    """
    return [regions[min(bisect_right(ends, start), len(regions) - 1)] for start in starts]

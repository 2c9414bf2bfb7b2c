"""From an example and a wording to what OFA reads and writes, and where its attention belongs."""

from collections.abc import Sequence
from dataclasses import dataclass

from mibench.data.mini.seen.family import Example
from mibench.ofa import OFAProcessor
from mibench.ofa.tokenizer import clean_text
from mibench.prompts import Piece, prompt_pieces


@dataclass(frozen=True)
class Mention:
    """A stretch of the prompt that speaks of a place in the picture.

    Attributes:
        token: place of its last token among the prompt's.
        patches: numbers of the patches of that place, in row-major order.
        is_box: whether it is written as a box, rather than named.

    """

    token: int
    patches: tuple[int, ...]
    is_box: bool


@dataclass(frozen=True)
class Row:
    """A prompt and its answer in tokens.

    Attributes:
        family: what is asked.
        picture: kind and number of the picture; the kind is "" where there is none.
        tokens: of the prompt, start and end included.
        labels: of the answer, its end included.
        mentions: of places in the picture, in the question's order.
        focus: patches that the answer is read from.

    """

    family: str
    picture: tuple[str, int]
    tokens: tuple[int, ...]
    labels: tuple[int, ...]
    mentions: tuple[Mention, ...] = ()
    focus: tuple[int, ...] = ()


def row_of(example: Example, template: str, processor: OFAProcessor, side: int) -> Row:
    """Return an example under a wording.

    Args:
        example: what is asked.
        template: the wording, with names of fields in braces.
        processor: of the model.
        side: rows, and columns, of patches in a picture.

    """
    question = example.question
    pieces, spoken = _cut(prompt_pieces(template, question.fields, question.options), tuple(question.mentions))
    size = (example.width, example.height)
    tokens, ends = tokenise(pieces, processor, size)
    mentions = tuple(
        Mention(ends[spoken[name]], patches_of(box, size, side), _is_box(question.fields.get(name, name)))
        for name, box in question.mentions.items()
    )
    return Row(
        family=example.family,
        picture=(example.world, example.number),
        tokens=tuple(tokens),
        labels=tuple(answer_tokens(question.target, processor, size)),
        mentions=mentions,
        focus=() if question.focus is None else patches_of(question.focus, size, side),
    )


def _cut(pieces: Sequence[Piece], names: Sequence[str]) -> tuple[list[Piece], dict[str, int]]:
    """Cut pieces behind the words that speak of places; return them, and for each name the piece that ends in it.

    Args:
        pieces: of a prompt.
        names: of fields, or words that stand in one.

    Raises:
        ValueError: a name is neither.

    """
    fields = {piece.field for piece in pieces}
    cut: list[Piece] = []
    spoken: dict[str, int] = {}
    for piece in pieces:
        said = [name for name in names if piece.field and name not in fields and name in piece.text]
        stops = {name: piece.text.index(name) + len(name) for name in said} | {piece.field: len(piece.text)}
        ends = sorted({*stops.values()})
        for name, stop in stops.items():
            spoken.setdefault(name, len(cut) + ends.index(stop))
        cut += [Piece(piece.text[start:stop], piece.field) for start, stop in zip([0, *ends[:-1]], ends, strict=True)]
    if unspoken := [name for name in names if name not in spoken]:
        raise ValueError(f"no field, and no words in one: {unspoken[0]!r}")
    return cut, spoken


def tokenise(pieces: Sequence[Piece], processor: OFAProcessor, size: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Return a prompt's tokens, and for each of its pieces the place of the last token that ends in it.

    Cleaning goes from left to right, so that a clean beginning is the beginning of the clean whole.
    """
    texts = [with_bins(piece.text, processor, size) for piece in pieces]
    encoding = processor.tokenizer.backend_tokenizer.encode(clean_text("".join(texts)))
    ends, so_far, token = [], "", 0
    for text in texts:
        so_far += text
        end = len(clean_text(so_far))
        while token + 2 < len(encoding.ids) and encoding.offsets[token + 1][1] <= end:
            token += 1
        ends.append(token)
    return encoding.ids, ends


def with_bins(text: str, processor: OFAProcessor, size: tuple[int, int]) -> str:
    """Return a text with its boxes as bins; as it is where there is no picture."""
    return processor.boxes_to_bins(text, *size) if size[0] else text


def answer_tokens(target: str, processor: OFAProcessor, size: tuple[int, int]) -> list[int]:
    """Return the tokens of an answer, without start, with its end."""
    tokens: list[int] = processor.tokenizer.backend_tokenizer.encode(with_bins(target, processor, size)).ids
    return tokens[1:]


def patches_of(box: Sequence[float], size: tuple[int, int], side: int) -> tuple[int, ...]:
    """Return the patches whose middle lies in a box in pixels, or the one that holds its middle."""
    left, top, right, bottom = (edge / of * side for edge, of in zip(box, size * 2, strict=True))
    columns = [column for column in range(side) if left <= column + 0.5 <= right]
    rows = [row for row in range(side) if top <= row + 0.5 <= bottom]
    columns = columns or [min(max(int((left + right) / 2), 0), side - 1)]
    rows = rows or [min(max(int((top + bottom) / 2), 0), side - 1)]
    return tuple(row * side + column for row in rows for column in columns)


def _is_box(text: str) -> bool:
    return len(text.split()) == 4 and all(part.isdecimal() for part in text.split())

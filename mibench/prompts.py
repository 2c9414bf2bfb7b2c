"""From a card, an instance and the number of an instruction to the text that a model reads.

The layout is the paper's: the instruction, then, where a task has options, two newlines, `[Options]: `
and the options joined by `||||`.
"""

import functools
import hashlib
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard, placeholders
from mibench.errors import InputError
from mibench.instances import Instance, Request

BEFORE_OPTIONS, BETWEEN_OPTIONS = "[Options]: ", "||||"
APART = "\n\n"
"""Stands between an instruction that does not name the options, and these."""

_TEMPLATES = 4096
"""Parsed templates that are kept."""


class Piece(NamedTuple):
    """A stretch of a prompt.

    Attributes:
        text: as it stands in the prompt.
        field: the instance's field that it comes from, "options", or "" for the words of the instruction.

    """

    text: str
    field: str = ""


def option_order(options: Sequence[str], *, seed: int, task: str, instance: str, instruction: int) -> list[str]:
    """Return the options in the order in which one prompt shows them.

    The order is by the SHA-256 of (seed, task, instance, instruction, option): uniform over permutations, and
    the same in any run, shard or machine, whatever the order in which the data lists the options.
    """

    def rank(option: str) -> bytes:
        parts = (str(seed), task, instance, str(instruction), option)
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()

    return sorted(options, key=rank)


def render_request(
    card: TaskCard, instance: Instance, instruction: int, *, seed: int = 0, folder: Path | None = None
) -> Request:
    """Return what a model is asked for one instance under instruction 1 to 5.

    Args:
        card: the task.
        instance: one of its instances.
        instruction: 1 to 5.
        seed: seed of the option order.
        folder: the task's data folder, against which a relative image path is resolved.

    Raises:
        InputError: if the instance lacks a field that the card declares, or has no options where it must.

    """
    if missing := sorted(card.fields.keys() - instance.fields.keys()):
        raise InputError(
            f"instance {instance.id!r} of {card.name} lacks the field {missing[0]!r}",
            remedy="prepare the data anew with this version",
        )
    if not instance.options and card.answer.kind != "text":
        raise InputError(f"instance {instance.id!r} of {card.name} has no options", remedy="prepare the data anew")
    template = card.instructions[instruction - 1]
    options = option_order(instance.options, seed=seed, task=card.name, instance=instance.id, instruction=instruction)
    prompt = "".join(piece.text for piece in prompt_pieces(template, instance.fields, options))
    image = instance.image
    if image is not None and folder is not None:
        image = str(folder / image)
    return Request(
        task=card.name,
        instance=instance.id,
        instruction=instruction,
        prompt=prompt,
        image=image,
        options=tuple(options),
        max_new_tokens=card.generation.max_new_tokens,
        cut=instance.fields[card.cut] if card.cut in _names(template) else "",
    )


def prompt_pieces(template: str, fields: Mapping[str, str], options: Sequence[str] = ()) -> list[Piece]:
    """Return the stretches of a prompt, in order; joined they are what a model reads.

    Args:
        template: an instruction, with names of fields in braces; braces inside the fields stay as they are.
        fields: the texts of the instance by name.
        options: in the order shown; appended where the instruction does not place them.

    """
    known = {**fields, "options": BEFORE_OPTIONS + BETWEEN_OPTIONS.join(options)}
    pieces = [Piece(known[part], part) if is_field else Piece(part) for part, is_field in template_parts(template)]
    if options and "options" not in _names(template):
        pieces += [Piece(APART), Piece(known["options"], "options")]
    return pieces


@functools.lru_cache(maxsize=_TEMPLATES)
def _names(template: str) -> frozenset[str]:
    return frozenset(placeholders(template))


@functools.lru_cache(maxsize=_TEMPLATES)
def template_parts(template: str) -> tuple[tuple[str, bool], ...]:
    """Return an instruction in parts, in order: its words, and the names in braces, which are True."""
    parts = list[tuple[str, bool]]()
    for text, name, _, _ in string.Formatter().parse(template):
        if text:
            parts.append((text, False))
        if name is not None:
            parts.append((name, True))
    return tuple(parts)

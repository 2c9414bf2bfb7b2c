"""The five instructions as they are shown: whose words they are, and where the fields stand in them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard.boards import BUILTIN, wording
from mibench.prompts import template_parts
from mibench.submissions.description import Description

OPTIONS = "{options}"


class Part(NamedTuple):
    """A piece of an instruction: what stands there for every instance, or the place of a field, in braces."""

    text: str
    field: bool


class Words(NamedTuple):
    """What a submission was asked in for one task.

    Attributes:
        whose: a sentence.
        instructions: in parts, without the options that follow; empty where the words are not at hand.

    """

    whose: str
    instructions: Sequence[Sequence[Part]]


def words_of(about: Description, card: TaskCard, sets: Mapping[str, InstructionSet]) -> Words:
    """Return the words in which a submission was asked for a task."""
    if about.instructions == BUILTIN or card.name in about.own_words:
        if about.cards.get(card.name) == card.digest:
            return Words("The card's own words.", _instructions(card.instructions))
        return Words("This submission was asked in other words than those of the present card, which has changed.", ())
    asked = wording(about.instructions)
    if about.instructions in sets:
        templates = sets[about.instructions].templates(card)
        return Words(f"Asked in other words than the card's: {asked}.", _instructions(templates))
    return Words(f"Asked in other words than the card's: {asked}, whose words this site was built without.", ())


def shown(card: TaskCard, words: InstructionSet | None = None) -> Sequence[Sequence[Part]]:
    """Return the five instructions of a card, or of a set for it, with the options that a prompt adds at their end."""
    found = _instructions(card.instructions if words is None else words.templates(card))
    options = Part(OPTIONS, field=True)
    return [
        parts if card.answer.kind == "text" or options in parts else (*parts, Part("\n\n", field=False), options)
        for parts in found
    ]


def _instructions(templates: Sequence[str]) -> Sequence[Sequence[Part]]:
    return [
        tuple(Part(f"{{{part}}}" if is_field else part, is_field) for part, is_field in template_parts(template))
        for template in templates
    ]

"""Questions about one of several things that the prompt numbers and gives the boxes of: its name, its use."""

from collections.abc import Sequence
from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.people import people_with_things
from mibench.data.mini.seen.worlds.things import scattered_things, things_of
from mibench.data.mini.visual.canvas import Box
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.things import THINGS

_WORLDS = {"things": scattered_things, "people": people_with_things}

_MOST = 3
_NOUNS = ("item", "thing", "part")
_PLACED = ("{name} is in {box}.", "{name} lies at {box}.", "{name} has the box {box}.")
_USES = (
    "It serves to {use}.",
    "One can {use} with it.",
    "People need it to {use}.",
    "Someone brought it to {use}.",
    "It is there to {use}.",
)


def _numbered(marks: Sequence[Mark], asked: Mark, random: Random) -> tuple[dict[str, str], dict[str, Box]]:
    """Return the fields that number some marks and name one of them, and the box that this one has."""
    others = [mark for mark in marks if mark is not asked]
    chosen = [asked, *random.sample(others, min(_MOST - 1, len(others)))]
    random.shuffle(chosen)
    noun, placed = random.choice(_NOUNS), random.choice(_PLACED)
    names = [f"{noun} {number}" for number in range(1, len(chosen) + 1)]
    items = " ".join(placed.format(name=name, box=box_text(mark.box)) for name, mark in zip(names, chosen, strict=True))
    return {"items": items, "item": names[chosen.index(asked)]}, {box_text(asked.box): asked.box}


def _name(scene: Scene, random: Random) -> Question | None:
    if len(scene.marks) < 2:
        return None
    mark = random.choice(scene.marks)
    fields, mentions = _numbered(scene.marks, mark, random)
    return Question(fields, mark.name, mentions=mentions, focus=mark.box)


def _use(scene: Scene, random: Random) -> Question | None:
    """Offer the uses of all things that are numbered, so that it matters which one is asked about."""
    if len(scene.marks) < 2:
        return None
    things = things_of(scene)
    mark = random.choice(things)
    fields, mentions = _numbered(scene.marks, mark, random)
    shown = [other.name for other in things if box_text(other.box) in fields["items"]]
    uses = [THINGS[name].use for name in (mark.name, *(name for name in shown if name != mark.name))]
    rest = sorted({thing.use for thing in THINGS.values()} - set(uses))
    uses += random.sample(rest, 4 - len(uses))
    sentence = random.choice(_USES)
    options = [sentence.format(use=use) for use in uses]
    return Question(fields, options[0], shuffled(random, *options), mentions, mark.box)


NAME_OF_ITEM = Family(
    name="name_of_item",
    title="name of an item",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_name,
    questions=(
        "{items} What is {item}?",
        "What do you see as {item}? {items}",
        "{items} By what name do you call {item}?",
        "{items} So what can {item} be?",
    ),
    commands=(
        "{items} Name {item}.",
        "Say what {item} is, given where each lies: {items}",
        "{items} Give a name to {item}.",
        "{items} State what {item} is.",
    ),
    asked=(
        "what {item} is ({items})",
        "the name of {item} ({items})",
        'what one calls {item}, given this: "{items}"',
        "what you see as {item} ({items})",
    ),
)

USE_OF_ITEM = Family(
    name="use_of_item",
    title="use of an item",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_use,
    questions=(
        "{items} What is {item} for?",
        "What is the use of {item}? {items}",
        "{items} Why would someone have {item}?",
        "{items} What does one do with {item}?",
    ),
    commands=(
        "{items} Choose the sentence about the use of {item}.",
        "Say what {item} is for, given where each lies: {items}",
        "{items} Pick what is true of {item}.",
        "{items} Tell the purpose of {item}.",
    ),
    asked=(
        "what {item} is for ({items})",
        "the use of {item} ({items})",
        'what people do with {item}, given this: "{items}"',
        "the purpose that {item} has ({items})",
    ),
    answer="choice",
)
"""Commonsense VQA asks as well what a thing serves to do, of a person and a thing in a hand, and why people act."""

FAMILIES = (NAME_OF_ITEM, USE_OF_ITEM)

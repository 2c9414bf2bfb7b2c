"""A family of seen tasks: one kind of question about one kind of picture, in many wordings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

from mibench.data.mini.seen.scene import Scene, World
from mibench.data.mini.visual.canvas import Box

Split = Literal["train", "test"]

_TRIES = 200


class Question(NamedTuple):
    """What is asked of a scene.

    Attributes:
        fields: the texts that wordings name in braces; a box is written by `box_text`.
        target: the right answer.
        options: the answers to choose from, in no order that tells anything; empty where the answer is free.
        mentions: the box in the picture that a field speaks of, by the field's name, or by the words in a field that
            speak of it; for the supervision of attention.
        focus: the box in the picture that the answer is read from, where it is one place.

    """

    fields: Mapping[str, str]
    target: str
    options: tuple[str, ...] = ()
    mentions: Mapping[str, Box] = {}
    focus: Box | None = None


Ask = Callable[[Scene, Random], Question | None]
"""Draws a question about a scene by chance; None where this scene allows none."""


@dataclass(frozen=True)
class Family:
    """A kind of question.

    Attributes:
        name: as "colour_of_figure".
        title: the bare name that stands in place of an instruction, as "colour of a figure".
        group: of the paper's nine groups of seen tasks, or "text".
        worlds: kinds of pictures, of which each example has one; None for a family of text.
        ask: draws a question.
        questions: wordings that end in a question mark, with the fields in braces; the last is never trained on.
        commands: wordings that end in a full stop, with the fields in braces; the last is never trained on.
        asked: what is asked for, as "the colour of the {thing}" or "whether {thing} is there"; the last is never
            trained on.
        answer: "choice", "text" or "region".
        scored_by: "exact", or "iou" where a box counts that overlaps the right one by half.
        told_by_options: whether the options alone tell what is asked for.

    """

    name: str
    title: str
    group: str
    worlds: Mapping[str, World] | None
    ask: Ask
    questions: Sequence[str]
    commands: Sequence[str]
    asked: Sequence[str] = ()
    answer: Literal["choice", "text", "region"] = "text"
    scored_by: Literal["exact", "iou"] = "exact"
    told_by_options: bool = False


@dataclass(frozen=True)
class Example:
    """A question about a picture, before a wording is chosen.

    Attributes:
        family: its family's name.
        world: name of the picture's kind; "" where there is none.
        number: of the picture in its world and split.
        question: what is asked.
        width: of the picture in pixels; 0 where there is none.
        height: of the picture in pixels.

    """

    family: str
    world: str
    number: int
    question: Question
    width: int = 0
    height: int = 0


@dataclass
class Scenes:
    """The pictures of the seen world by kind, split and number; each is drawn once.

    Pictures of the two splits never share a seed, and no seed occurs in the held-out world, whose seeds begin with the
    name of a card.

    Attributes:
        seed: another seed is another world.

    """

    seed: int = 0
    _known: dict[tuple[str, Split, int], Scene] = field(default_factory=dict)

    def get(self, name: str, world: World, split: Split, number: int) -> Scene:
        """Return one picture's scene."""
        key = (name, split, number)
        if key not in self._known:
            self._known[key] = world(Random(f"seen world:{name}:{split}:{self.seed}:{number}"))
        return self._known[key]


def draw_example(family: Family, scenes: Scenes, split: Split, index: int, *, pictures: int) -> Example:
    """Return one example, the same for the same arguments.

    Args:
        family: what is asked.
        scenes: what it is asked of.
        split: train or test.
        index: of the example in its family and split.
        pictures: how many pictures of each kind there are to choose from.

    """
    for attempt in range(_TRIES):
        random = Random(f"seen question:{family.name}:{split}:{scenes.seed}:{index}:{attempt}")
        if family.worlds is None:
            question = family.ask(_NOTHING, random)
            if question is not None:
                return Example(family.name, "", 0, question)
            continue
        name = random.choice(sorted(family.worlds))
        number = random.randrange(pictures)
        scene = scenes.get(name, family.worlds[name], split, number)
        question = family.ask(scene, random)
        if question is not None:
            return Example(family.name, name, number, question, scene.width, scene.height)
    raise ValueError(f"{family.name}: no question in {_TRIES} pictures")


def draw_examples(
    family: Family, scenes: Scenes, split: Split, count: int, *, pictures: int, start: int = 0
) -> Iterator[Example]:
    """Yield consecutive examples."""
    for index in range(start, start + count):
        yield draw_example(family, scenes, split, index, pictures=pictures)


def _no_picture() -> object:
    raise ValueError("a family of text has no picture")


_NOTHING = Scene((), _no_picture)  # type: ignore[arg-type]


def shuffled(random: Random, *options: str) -> tuple[str, ...]:
    """Return options in an order of chance."""
    return tuple(random.sample(options, len(options)))

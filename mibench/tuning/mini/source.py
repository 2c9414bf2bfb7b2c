"""Rows of the seen world for a stage of training: which family, which picture, which wording, by content alone."""

import hashlib
import re
from collections.abc import Sequence
from random import Random

from mibench.data.mini.seen.family import Example, Family, Scenes, draw_example
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.ofa import OFAProcessor
from mibench.tuning.mini.batch import SupervisedAnswers
from mibench.tuning.mini.recipe import Stage
from mibench.tuning.mini.rows import Row, row_of


class MiniSource:
    """The rows of a stage; families take turns, in an order of chance."""

    def __init__(
        self,
        stage: Stage,
        families: Sequence[Family],
        processor: OFAProcessor,
        scenes: Scenes,
        objective: SupervisedAnswers,
        *,
        pictures: int,
        side: int,
        often: Sequence[str] = (),
    ) -> None:
        """Prepare to draw.

        Args:
            stage: what is trained.
            families: of the stage.
            processor: of the model.
            scenes: of the seen world.
            objective: is told the step, by which its supervision falls.
            pictures: of each kind, to train on.
            side: rows, and columns, of patches in a picture.
            often: names of families that come twice as often.

        """
        families = [*families, *(family for family in families if family.name in often)]
        self._draws = stage.draws or stage.name
        self._stage, self._processor, self._scenes, self._objective = stage, processor, scenes, objective
        self._pictures, self._side = pictures, side
        self._seeing = [family for family in families if family.worlds is not None]
        self._reading = [family for family in families if family.worlds is None]

    def rows(self, step: int) -> list[Row]:
        """Return the rows of a step, short ones first."""
        self._objective.step = step
        every = self._stage.text_every
        text = not self._seeing or bool(self._reading and every and step % every == every - 1)
        families = self._reading if text else self._seeing
        rows = [self._row(families, step * self._stage.batch + place) for place in range(self._stage.batch)]
        return sorted(rows, key=lambda row: len(row.tokens))

    def _row(self, families: Sequence[Family], index: int) -> Row:
        turn, place = divmod(index, len(families))
        order = Random(f"order:{self._draws}:{self._scenes.seed}:{turn}").sample(range(len(families)), len(families))
        family = families[order[place]]
        example = draw_example(family, self._scenes, "train", _number(self._draws, index), pictures=self._pictures)
        template = drawn_template(self._stage, family, example, index)
        return row_of(example, template, self._processor, self._side)


def drawn_template(stage: Stage, family: Family, example: Example, index: int) -> str:
    """Return the wording under which an example is trained on, by content."""
    random = Random(f"wording:{stage.draws or stage.name}:{family.name}:{index}")
    bare = bare_template(family, tuple(example.question.fields))
    if random.random() >= stage.instructed:
        return bare
    known = wordings(family).seen
    if stage.wordings:
        known = tuple(Random(f"wordings:{family.name}").sample(known, min(stage.wordings, len(known))))
    template = random.choice(known)
    if not stage.scrambled:
        return template
    words = re.sub(r"\{\w+\}", " ", template).split()
    return f"{bare} {' '.join(random.sample(words, len(words)))}"


def _number(stream: str, index: int) -> int:
    """Return a number of an example that no other stream draws, for practical purposes."""
    return int.from_bytes(hashlib.sha256(f"{stream}:{index}".encode()).digest()[:7])

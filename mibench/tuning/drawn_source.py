"""The seen families of the mini world as tasks of a mixture, drawn as they are asked for."""

from collections.abc import Collection
from functools import partial

from PIL import Image

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Family, Scenes, draw_example
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.prompts import prompt_pieces
from mibench.tuning.examples import Example

INSTANCES = 1000
"""Rows a family, by default."""
PICTURES = 4000
"""Pictures of each kind, of which questions choose: enough for those that few pictures allow."""


class DrawnTask:
    """Questions of one family, each in one of its wordings that are trained on or after its bare title."""

    def __init__(self, family: Family, scenes: Scenes, rows: int, *, wordings: int | None, bare: bool) -> None:
        self.name = family.name
        self._family, self._scenes, self._rows = family, scenes, rows
        self._templates = () if bare else _seen(family)[:wordings]
        self.wordings = max(len(self._templates), 1)

    def __len__(self) -> int:
        return self._rows

    def row_id(self, row: int) -> str:
        """Return the id of a row."""
        return str(row)

    def example(self, row: int, wording: int) -> Example:
        """Return a row in a wording."""
        drawn = draw_example(self._family, self._scenes, "train", row, pictures=PICTURES)
        question = drawn.question
        bare = bare_template(self._family, tuple(question.fields))
        template = self._templates[wording] if self._templates else bare
        source = "".join(piece.text for piece in prompt_pieces(template, question.fields, question.options))
        if not drawn.world:
            return Example(self.name, source, question.target)
        assert self._family.worlds is not None
        world = self._family.worlds[drawn.world]
        scene = self._scenes.get(drawn.world, world, "train", drawn.number)
        picture = partial(_paint, scene)
        return Example(self.name, source, question.target, picture, boxes=True)


def drawn_tasks(
    groups: Collection[str] | None,
    names: Collection[str] | None = None,
    *,
    texts: bool,
    instances: int | None = None,
    wordings: int | None = None,
    bare: bool = False,
    seed: int = 0,
) -> list[DrawnTask]:
    """Return the families of pictures, or of texts, by name.

    Args:
        groups: of the paper's, as `visual_relationship`; all by default.
        names: only these families of them.
        texts: whether the families of texts are wanted.
        instances: rows a family.
        wordings: of those that are trained on, the first so many; all by default.
        bare: whether the family's title stands in place of an instruction.
        seed: of the world.

    """
    scenes = Scenes(seed)
    return [
        DrawnTask(family, scenes, instances or INSTANCES, wordings=wordings, bare=bare)
        for name, family in sorted(FAMILIES.items())
        if (family.worlds is None) == texts
        and (names is None or name in names)
        and (texts or groups is None or group_key(family) in groups)
    ]


def group_key(family: Family) -> str:
    """Return a family's group as recipes call it, as `visual_relationship`."""
    return family.group.lower().replace("-", "_").replace(" ", "_")


def _seen(family: Family) -> tuple[str, ...]:
    return wordings(family).seen


def _paint(scene: Scene) -> Image.Image:
    return Image.fromarray(scene.draw().pixels())

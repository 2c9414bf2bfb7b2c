"""The recipe of a small model that is trained from nothing on the seen world: its stages, and all their settings."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mibench.errors import InputError
from mibench.yaml_lines import faults_of, read_mapping

_MOST_BYTES = 1 << 18

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, lt=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MiniModel(_Strict):
    """The architecture: an OFA in small.

    Attributes:
        width: of the states.
        heads: of encoder and decoder; three of the first layer look back at the start.
        encoder_layers: their number.
        decoder_layers: their number.
        ffn: inner width.
        trunk: inner channels of the three stages.
        image_size: side of the pictures in pixels.
        bins: number of location bins.
        pieces: of the vocabulary, bins apart.

    """

    width: Count
    heads: Annotated[int, Field(ge=4)]
    encoder_layers: Count
    decoder_layers: Count
    ffn: Count
    trunk: tuple[Count, Count, Count]
    image_size: Annotated[int, Field(ge=32)]
    bins: Annotated[int, Field(ge=2)]
    pieces: Annotated[int, Field(ge=300)]


class Pictures(_Strict):
    """Pictures of each kind, to train on and to test on; of few pictures some families have nothing to ask."""

    train: Annotated[int, Field(ge=40)]
    test: Count


class TrunkStage(_Strict):
    """The training of the image trunk on labels of patches.

    Attributes:
        steps: updates of the weights.
        batch: pictures a step.
        learning_rate: at its highest.
        late_kinds: kinds of pictures, such as those to be read, that are learnt last.
        late_from: the step from which they come more often.
        late_share: how much of the pictures they then are.

    """

    steps: Count
    batch: Count
    learning_rate: Rate
    late_kinds: tuple[str, ...] = ()
    late_from: Annotated[int, Field(ge=0)] = 0
    late_share: Annotated[float, Field(ge=0, le=1)] = 0.5


class Stage(_Strict):
    """One training of the whole model.

    Attributes:
        name: of the stage, and of its folder.
        after: the stage whose weights it starts from; none starts from nothing.
        families: by name, or all of the recipe.
        instructed: share of the prompts that have an instruction; the others are the bare task name with its fields.
        scrambled: whether the words of an instruction follow the bare task name in an order of chance, in place of it.
        wordings: how many wordings of each family are used; 0 is all.
        draws: name of the stream of examples; stages that share it see the same ones. By default the stage's own.
        often: families that are drawn twice as often, in place of the recipe's.
        text_every: every so manieth step is of the families without pictures; 0 is none.
        steps: updates of the weights.
        batch: rows a step.
        learning_rate: at its highest.
        warmup_steps: until then.
        supervision: weight of the supervision of attention, at the first and the last step.
        plain: parts of the initial values that are left out, see `mibench.tuning.mini.initial.start`.
        scored: kinds of prompts under which the seen families are scored in the end.

    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    after: str | None = None
    families: tuple[str, ...] | Literal["all"] = "all"
    instructed: Annotated[float, Field(ge=0, le=1)] = 0.0
    scrambled: bool = False
    wordings: Annotated[int, Field(ge=0)] = 0
    draws: str = ""
    often: tuple[str, ...] | None = None
    text_every: Annotated[int, Field(ge=0)] = 0
    steps: Count
    batch: Count = 32
    learning_rate: Rate
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    supervision: tuple[float, float] = (0.5, 0.1)
    plain: tuple[Literal["codes", "tables", "wide", "loud"], ...] = ()
    scored: tuple[Literal["bare", "seen", "unseen"], ...] = ()


class MiniRecipe(_Strict):
    """All that is needed to make the bundled model again.

    Attributes:
        seed: of everything that is drawn.
        precision: in which the matrix products of training are computed.
        model: the architecture.
        pictures: their numbers.
        trunk: the training of the trunk, by pictures of all kinds.
        families: that the stages train on.
        core: those of them whose mean is the aim of the training, named before it.
        often: those of them that are drawn twice as often, where a stage says nothing else.
        stages: in order.
        scored_rows: fresh examples of each family by which stages are scored.

    """

    seed: int = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    model: MiniModel
    pictures: Pictures
    trunk: TrunkStage
    families: tuple[str, ...]
    core: tuple[str, ...] = ()
    often: tuple[str, ...] = ()
    stages: tuple[Stage, ...]
    scored_rows: Count = 400

    @model_validator(mode="after")
    def _known(self) -> "MiniRecipe":
        from mibench.data.mini.seen import FAMILIES

        named = {*self.families, *self.often}
        named |= {name for stage in self.stages if stage.families != "all" for name in stage.families}
        named |= {name for stage in self.stages for name in stage.often or ()}
        if unknown := sorted(named - FAMILIES.keys()):
            raise ValueError(f"no seen family is called {unknown[0]!r}")
        if apart := sorted({*self.core} - {*self.families}):
            raise ValueError(f"core: {apart[0]!r} is not among the families")
        before: set[str] = set()
        for stage in self.stages:
            if stage.name in before or stage.name == "trunk":
                raise ValueError(f"two stages are called {stage.name!r}")
            if stage.after is not None and stage.after not in before:
                raise ValueError(f"stage {stage.name!r} comes after {stage.after!r}, which is not before it")
            before.add(stage.name)
        if self.model.width % 4 or self.model.width % self.model.heads:
            raise ValueError(f"a width of {self.model.width} is no multiple of 4 and of {self.model.heads} heads")
        return self

    def lineage(self, stage: Stage) -> list[Stage]:
        """Return a stage and those that its weights come from, backwards."""
        known, found = {other.name: other for other in self.stages}, [stage]
        while found[-1].after is not None:
            found.append(known[found[-1].after])
        return found


def read_mini_recipe(path: Path) -> MiniRecipe:
    """Return a recipe.

    Raises:
        InputError: the file is none; with its line.

    """
    content, node = read_mapping(path, what="a training recipe", max_bytes=_MOST_BYTES)
    try:
        return MiniRecipe.model_validate(content)
    except ValidationError as error:
        line, message = next(faults_of(error, node))
        raise InputError(message, file=path, line=line, remedy="see recipes/ofa-mini.yaml") from None

"""The recipe of a study: which trainings are compared, from which start, over which seeds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.wordings import wordings
from mibench.errors import InputError
from mibench.tuning.mini.recipe import MiniRecipe, Stage, read_mini_recipe
from mibench.tuning.recipe import Strategy
from mibench.tuning.task_groups import GROWING
from mibench.yaml_lines import Location, faults_of, line_of, read_mapping

_MOST_BYTES = 1 << 18

Part = Literal["strategies", "wordings", "clusters"]
PARTS: tuple[Part, ...] = ("strategies", "wordings", "clusters")


class Study(BaseModel):
    """What is compared; every training has as many steps as any other.

    Attributes:
        recipe: of the small model, beside this file.
        start: the stage of it that all trainings begin from.
        steps: of each training.
        batch: rows a step.
        learning_rate: at its highest.
        warmup: share of the steps until then.
        supervision: weight of the supervision of attention, at the first and the last step.
        seeds: each repeats the trainings on other rows.
        repeated: the parts that all seeds repeat; the others have the first seed alone.
        limit: instances a held-out task; all by default.
        strategies: of the paper: `none`, `task_name`, `natural`, `multi`, `mixed`, `sequential`.
        wordings: numbers of instructions a family, or all.
        clusters: the first so many sets of groups in the paper's order, or `text`, all of them and the text families.

    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    recipe: str = Field(min_length=1)
    start: str
    steps: int = Field(ge=2)
    batch: int = Field(default=32, ge=2)
    learning_rate: float = Field(gt=0, lt=1)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    supervision: tuple[float, float] = Field(default=(0.1, 0.1), strict=False)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0,), min_length=1, strict=False)
    repeated: tuple[Part, ...] = Field(default=PARTS, strict=False)
    limit: int | None = Field(default=None, ge=1)
    strategies: tuple[Strategy, ...] = Field(default=(), strict=False)
    wordings: tuple[Annotated[int, Field(ge=1)] | Literal["all"], ...] = Field(default=(), strict=False)
    clusters: tuple[Annotated[int, Field(ge=1, le=len(GROWING))] | Literal["text"], ...] = Field(
        default=(), strict=False
    )

    @field_validator("seeds", "repeated", "strategies", "wordings", "clusters")
    @classmethod
    def _once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if twice := [value for place, value in enumerate(values) if value in values[:place]]:
            raise ValueError(f"{twice[0]!r} stands twice")
        return values


class StudyInFull(NamedTuple):
    """A study, the recipe of the model that it trains, and the stage of that which all begins from."""

    study: Study
    base: MiniRecipe
    start: Stage


def read_study(
    path: Path, *, seeds: Sequence[int] | None = None, steps: int | None = None, limit: int | None = None
) -> StudyInFull:
    """Read and check a study and the recipe it names; what is given besides replaces what the file says.

    Raises:
        InputError: the first fault, with file and line.

    """
    content, node = read_mapping(path, what="the recipe of a study", max_bytes=_MOST_BYTES)
    given = {"seeds": seeds, "steps": steps, "limit": limit}
    content |= {name: value for name, value in given.items() if value is not None}
    try:
        study = Study.model_validate(content)
    except ValidationError as error:
        line, message = min(faults_of(error, node))
        raise InputError(message, file=path, line=line, remedy="see recipes/study-mini.yaml") from None
    file = path.parent / study.recipe
    if not file.is_file():
        raise InputError(f"recipe: there is no {file}", file=path, line=line_of(node, ("recipe",)))
    base = read_mini_recipe(file)
    for location, message in _faults(study, base):
        raise InputError(message, file=path, line=line_of(node, location))
    return StudyInFull(study, base, next(stage for stage in base.stages if stage.name == study.start))


def _faults(study: Study, base: MiniRecipe) -> Iterator[tuple[Location, str]]:
    names = [stage.name for stage in base.stages]
    if study.start not in names:
        yield ("start",), f"start: the recipe has no stage {study.start!r}; one of {', '.join(names)}"
    most = min(len(wordings(family).seen) for family in FAMILIES.values() if family.worlds is not None)
    for place, count in enumerate(study.wordings):
        if count != "all" and count > most:
            yield ("wordings", place), f"wordings: no more than {most}, which every family has, or all"
    if not (study.strategies or study.wordings or study.clusters):
        yield (), "nothing to compare: give strategies, wordings or clusters"

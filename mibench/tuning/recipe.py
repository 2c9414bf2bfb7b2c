"""A recipe: all that decides what a model is tuned on and how, as a small YAML file."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from mibench.errors import InputError
from mibench.ofa.sizes import SIZES
from mibench.tuning.task_groups import GROUPS, GROWING
from mibench.yaml_lines import Location, faults_of, line_of, read_mapping

MAX_BYTES = 1 << 20
"""No honest recipe is longer."""

Strategy = Literal["multi", "task_name", "natural", "mixed", "sequential", "none"]
OF_PICTURES: frozenset[Strategy] = frozenset({"multi", "task_name", "mixed", "sequential"})
OF_TEXTS: frozenset[Strategy] = frozenset({"natural", "mixed", "sequential"})

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(gt=0)]
Place = Annotated[Path, BeforeValidator(lambda value: Path(value) if isinstance(value, str) else value)]
Names = Annotated[tuple[str, ...], Field(strict=False)]


def _clusters(value: object) -> object:
    """Return the groups that `all` and a number stand for."""
    if isinstance(value, int) and not 1 <= value <= len(GROWING):
        raise PydanticCustomError("clusters", "a number is from 1 to {most}", {"most": len(GROWING)})
    if isinstance(value, int):
        return tuple(group for added in GROWING[:value] for group in added)
    return tuple(GROUPS) if value == "all" else value


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_min_length=1)


class Data(_Strict):
    """The drawn world, or prepared data on the disk.

    Attributes:
        world: mini, the seen side of the mini world; then there are no folders.
        official: folder of the training data of MultiInstruct, as its preparation writes it.
        templates: `instruction_templates.py` of the official repository.
        natural_instructions: folder of Natural Instructions, with `tasks/` and `splits/`.

    """

    world: Literal["mini"] | None = None
    official: Place | None = None
    templates: Place | None = None
    natural_instructions: Place | None = None


class ModelChoice(_Strict):
    """What is tuned.

    Attributes:
        folder: an OFA in Hugging Face form, whose weights tuning begins with.
        size: of a new OFA with random weights, instead.
        tokenizer: a folder with the vocabulary of a new OFA.

    """

    folder: Place | None = None
    size: str | None = None
    tokenizer: Place | None = None


class Lengths(_Strict):
    """Most tokens of a prompt and of an answer; what is longer loses its end."""

    source: int = Field(default=1024, ge=8, le=1024)
    target: int = Field(default=30, ge=2, le=1024)


class Optimiser(_Strict):
    """AdamW and its schedule: a linear rise over `warmup` of the steps, then down to `final_rate` of the rate."""

    learning_rate: float = Field(gt=0, le=1)
    warmup: Share = 0.0
    schedule: Literal["cosine", "linear", "constant"] = "linear"
    final_rate: float = Field(default=0.0, ge=0, le=1)
    betas: tuple[Share, Share] = Field(default=(0.9, 0.999), strict=False)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, ge=0)


class Evaluation(_Strict):
    """What is asked of the model while it is tuned, and in the end; as `mibench run` would ask.

    Attributes:
        tasks: names of tasks or suites; the whole benchmark by default.
        data: mini, or a folder that `mibench data prepare` wrote.
        limit: rows a task.
        every: steps; 0 is in the end alone.
        beams: width of the search.
        batch: prompts that are answered together.

    """

    tasks: Names | None = None
    data: str = "mini"
    limit: Count | None = None
    every: int = Field(default=0, ge=0)
    beams: Count = 5
    batch: Count = 64


class Recipe(_Strict):
    """How to tune a model.

    Attributes:
        name: of the model that comes out.
        data: in a file `mini` stands for the mini world.
        strategy: what is trained on: `multi` instructions for pictures, `task_name` the bare names of the same tasks,
            `natural` Natural Instructions alone, `mixed` both shuffled together, `sequential` natural before multi,
            `none` nothing.
        clusters: groups of tasks: in a file also `all`, or the first so many sets in the order of the paper's ablation.
        tasks: only these of them.
        instances: most rows a task.
        natural_instances: the same for tasks of Natural Instructions; by default as the others.
        wordings: instructions a task, the first so many; five by default, and all there are in the mini world.
        batch: rows a step over all processes.
        micro_batch: rows that one process computes together.
        epochs: how often every row is seen; or
        steps: how many batches.
        export: numbers in which the tuned model is written.

    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    data: Annotated[Data, BeforeValidator(lambda value: {"world": value} if isinstance(value, str) else value)]
    strategy: Strategy
    clusters: Annotated[Names, BeforeValidator(_clusters)] = tuple(GROUPS)
    tasks: Names | None = None
    instances: Count | None = None
    natural_instances: Count | None = None
    wordings: Count | None = None
    model: ModelChoice
    image_size: int | None = Field(default=None, ge=16, le=4096)
    lengths: Lengths = Lengths()
    optimiser: Optimiser
    batch: Count
    micro_batch: Count = 8
    label_smoothing: Share = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    gradient_checkpointing: bool = False
    checkpoint_every: Count = 500
    log_every: Count = 10
    seed: int = Field(default=0, ge=0)
    epochs: float | None = Field(default=None, gt=0)
    steps: Count | None = None
    evaluation: Evaluation | None = None
    export: Literal["fp32", "fp16"] = "fp32"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if faults := list(_faults(self)):
            raise PydanticCustomError("recipe", "{first}", {"first": faults[0][1], "faults": faults})
        return self

    @property
    def digest(self) -> str:
        """64 hexadecimal digits of all that the weights depend on but the rows themselves."""
        apart = {"evaluation", "export", "name", "checkpoint_every", "log_every"}
        content = self.model_dump(mode="json", exclude=apart)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_recipe(path: Path, *, steps: int | None = None, seed: int | None = None) -> Recipe:
    """Read and check a recipe; what is given besides replaces what the file says.

    Paths are relative to the current folder.

    Raises:
        InputError: the first fault, with file, line and remedy.

    """
    data, node = read_mapping(path, what="a recipe", max_bytes=MAX_BYTES)
    data |= {} if steps is None else {"steps": steps, "epochs": None}
    data |= {} if seed is None else {"seed": seed}
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        raise _first_fault(error, node, path) from None
    for location, message in _missing(recipe):
        raise InputError(message, file=path, line=line_of(node, location), remedy="mend the path, or get the data")
    return recipe


def _first_fault(error: ValidationError, node: yaml.Node, path: Path) -> InputError:
    for details in error.errors(include_url=False):
        if details["type"] == "recipe":
            found: list[tuple[Location, str]] = details["ctx"]["faults"]
            return InputError(found[0][1], file=path, line=line_of(node, found[0][0]))
    line, message = min(faults_of(error, node))
    return InputError(message, file=path, line=line)


def _faults(recipe: Recipe) -> Iterator[tuple[Location, str]]:
    """Yield what single types cannot express."""
    if recipe.strategy != "none" and (recipe.epochs is None) == (recipe.steps is None):
        yield ("epochs",), "epochs or steps: give one of them"
    if (recipe.model.folder is None) == (recipe.model.size is None):
        yield ("model",), "model: give a folder, or the size of a new one"
    if recipe.model.size is not None and recipe.model.size not in SIZES:
        yield ("model", "size"), f"model.size: unknown size {recipe.model.size!r}; one of {', '.join(SIZES)}"
    if (recipe.model.size is None) != (recipe.model.tokenizer is None):
        yield ("model", "tokenizer"), "model.tokenizer: a new model needs one, and a folder has its own"
    for number, name in enumerate(recipe.clusters):
        if name not in GROUPS:
            yield ("clusters", number), f"clusters: unknown group {name!r}; one of {', '.join(GROUPS)}"
    yield from _data_faults(recipe, recipe.data)


def _data_faults(recipe: Recipe, data: Data) -> Iterator[tuple[Location, str]]:
    folders = [data.official, data.templates, data.natural_instructions]
    if data.world is not None:
        if any(folders):
            yield ("data",), "data: the mini world has no folders"
        return
    if recipe.strategy in OF_PICTURES and (data.official is None or data.templates is None):
        yield ("data",), f"data: the strategy {recipe.strategy} needs official and templates"
    if recipe.strategy in OF_TEXTS and data.natural_instructions is None:
        yield ("data",), f"data: the strategy {recipe.strategy} needs natural_instructions"


def _missing(recipe: Recipe) -> Iterator[tuple[Location, str]]:
    """Yield the paths that lead nowhere."""
    for part in ("data", "model"):
        value: Any = getattr(recipe, part)
        for name, place in value if isinstance(value, BaseModel) else ():
            if isinstance(place, Path) and not place.exists():
                yield (part, name), f"{part}.{name}: there is no {place}"
    data = recipe.evaluation and recipe.evaluation.data
    if data and data != "mini" and not Path(data).is_dir():
        yield ("evaluation", "data"), f"evaluation.data: there is no folder {data}"

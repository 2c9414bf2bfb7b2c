"""What a model card says of the training: data, compute, the seen families, ablations; all read from its folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import msgspec

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.wordings import wordings
from mibench.errors import InputError
from mibench.tuning.curve import draw_curve
from mibench.tuning.mini.adoption import RECORD
from mibench.tuning.mini.recipe import MiniRecipe, Stage
from mibench.tuning.training_log import read_log

TRUNK = "trunk"
GOOD, POOR = 0.9, 0.5
"""Shares of right answers from which a family counts as learnt, and below which as not learnt."""

Column = tuple[str, str]
"""A stage and a kind of prompts."""


class _Done(msgspec.Struct, frozen=True):
    steps: int
    samples: int
    seconds: float


class _FamilyScore(msgspec.Struct, frozen=True):
    family: str
    prompts: str
    rows: int
    free: int
    held: int


class _SeenScores(msgspec.Struct, frozen=True):
    rows: int
    scores: list[_FamilyScore]


class Ablation(NamedTuple):
    """A short training, whole or with something left out.

    Attributes:
        what: the name of its stage.
        samples: that it saw, those of the stages before it included.
        right: share of free answers that are right, by family.

    """

    what: str
    samples: int
    right: dict[str, float]


class StageCost(NamedTuple):
    """A stage that is done, and what it took.

    Attributes:
        name: of the stage.
        steps: updates of the weights.
        samples: rows that it saw.
        seconds: that it trained.
        adopted: whether what comes after it began from its published weights.

    """

    name: str
    steps: int
    samples: int
    seconds: float
    adopted: bool


class SeenTable(NamedTuple):
    """Shares of right answers by stage and kind of prompts, then by family.

    Attributes:
        rows: asked of each family.
        held: where an answer must be one of the options, if there are any.
        free: where anything may be written.

    """

    rows: int
    held: dict[Column, dict[str, float]]
    free: dict[Column, dict[str, float]]


def costs(training: Path, recipe: MiniRecipe) -> list[StageCost]:
    """Return the stages of a recipe that are done, the trunk first.

    Raises:
        InputError: none is, or one has other steps than the recipe says.

    """
    planned = {TRUNK: recipe.trunk.steps, **{stage.name: stage.steps for stage in recipe.stages}}
    found = []
    for name, steps in planned.items():
        file = training / name / "done.json"
        if not file.exists():
            continue
        done = _read(file, _Done)
        if done.steps != steps:
            message = f"{done.steps} steps, but the recipe says {steps}"
            raise InputError(message, file=file, remedy="give the recipe of this training")
        adopted = (training / name / RECORD).exists()
        found.append(StageCost(name, done.steps, done.samples, done.seconds, adopted))
    if not found:
        raise InputError("no stage of the recipe is done", file=training, remedy="train first")
    return found


def seen_table(training: Path, recipe: MiniRecipe) -> SeenTable:
    """Return how well the stages do on the seen families.

    Raises:
        InputError: no stage was asked, or two were asked different numbers of rows.

    """
    table, counts = SeenTable(0, {}, {}), set[int]()
    for stage in recipe.stages:
        file = training / stage.name / "seen_scores.json"
        if not file.exists():
            continue
        for score in _read(file, _SeenScores).scores:
            counts.add(score.rows)
            column = (stage.name, score.prompts)
            table.held.setdefault(column, {})[score.family] = score.held / score.rows
            table.free.setdefault(column, {})[score.family] = score.free / score.rows
    if len(counts) != 1:
        message = "no stage has seen_scores.json" if not counts else f"families were asked {sorted(counts)} rows"
        raise InputError(message, file=training, remedy="ask the seen families, all of them as often")
    return table._replace(rows=counts.pop())


def ablations(training: Path, recipe: MiniRecipe) -> list[Ablation]:
    """Return the stages of a recipe of ablations that are done in a training's folder and scored.

    Raises:
        InputError: none is, or one is of another recipe.

    """
    samples = {cost.name: cost.samples for cost in costs(training, recipe)}
    for stage in recipe.stages:
        if stage.after in samples and stage.name in samples:
            samples[stage.name] += samples[stage.after]
    table = seen_table(training, recipe)
    return [Ablation(stage, samples[stage], right) for (stage, _), right in table.free.items()]


def curve(training: Path, names: Sequence[str]) -> str:
    """Return the losses of stages by step as an SVG, a line for each."""
    lines = [
        {"step": line["step"], "evaluation": {name: line["loss"]}}
        for name in names
        for line in read_log(training / name / "log.jsonl")
        if "loss" in line
    ]
    return draw_curve(lines, "Loss by step")


def data_section(recipe: MiniRecipe) -> Iterator[str]:
    """Yield lines on what the model is and what it is trained on."""
    model, families = recipe.model, [FAMILIES[name] for name in recipe.families]
    seeing = [family for family in families if family.worlds is not None]
    groups = {family.group for family in seeing}
    kinds = {kind for family in seeing for kind in family.worlds or ()}
    counts = [len(wordings(family).seen) for family in families]
    kept = {len(wordings(family).unseen) for family in families}
    yield f"- {len(families)} seen families of questions: {len(seeing)} about pictures, in {len(groups)} groups, and"
    yield f"  {len(families) - len(seeing)} about texts. None is a task of the benchmark."
    yield f"- Pictures: {recipe.pictures.train:,} of each of {len(kinds)} kinds to train on and"
    yield f"  {recipe.pictures.test:,} to test on, drawn by rule, at {model.image_size} x {model.image_size} pixels."
    yield f"- Wordings: {min(counts)} to {max(counts)} for each family, and"
    yield f"  {' or '.join(map(str, sorted(kept)))} more that are never trained on."
    yield f"- Architecture: width {model.width}, {model.encoder_layers} layers in the encoder and"
    yield f"  {model.decoder_layers} in the decoder, {model.heads} heads, {model.bins:,} location bins, a"
    yield f"  vocabulary of at most {model.pieces:,} pieces."


def compute_section(found: Sequence[StageCost], recipe: MiniRecipe) -> Iterator[str]:
    """Yield the lines of a table of what each stage took."""
    stages = {stage.name: stage for stage in recipe.stages}
    rows = [
        [
            cost.name,
            (stages[cost.name].after or TRUNK) if cost.name in stages else "nothing",
            _instructions(stages[cost.name]) if cost.name in stages else "–",
            f"{cost.steps:,}",
            f"{cost.samples:,}",
            f"{cost.seconds:,.0f}",
        ]
        for cost in found
    ]
    steps, samples = sum(cost.steps for cost in found), sum(cost.samples for cost in found)
    rows.append(["all", "", "", f"{steps:,}", f"{samples:,}", f"{sum(cost.seconds for cost in found):,.0f}"])
    yield from table(
        ["stage", "starts from", "prompts with instructions", "steps", "samples", "seconds"], rows, texts=2
    )
    yield ""
    yield "Seconds are those of the clock: a stage took longer where it shared the cores with others."
    for cost in found:
        if cost.adopted:
            yield ""
            yield f"What comes after `{cost.name}` began from its published weights, which are of half precision."


def seen_section(found: SeenTable, core: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table of the seen families; those of the core have a star."""
    families = [name for name in FAMILIES if any(name in known for known in found.held.values())]
    star = r" \*"
    rows = [
        [f"`{name}`{star if name in core else ''}", *(_pair(found, column, [name]) for column in found.held)]
        for name in families
    ]
    rows += _means(found, families, "all")
    if core:
        rows += _means(found, core, "core")
    yield from table(["family", *(f"{stage}, {prompts}" for stage, prompts in found.held)], rows, texts=1)


def _means(found: SeenTable, families: Sequence[str], which: str) -> list[list[str]]:
    """Return the mean of some families under each kind of prompts, and how many of them are learnt."""
    learnt = [
        f"{_learnt(found.held[column], families)} / {_learnt(found.free[column], families)} of {len(families)}"
        for column in found.held
    ]
    return [
        [f"**mean, {which}**", *(_pair(found, column, families) for column in found.held)],
        [f"**at least {GOOD:.0%}, {which}**", *learnt],
    ]


def ablation_section(found: Sequence[Ablation]) -> Iterator[str]:
    """Yield the lines of tables of what was tried besides, one for each set of families."""
    yield "Single runs; right free answers in percent, and the samples from first values on:"
    for families in dict.fromkeys(tuple(one.right) for one in found):
        rows = [
            [one.what.replace("_", " "), f"{one.samples:,}", *(f"{100 * share:.1f}" for share in one.right.values())]
            for one in found
            if tuple(one.right) == families
        ]
        yield ""
        yield from table(["", "samples", *(f"`{family}`" for family in families)], rows, texts=1)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> Iterator[str]:
    """Yield the lines of a table whose first columns hold texts, and the others numbers."""
    yield f"| {' | '.join(heads)} |"
    yield "|" + "|".join("---" if place < texts else "---:" for place in range(len(heads))) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _pair(found: SeenTable, column: Column, families: Sequence[str]) -> str:
    """Return the mean shares of some families in a column, held to the options and free, in percent."""
    known = [name for name in families if name in found.held[column]]
    if not known:
        return "–"
    held, free = (mean(shares[column][name] for name in known) for shares in (found.held, found.free))
    return f"{100 * held:.1f} / {100 * free:.1f}"


def _instructions(stage: Stage) -> str:
    return f"{stage.instructed:.0%}{', words only' if stage.scrambled else ''}"


def _learnt(shares: dict[str, float], families: Sequence[str]) -> int:
    return sum(shares.get(name, 0.0) >= GOOD for name in families)


def _read(file: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a file of a training: {error}", file=file, remedy="train or ask again") from None

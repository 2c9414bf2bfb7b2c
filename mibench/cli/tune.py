"""`mibench tune`: tune a model by a recipe."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mibench.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from mibench.tuning.examples import ExampleSource
    from mibench.tuning.loop import Watch
    from mibench.tuning.recipe import Recipe


def _adopted(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    pairs = [value.partition("=") for value in values]
    if faulty := [value for value, (stage, _, folder) in zip(values, pairs, strict=True) if not stage or not folder]:
        raise click.BadParameter(f"{faulty[0]!r} is not STAGE=DIR")
    return {stage: Path(folder) for stage, _, folder in pairs}


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE.yaml")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where everything goes.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="So many steps in place of the recipe's.")
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="Another seed than the recipe's.")
@click.option("--stages", metavar="A,B", help="Only these stages of a recipe that has stages.")
@click.option(
    "--adopt",
    multiple=True,
    callback=_adopted,
    metavar="STAGE=DIR",
    help="Take this stage, and all before it, from published weights in DIR.",
)
@click.option("--check", is_flag=True, help="Train nothing; read recipe and data, and say what would be trained on.")
def tune(
    recipe: Path,
    output: Path | None,
    steps: int | None,
    seed: int | None,
    stages: str | None,
    adopt: dict[str, Path],
    check: bool,
) -> None:
    """Tune an OFA on many tasks written as instructions, as RECIPE.yaml says.

    \b
    Examples:
      mibench tune recipes/ofa-large-multiinstruct.yaml --check
      mibench tune recipes/ofa-large-multiinstruct.yaml --output runs/large
      accelerate launch --num_processes 8 -m mibench tune recipes/ofa-large-multiinstruct.yaml --output runs/large
      mibench run --model ofa --model-args path=runs/large/model

    A recipe names the data, the strategy (multi, task_name, natural, mixed, sequential, none), the clusters of tasks,
    how many instances and wordings a task has, the model, optimiser, lengths and seed; docs/tuning.md explains each
    key. It is checked before anything is loaded.

    \b
    What is in DIR:
      log.jsonl          loss, rate, gradient norm and scores by step, a JSON object a line
      evaluation/step-N  a submission and its scores, as 'mibench run' writes them
      curve.svg          the log as a picture
      model/             the tuned model in Hugging Face form
      checkpoint/        while it trains

    A run that was stopped or killed goes on from its last checkpoint when the same command is given again, to the same
    weights. Several processes give the result of one: the batch is the recipe's, however many share it.
    """
    if _has_stages(recipe):
        _run_stages(recipe, output, stages, adopt, steps=steps, seed=seed, check=check)
        return
    if stages is not None or adopt:
        raise InputError("has no stages", file=recipe, remedy="leave out --stages and --adopt")
    from mibench.tuning.recipe import read_recipe

    found = read_recipe(recipe, steps=steps, seed=seed)
    if check:
        _tell(found)
        return
    _tune(found, _need(output))


def _tune(recipe: "Recipe", output: Path) -> None:
    from mibench.cli.progress import progress
    from mibench.tuning.processes import Processes
    from mibench.tuning.tuner import tune as tune_model

    processes = Processes.join()
    with progress() as display:
        folder = tune_model(recipe, output, watch=_watch(display, recipe.name))
    if processes.first:
        click.echo(folder)
    processes.leave()


def _run_stages(
    recipe: Path,
    output: Path | None,
    stages: str | None,
    adopted: dict[str, Path],
    *,
    steps: int | None,
    seed: int | None,
    check: bool,
) -> None:
    """Make a small model from scratch, whose recipe is of its own kind."""
    if steps is not None or seed is not None or check:
        raise InputError("its stages have steps and seeds of their own", file=recipe, remedy="--output and --stages")
    from mibench.cli.progress import progress
    from mibench.tuning.mini.stages import run_stages

    only = tuple(name.strip() for name in (stages or "").split(",") if name.strip())
    with progress() as display:
        run_stages(recipe, _need(output), only, lambda name: _watch(display, name), adopted)
    click.echo(output)


def _watch(display: "Progress", title: str) -> "Watch":
    """Return what moves a bar of its own."""
    bars: list[TaskID] = []

    def watch(done: int, total: int, loss: float) -> None:
        if not bars:
            bars.append(display.add_task(title, total=total, completed=done - 1, rate=""))
        display.update(bars[0], completed=done, rate=f"loss {loss:.4f}")

    return watch


def _tell(recipe: "Recipe") -> None:
    """Print what would be trained on."""
    from mibench.tuning.evaluation import evaluated
    from mibench.tuning.recipe_source import example_source

    if recipe.evaluation is not None:
        cards, _ = evaluated(recipe.evaluation)
        click.echo(f"evaluated on {len(cards)} tasks")
    if recipe.strategy == "none":
        click.echo(f"{recipe.name}: nothing is trained")
        return
    source = example_source(recipe)
    for number, phase in enumerate(source.phases, 1):
        if len(source.phases) > 1:
            click.echo(f"part {number} of {len(source.phases)}: {phase.rows:,} rows")
        for task in phase.tasks:
            click.echo(f"{len(task):>9,}  {task.wordings:>3} wordings  {task.name}")
    click.echo(_summary(recipe, source))


def _summary(recipe: "Recipe", source: "ExampleSource") -> str:
    tasks = sum(len(phase.tasks) for phase in source.phases)
    rows = sum(len(task) for phase in source.phases for task in phase.tasks)
    return f"{recipe.name}: {tasks} tasks, {rows:,} rows, {source.steps:,} steps of {recipe.batch} rows"


def _has_stages(recipe: Path) -> bool:
    from mibench.yaml_lines import read_mapping

    content, _ = read_mapping(recipe, what="a recipe", max_bytes=1 << 20)
    return "stages" in content


def _need(output: Path | None) -> Path:
    if output is None:
        raise click.UsageError("--output is missing: where shall the run go?")
    return output

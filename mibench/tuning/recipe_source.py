"""What a recipe trains on: its strategy over the tasks of its data."""

from collections.abc import Sequence

from mibench.errors import InputError
from mibench.tuning.drawn_source import drawn_tasks
from mibench.tuning.examples import ExampleSource, Phase, Task
from mibench.tuning.natural_source import natural_tasks
from mibench.tuning.official_source import WORDINGS, official_tasks
from mibench.tuning.recipe import OF_PICTURES, OF_TEXTS, Recipe
from mibench.tuning.task_groups import GROUPS


def example_source(recipe: Recipe) -> ExampleSource:
    """Return what a recipe trains on.

    Raises:
        InputError: the data are faulty, or there is nothing of what is wanted.

    """
    pictures = _picture_tasks(recipe) if recipe.strategy in OF_PICTURES else []
    texts = _text_tasks(recipe) if recipe.strategy in OF_TEXTS else []
    mixtures = [texts, pictures] if recipe.strategy == "sequential" else [[*pictures, *texts]]
    mixtures = [tasks for tasks in mixtures if tasks]
    _check_names(recipe, [task for tasks in mixtures for task in tasks])
    sizes = [sum(map(len, tasks)) for tasks in mixtures]
    if recipe.steps is not None:
        rows = _shares(recipe.steps * recipe.batch, sizes)
    else:
        rows = [round(size * (recipe.epochs or 0)) for size in sizes]
    phases = [Phase(tasks, count, recipe.seed) for tasks, count in zip(mixtures, rows, strict=True)]
    return ExampleSource(phases, recipe.batch)


def _check_names(recipe: Recipe, tasks: Sequence[Task]) -> None:
    found = {task.name for task in tasks}
    if absent := sorted(set(recipe.tasks or ()) - found):
        raise InputError(f"tasks: there are no rows of {absent[0]!r}", remedy="mend its spelling, or take it out")
    if not found:
        raise InputError("there is nothing to train on", remedy="other clusters or tasks")


def _shares(rows: int, sizes: list[int]) -> list[int]:
    """Part rows in proportion to sizes; none is lost."""
    ends = [round(rows * sum(sizes[: number + 1]) / sum(sizes)) for number in range(len(sizes))]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def _picture_tasks(recipe: Recipe) -> Sequence[Task]:
    bare = recipe.strategy == "task_name"
    if recipe.data.world is not None:
        return drawn_tasks(
            recipe.clusters,
            recipe.tasks,
            texts=False,
            instances=recipe.instances,
            wordings=recipe.wordings,
            bare=bare,
            seed=recipe.seed,
        )
    assert recipe.data.official is not None
    assert recipe.data.templates is not None
    chosen = {task for group in recipe.clusters for task in GROUPS[group]}
    return official_tasks(
        recipe.data.official,
        recipe.data.templates,
        chosen if recipe.tasks is None else chosen.intersection(recipe.tasks),
        instances=recipe.instances,
        wordings=recipe.wordings or WORDINGS,
        bare=bare,
        seed=recipe.seed,
    )


def _text_tasks(recipe: Recipe) -> Sequence[Task]:
    instances = recipe.natural_instances or recipe.instances
    if recipe.data.world is not None:
        return drawn_tasks(
            None, recipe.tasks, texts=True, instances=instances, wordings=recipe.wordings, seed=recipe.seed
        )
    assert recipe.data.natural_instructions is not None
    return natural_tasks(recipe.data.natural_instructions, recipe.tasks, instances=instances, seed=recipe.seed)

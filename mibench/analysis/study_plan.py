"""What a study trains: a run for each arm and seed, where arms that are the same training share one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from mibench.analysis.study_recipe import PARTS, Part, StudyInFull
from mibench.data.mini.seen import FAMILIES
from mibench.errors import InputError
from mibench.tuning.drawn_source import group_key
from mibench.tuning.mini.recipe import MiniRecipe, Stage
from mibench.tuning.recipe import Strategy
from mibench.tuning.task_groups import GROWING


def seeing(base: MiniRecipe) -> tuple[str, ...]:
    """Return the families of a recipe that are about pictures."""
    return tuple(name for name in base.families if FAMILIES[name].worlds is not None)


def reading(base: MiniRecipe) -> tuple[str, ...]:
    """Return the families of a recipe that are of text alone."""
    return tuple(name for name in base.families if FAMILIES[name].worlds is None)


def text_every(base: MiniRecipe) -> int:
    """Return of how many steps one is of text where both are mixed, so that families come about equally often."""
    return round(len(base.families) / max(len(reading(base)), 1))


class StudyRun(NamedTuple):
    """One training, to be evaluated; no stages where nothing is trained."""

    name: str
    stages: tuple[Stage, ...]

    @property
    def families(self) -> int:
        """Families that are trained on."""
        return len({name for stage in self.stages for name in stage.families})

    @property
    def steps(self) -> int:
        """Updates of the weights."""
        return sum(stage.steps for stage in self.stages)

    @property
    def rows(self) -> int:
        """Rows that are trained on, repetitions included."""
        return sum(stage.steps * stage.batch for stage in self.stages)


class Arm(NamedTuple):
    """What is compared within a part of the study; the seed is None where nothing is trained."""

    part: Part
    name: str
    seed: int | None
    run: str


class StudyPlan(NamedTuple):
    """The runs by name, in the order in which they are made, and what each stands for."""

    runs: Mapping[str, StudyRun]
    arms: Sequence[Arm]


def plan_study(found: StudyInFull, parts: Collection[Part] = PARTS) -> StudyPlan:
    """Return the runs of some parts of a study, all of the first seed before those of the next.

    Raises:
        InputError: none of these parts is in the study.

    """
    runs: dict[str, StudyRun] = {}
    arms = list[Arm]()
    first, *_ = found.study.seeds
    for seed in found.study.seeds:
        for part, name, run in _arms(found, seed):
            if part in parts and (seed == first or part in found.study.repeated):
                runs.setdefault(run.name, run)
                arm = Arm(part, name, seed if run.stages else None, run.name)
                arms += [arm] if arm not in arms else []
    if not arms:
        raise InputError(f"the study has no {' or '.join(parts)}", remedy="name them in its recipe")
    return StudyPlan(runs, arms)


def _arms(found: StudyInFull, seed: int) -> Iterator[tuple[Part, str, StudyRun]]:
    study = found.study
    for strategy in study.strategies:
        yield "strategies", strategy, _by_strategy(found, strategy, seed)
    for count in study.wordings:
        if count == "all":
            yield "wordings", "all", _by_strategy(found, "multi", seed)
        else:
            stage = _stage(found, seed, seeing(found.base), wordings=count)
            yield "wordings", str(count), StudyRun(f"multi-wordings{count}-seed{seed}", (stage,))
    for sets in study.clusters:
        if sets == "text":
            yield "clusters", "text", _by_strategy(found, "mixed", seed)
        elif sets == len(GROWING):
            yield "clusters", str(sets), _by_strategy(found, "multi", seed)
        else:
            stage = _stage(found, seed, families_in(found.base, sets))
            yield "clusters", str(sets), StudyRun(f"multi-clusters{sets}-seed{seed}", (stage,))


def families_in(base: MiniRecipe, sets: int) -> tuple[str, ...]:
    """Return the families with pictures in the first so many sets of groups of the paper's order."""
    groups = {group for added in GROWING[:sets] for group in added}
    return tuple(name for name in seeing(base) if group_key(FAMILIES[name]) in groups)


def _by_strategy(found: StudyInFull, strategy: Strategy, seed: int) -> StudyRun:
    if strategy == "none":
        return StudyRun("none", ())
    stages: tuple[Stage, ...]
    if strategy == "sequential":
        stages = _one_after_the_other(found, seed)
    elif strategy == "natural":
        stages = (_stage(found, seed, reading(found.base), text_every=1),)
    elif strategy == "mixed":
        stages = (_stage(found, seed, found.base.families, text_every=text_every(found.base)),)
    else:
        stages = (_stage(found, seed, seeing(found.base), instructed=float(strategy == "multi")),)
    return StudyRun(f"{strategy}-seed{seed}", stages)


def _one_after_the_other(found: StudyInFull, seed: int) -> tuple[Stage, Stage]:
    """Return as many steps of text, and then of pictures, as mixing has."""
    text = max(1, found.study.steps // text_every(found.base))
    first = _stage(found, seed, reading(found.base), text_every=1, steps=text, name=f"text-seed{seed}")
    second = _stage(found, seed, seeing(found.base), steps=found.study.steps - text, after=first.name)
    return first, second


def _stage(
    found: StudyInFull,
    seed: int,
    families: tuple[str, ...],
    *,
    instructed: float = 1.0,
    wordings: int = 0,
    text_every: int = 0,
    steps: int | None = None,
    name: str | None = None,
    after: str | None = None,
) -> Stage:
    """Return a stage; rows are drawn by its name, so that all runs of a seed with the same families see the same."""
    study = found.study
    steps = steps or study.steps
    return Stage(
        name=name or f"study-seed{seed}",
        after=after or study.start,
        families=families,
        instructed=instructed,
        wordings=wordings,
        text_every=text_every,
        steps=steps,
        batch=study.batch,
        learning_rate=study.learning_rate,
        warmup_steps=round(study.warmup * steps),
        supervision=study.supervision,
        plain=found.start.plain,
    )

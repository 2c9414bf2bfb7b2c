"""A study as a text: tables in Markdown with intervals, the spread over seeds, and the paper's figures beside."""

from collections.abc import Iterable, Iterator, Sequence

from mibench.analysis.study_printed import NOTES
from mibench.analysis.study_recipe import Part
from mibench.analysis.study_report import SUMMARY, ArmResult, Measured, RunResult, Spread, StudyReport
from mibench.leaderboard.text import bounds, number

TITLES: dict[Part, str] = {
    "strategies": "Strategies of tuning",
    "wordings": "Instructions a task",
    "clusters": "Growing clusters of tasks",
}
_ABOUT: dict[Part, str] = {
    "strategies": "`none` is the model that all runs start from; `task_name` is tuned on bare names, `natural` on text "
    "families alone, `multi` on families with pictures, `mixed` on both, step by step in turn, `sequential` on as many "
    "steps of text first; all but `task_name` with instructions.",
    "wordings": "As `multi`, with so many wordings of each family; which ones does not change with the seed.",
    "clusters": "As `multi`, with the families of the first so many sets of groups: image understanding and VQA; "
    "grounded matching and generation; miscellaneous, temporal ordering and image-text matching; visual relationship; "
    "region understanding. `text` is `mixed`.",
}


def as_markdown(report: StudyReport) -> str:
    """Return the tables of a study; charts stand beside as `wordings.svg` and `clusters.svg`."""
    return "\n\n".join(_paragraphs(report)) + "\n"


def _paragraphs(report: StudyReport) -> Iterator[str]:
    study = report.study
    limit = "all instances" if study["limit"] is None else f"the first {study['limit']} instances"
    yield "# The paper's study on the mini world"
    yield (
        f"Every run starts from the stage `{study['start']}` of `{study['recipe']}` and is tuned for {study['steps']} "
        f"steps of {study['batch']} rows; then it is asked {limit} of each task under all five wordings. "
        f"{report.done} of {report.planned} runs are done."
    )
    yield (
        "Scores are percentages: mean over five wordings, in brackets the 95 % interval over instances, and a star "
        "where guessing gives as much. Sensitivity is better when lower; its interval is without what sampling adds, "
        "so that it may lie below the value, and it tells nothing of a model at chance. The paper's figures are of "
        "OFA-Large on real pictures: only their order and the signs of their differences compare."
    )
    for part in TITLES:
        if arms := report.of(part):
            yield f"## {TITLES[part]}"
            yield f"{_ABOUT[part]} {NOTES[part]}"
            yield from _strategies(arms) if part == "strategies" else _ablation(part, arms)


def _strategies(arms: Sequence[ArmResult]) -> Iterator[str]:
    names = [arm.name for arm in arms]
    measures = _measures(arms)
    seeds: list[int | None] = list(dict.fromkeys(run.seed for arm in arms for run in arm.runs if run.seed is not None))
    if len(seeds) > 1:
        yield f"Mean over seeds ({', '.join(map(str, seeds))}) ± their sample standard deviation:"
        spreads = ([name, *(_spread(arm.over_seeds.get(name)) for arm in arms)] for name in measures)
        yield _table(["", *names], spreads)
        yield (
            "How many points the score of a multimodal task moves: the root of its variance over the wordings of a "
            "run, and over the seeds under a wording, averaged over tasks. Both hold what the choice of instances adds:"
        )
        moves = [arm.movement for arm in arms]
        yield _table(
            ["with the", *names],
            [
                ["wording", *(number(move.wording) for move in moves)],
                ["seed", *(number(move.seed) for move in moves)],
            ],
        )
    for seed in seeds or [None]:
        runs = [next((run for run in arm.runs if run.seed in (seed, None)), None) for arm in arms]
        yield f"Single runs{'' if seed is None else f' of seed {seed}'}:"
        rows = ([name, *(_value(run, name) for run in runs)] for name in measures)
        yield _table(["", *names], rows)
    yield "In the paper:"
    yield _table(["", *names], ([name, *(number(arm.paper.get(name)) for arm in arms)] for name in measures))


def _ablation(part: Part, arms: Sequence[ArmResult]) -> Iterator[str]:
    yield f"![{TITLES[part]}: aggregate and Sensitivity]({part}.svg)"
    yield _table([part, "seed", "families", *SUMMARY[1:], "paper: aggregate", "paper: sensitivity"], _rows(arms))


def _rows(arms: Iterable[ArmResult]) -> Iterator[list[str]]:
    for arm in arms:
        paper = [number(arm.paper.get(name)) for name in SUMMARY[1:]]
        for run in arm.runs:
            found = [_value(run, name) for name in SUMMARY[1:]]
            seed = "–" if run.seed is None else str(run.seed)
            yield [arm.name, f"{seed}, single run", str(run.families), *found, *paper]
        if len(arm.runs) > 1:
            done = sum(bool(run.measures) for run in arm.runs)
            spreads = [_spread(arm.over_seeds.get(name)) for name in SUMMARY[1:]]
            yield [arm.name, f"mean ± std of {done}", str(arm.runs[0].families), *spreads, *paper]


def _measures(arms: Iterable[ArmResult]) -> list[str]:
    """Return the tasks in the order of the paper's tables, then what sums them up."""
    known = dict.fromkeys(name for arm in arms for name in [*arm.paper, *arm.over_seeds])
    return [*(name for name in known if name not in SUMMARY), *SUMMARY]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [headings, rule, *rows])


def _value(run: RunResult | None, measure: str) -> str:
    found = Measured(None) if run is None else run.measures.get(measure, Measured(None))
    interval = "" if found.ci is None else f" ({bounds(found.ci)})"
    return number(found.value) + ("*" if found.at_chance else "") + interval


def _spread(found: Spread | None) -> str:
    if found is None or found.mean is None:
        return "–"
    return number(found.mean) + (" (single run)" if found.std is None else f" ± {number(found.std)}")

"""`mibench study`: trainings compared, as the paper compares them."""

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.analysis.study_plan import StudyPlan, StudyRun
    from mibench.analysis.study_recipe import Part, StudyInFull
    from mibench.running.runner import Watcher
    from mibench.scoring.report import Scores
    from mibench.tuning.loop import Watch

_LINE_SECONDS = 30.0
"""Between two log lines of a training."""
_log = logging.getLogger(__name__)


@click.group()
def study() -> None:
    """Compare ways of tuning, as the paper does."""


def _parts(ctx: click.Context, param: click.Parameter, value: str | None) -> "tuple[Part, ...]":
    from mibench.analysis.study_recipe import PARTS

    if value is None:
        return PARTS
    wanted = [name.strip() for name in value.split(",")]
    if unknown := [name for name in wanted if name not in PARTS]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in wanted)


def _seeds(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    wanted = [name.strip() for name in value.split(",")]
    if not all(name.isdecimal() for name in wanted) or len({*wanted}) < len(wanted):
        raise click.BadParameter(f"{value!r} is no list of different whole numbers, as 0,1,2")
    return tuple(map(int, wanted))


@study.command()
@click.argument("recipe", type=click.Path(path_type=Path), default="recipes/study-mini.yaml", metavar="[RECIPE.yaml]")
@click.option(
    "--training", type=click.Path(path_type=Path), metavar="DIR", help="Where the recipe of the model was trained."
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where runs, tables and charts go.")
@click.option("--parts", callback=_parts, metavar="A,B", help="Some of strategies, wordings, clusters.  [default: all]")
@click.option("--seeds", callback=_seeds, metavar="0,1", help="These seeds in place of the recipe's.")
@click.option("--steps", type=click.IntRange(min=2), metavar="N", help="So many steps a run in place of the recipe's.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N instances of each task.")
@click.option("--check", is_flag=True, help="Train nothing; say which runs there are, and how much they train and ask.")
def mini(
    recipe: Path,
    training: Path | None,
    output: Path | None,
    parts: "tuple[Part, ...]",
    seeds: tuple[int, ...] | None,
    steps: int | None,
    limit: int | None,
    check: bool,
) -> None:
    """Repeat the paper's study in small: tune one model in many ways on the mini world, and compare.

    \b
    Examples:
      mibench study mini --check
      mibench study mini --training runs/ofa-mini --output runs/study
      mibench study mini --training runs/ofa-mini --output runs/study --parts strategies --seeds 0,1,2
      mibench study mini --training runs/ofa-mini --output quick --steps 50 --limit 10

    RECIPE.yaml, by default recipes/study-mini.yaml, names the recipe of the small model, the stage that every run
    starts from, and what is compared. --training is the folder in which 'mibench tune' has done that stage, or taken
    it from published weights.

    \b
    What is compared:
      strategies  multi (families with pictures, under instructions), task_name (the same under bare names), natural
                  (text families), mixed (both), sequential (text first, as many steps in all), none (no tuning)
      wordings    multi with 1, 5, 20 or all instructions a family
      clusters    multi with more and more groups of families, in the paper's order; in the end text as well

    \b
    What is in the output:
      study.md, study.json        tables with 95 % intervals, beside what the paper prints
      wordings.svg, clusters.svg  charts
      RUN/training                the tuned model
      RUN/submission              its answers and scores, as 'mibench run' writes them

    A study that was stopped goes on when the same command is given again; runs that are done are not done again. The
    tables are of the parts that the command names, and are written after every run.
    """
    from mibench.analysis.study_plan import plan_study
    from mibench.analysis.study_recipe import read_study

    found = read_study(recipe, seeds=seeds, steps=steps, limit=limit)
    plan = plan_study(found, parts)
    if check:
        _tell(found, plan, output)
        return
    if training is None or output is None:
        raise click.UsageError("--training and --output are needed, or --check")
    _carry_out(found, plan, training, output)


def _carry_out(found: "StudyInFull", plan: "StudyPlan", training: Path, output: Path) -> None:
    try:
        from mibench.analysis.study_work import ADAPTER, Asking, Training
    except ImportError as error:
        raise InputError(f"this needs {error.name or error}", remedy="pip install 'mibench[models]'") from None
    from mibench.analysis.study_folder import TABLES, write_study
    from mibench.analysis.study_report import report_on
    from mibench.analysis.study_runs import carry_out
    from mibench.cards import load_cards
    from mibench.cli.inputs import open_data

    cards = load_cards()
    asked = list(cards.values())
    with _Display(_requests(found)) as display:
        tuning = Training(found.base, found.study.start, training, display.training)
        asking = Asking(open_data("mini", asked), asked, found.study.limit, display.asking)
        settings = {"start": tuning.digest, "adapter": ADAPTER, "limit": found.study.limit}
        scores: dict[str, Scores] = {}
        for run, new in carry_out(plan.runs.values(), output, settings, tuning, asking):
            scores[run.name] = new
            write_study(output, report_on(found.study, plan, scores))
            _log.info("%s is done, %d of %d", run.name, len(scores), len(plan.runs))
    click.echo(output / TABLES)


def _requests(found: "StudyInFull") -> int:
    """Return how many requests are made of each model."""
    from mibench.cards import INSTRUCTIONS, load_cards
    from mibench.data.mini.visual.rows import ROWS

    rows = ROWS if found.study.limit is None else min(found.study.limit, ROWS)
    return INSTRUCTIONS * rows * len(load_cards())


def _tell(found: "StudyInFull", plan: "StudyPlan", output: Path | None) -> None:
    """Print the runs, and how much they train and ask; those that are done where there is an output."""
    from mibench.analysis.study_runs import scores_of
    from mibench.cli.tables import console, named_table, say

    out, requests = console(), _requests(found)
    table = named_table("run", numbers=["families", "wordings", "steps", "rows", "requests", "done"])
    for run in plan.runs.values():
        done = output is not None and scores_of(run, output) is not None
        wordings = "–" if not run.stages else _wordings(run)
        numbers = (run.families, wordings, f"{run.steps:,}", f"{run.rows:,}", f"{requests:,}", "yes" if done else "no")
        table.add_row(run.name, *map(str, numbers))
    out.print(table, highlight=False)
    steps, rows = sum(run.steps for run in plan.runs.values()), sum(run.rows for run in plan.runs.values())
    say(
        out,
        f"{len(plan.runs)} runs from the stage {found.study.start!r}: {steps:,} steps of {found.study.batch} rows, "
        f"{rows:,} rows in all; then {requests * len(plan.runs):,} requests",
    )


def _wordings(run: "StudyRun") -> str:
    last = run.stages[-1]
    if not last.instructed:
        return "bare"
    return str(last.wordings or "all")


class _Display:
    """Shows on stderr how the run at hand comes along: bars on a terminal, a log line now and then elsewhere."""

    def __init__(self, requests: int) -> None:
        self._requests, self._open = requests, ExitStack()

    def __enter__(self) -> "_Display":
        return self

    def __exit__(self, *broken: object) -> None:
        self._open.close()

    def training(self, run: "StudyRun") -> "Watch":
        """Begin to show the steps of a run."""
        from mibench.cli.progress import progress

        self._open.close()
        _log.info("training %s", run.name)
        display = self._open.enter_context(progress())
        bar = display.add_task(run.name, total=run.steps, rate="")
        said = time.monotonic()

        def watch(done: int, total: int, loss: float) -> None:
            nonlocal said
            display.update(bar, completed=done, total=total, rate=f"loss {loss:.4f}")
            if display.disable and time.monotonic() - said >= _LINE_SECONDS:
                said = time.monotonic()
                _log.info("%s: step %d of %d, loss %.4f", run.name, done, total, loss)

        return watch

    def asking(self, run: "StudyRun") -> "Watcher":
        """Begin to show the requests of a run."""
        from mibench.cli.watching import watching

        self._open.close()
        _log.info("asking %s", run.name)
        return self._open.enter_context(watching(self._requests, bars=True))

"""From submissions to a static site: a page of tables, a page for each submission, a style sheet."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from mibench.cards import TaskCard
from mibench.errors import InputError
from mibench.leaderboard import plot
from mibench.leaderboard.entries import Entry, read_entries
from mibench.leaderboard.published import PublishedModel, load_published
from mibench.leaderboard.sections import WORLDS, Section, make_sections
from mibench.scoring.report import Interval, Intervals, MetricScores
from mibench.scoring.summary import aggregate

MARKER = ".mibench-site"
"""A file that tells a site made here from a folder of something else."""
SUITES: Mapping[str, str] = {"multimodal": "Multimodal tasks", "nlp": "NLP tasks"}

_log = logging.getLogger(__name__)


class PublishedRow(NamedTuple):
    """A model of the paper, with the aggregates that follow from what is printed; None where a part is not."""

    model: PublishedModel
    mean: float | None
    max: float | None


class TaskRow(NamedTuple):
    """One task on the page of a submission; no wordings where the card has changed since."""

    card: TaskCard
    n: int
    primary: MetricScores
    others: Mapping[str, MetricScores]
    ci: Intervals
    at_chance: bool
    plot: plot.DotPlot
    wordings: Sequence[str]


def build_site(submissions: Path, output: Path, cards: Mapping[str, TaskCard]) -> int:
    """Write the site and return how many submissions it shows.

    It is written beside its place and then put there whole: a failure leaves the old one as it was.

    Raises:
        InputError: a submission cannot be read, or the output is a folder of something else.

    """
    entries = read_entries(submissions)
    sections = make_sections(entries)
    _check_output(output)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _write_pages(sections, partial, cards)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(output, ignore_errors=True)
    partial.rename(output)
    if len(sections) > 1:
        _log.info(
            "%d tables, ranked apart: world, wording, seed or data differ, so aggregates do not compare", len(sections)
        )
    return len(entries)


def _check_output(output: Path) -> None:
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise InputError("not a folder", file=output, remedy="give --output another place")
    if output.is_dir() and any(output.iterdir()) and not (output / MARKER).is_file():
        raise InputError(
            "holds something else than a site made here", file=output, remedy="give --output another place"
        )


def _write_pages(sections: Sequence[Section], folder: Path, cards: Mapping[str, TaskCard]) -> None:
    environment = Environment(
        loader=PackageLoader("mibench.leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "bounds": bounds,
        "address": lambda slug: f"submissions/{quote(slug)}.html",
    }
    environment.globals |= {"plot_width": plot.WIDTH, "plot_height": plot.HEIGHT, "plot_margin": plot.MARGIN}
    (folder / "submissions").mkdir(parents=True)
    (folder / MARKER).write_text("A site built by 'mibench leaderboard build', which may replace this folder.\n")
    shutil.copy(Path(__file__).parent / "templates" / "style.css", folder / "style.css")
    published = load_published()
    index = environment.get_template("index.html").render(
        worlds={title: [each for each in sections if each.world == world] for world, title in WORLDS.items()},
        tasks=[cards[task] for task in next(iter(published.models.values())).multimodal],
        published=[_published_row(model) for model in published.models.values()],
        source=published.source,
        total=len(cards),
    )
    (folder / "index.html").write_text(index, encoding="utf-8")
    page = environment.get_template("submission.html")
    for section in sections:
        for entry in section.entries:
            rows = [_task_row(entry, card) for name, card in cards.items() if name in entry.scores.tasks]
            suites = {title: [row for row in rows if row.card.suite == suite] for suite, title in SUITES.items()}
            text = page.render(entry=entry, suites=suites, section=section)
            (folder / "submissions" / f"{entry.slug}.html").write_text(text, encoding="utf-8")


def _published_row(model: PublishedModel) -> PublishedRow:
    printed = [model.primary(task) for task in model.multimodal]
    means = [task.mean for task in printed if task.mean is not None]
    complete = len(means) == len(printed) and model.nlp is not None
    return PublishedRow(
        model,
        mean=aggregate(means, [model.nlp or 0.0]) if complete else None,
        max=aggregate([task.max for task in printed], [model.nlp or 0.0]) if complete else None,
    )


def _task_row(entry: Entry, card: TaskCard) -> TaskRow:
    task = entry.scores.tasks[card.name]
    primary = task.metrics[task.primary]
    same = entry.description.cards[card.name] == card.digest and entry.description.instructions == "builtin"
    return TaskRow(
        card=card,
        n=task.n,
        primary=primary,
        others={name: metric for name, metric in task.metrics.items() if name != task.primary},
        ci=primary.ci or Intervals(per_instruction=[]),
        at_chance=bool(task.at_chance),
        plot=plot.dot_plot(primary.per_instruction, primary.mean),
        wordings=card.instructions if same else (),
    )


def number(value: float | None) -> str:
    """Return a score with two decimals, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.2f}"


def bounds(found: Interval | None) -> str:
    """Return a 95 % interval with two decimals, or nothing where there is none."""
    return "" if found is None else "{:.2f} to {:.2f}".format(*found.shown)

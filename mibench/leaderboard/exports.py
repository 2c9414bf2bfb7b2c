"""The tables for programs: `leaderboard.json` with its JSON Schema, and `leaderboard.csv`."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mibench.cards import TaskCard
from mibench.leaderboard.boards import Board
from mibench.leaderboard.pages import write_file
from mibench.leaderboard.published import Published, PublishedModel, load_published
from mibench.leaderboard.ranks import Place
from mibench.leaderboard.sheet import AGGREGATE, NLP, SENSITIVITY, Bounds, Figures
from mibench.leaderboard.text import rounded, rounded_bounds
from mibench.visible import visible

JSON, SCHEMA, CSV = "leaderboard.json", "leaderboard.schema.json", "leaderboard.csv"
FORMULA = re.compile(r"[\s=+\-@|%＝＋－＠]")
"""With these a spreadsheet may take the text of a cell for something to compute."""

Score = Annotated[float | None, Meta(description="0 to 100; null where undefined")]
Interval = Annotated[Bounds | None, Meta(description="95 % interval over pictures; null where there is none")]
Rank = Annotated[Annotated[int, Meta(ge=1)] | None, Meta(description="1 is best; null where not complete")]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a submission: the mean over five wordings, and the best and the worst wording of each task."""

    mean: Score
    max: Score
    worst: Score
    std: Annotated[float | None, Meta(description="over the five wordings, ddof = 1; of a single task only")]
    ci: Interval
    ci_max: Interval
    ci_worst: Interval


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """100 * std / mean, averaged over the multimodal tasks; lower is better."""

    value: Annotated[float | None, Meta(description="null where undefined")]
    ci: Interval


class ExportedSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a table."""

    slug: Annotated[str, Meta(description="name of its folder, and of its page submissions/<slug>.html")]
    name: str
    model: str
    revision: str | None
    parameters: Annotated[int | None, Meta(description="number of weights")]
    open_weights: bool | None
    adapter: Annotated[str | None, Meta(description="null where predictions were submitted")]
    created: Annotated[str, Meta(description="UTC, ISO 8601")]
    complete: Annotated[bool, Meta(description="all rows of all tasks under all wordings; only then it has a rank")]
    failed: Annotated[int, Meta(ge=0, description="answers that there are not; they count as wrong")]
    signature: Annotated[str, Meta(description="says how to get the numbers again")]
    rank: Rank
    rank_best: Annotated[Rank, Meta(description="the best rank that the intervals of the aggregates allow")]
    rank_worst: Annotated[Rank, Meta(description="the worst rank that they allow")]
    tied: Annotated[bool, Meta(description="whether another submission has the same aggregate")]
    aggregate: Annotated[Column, Meta(description="mean over the multimodal tasks, and the NLP tasks as one more")]
    sensitivity: Sensitivity
    nlp: Annotated[Column, Meta(description="mean over the NLP tasks")]
    tasks: Annotated[dict[str, Column], Meta(description="by task, the primary metric; absent where not asked")]


class ExportedBoard(msgspec.Struct, frozen=True, kw_only=True):
    """One table. Aggregates compare within it and never with those of another."""

    name: str
    title: str
    world: Annotated[str, Meta(description="official: the owners' test sets; mini: drawn and written tasks")]
    instructions: Annotated[str, Meta(description="builtin: the cards' own words; else the digest of a set")]
    seed: Annotated[int, Meta(description="of the order of options")]
    submissions: Annotated[list[ExportedSubmission], Meta(description="best aggregate first, unranked ones last")]


class PrintedTask(msgspec.Struct, frozen=True, kw_only=True):
    """One task as the paper prints it."""

    metric: str
    mean: Score
    max: Score
    std: Annotated[float | None, Meta(description="over five wordings")]


class ExportedPublished(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the paper. It was not scored here, so it has no rank and stands apart."""

    name: str
    title: str
    about: str
    aggregate: Score
    aggregate_max: Score
    sensitivity: float | None
    nlp: Score
    tasks: dict[str, PrintedTask]


class ExportedSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the published numbers stand."""

    title: str
    authors: str
    venue: str
    url: str
    tables: str


class ExportedTask(msgspec.Struct, frozen=True, kw_only=True):
    """One task of the benchmark."""

    title: str
    suite: Annotated[str, Meta(description="multimodal or nlp")]
    metric: Annotated[str, Meta(description="the primary one, which is aggregated")]


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """The mibench leaderboard. Scores are on the scale of 0 to 100.

    A new format number comes with every change that takes something away or gives it another meaning; what is added
    does not change it.
    """

    format: Literal[1]
    tasks: dict[str, ExportedTask]
    boards: list[ExportedBoard]
    published: list[ExportedPublished]
    published_source: ExportedSource


def write_exports(boards: Sequence[Board], cards: Mapping[str, TaskCard], site: Path) -> None:
    """Write the three files."""
    found = make_export(boards, cards)
    write_file(site, JSON, msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n")
    write_file(site, SCHEMA, json.dumps(schema(), indent=1, ensure_ascii=False) + "\n")
    write_file(site, CSV, make_csv(found))


def make_export(boards: Sequence[Board], cards: Mapping[str, TaskCard]) -> Export:
    """Return all tables, in the order of the front page."""
    published = load_published()
    return Export(
        format=1,
        tasks={
            name: ExportedTask(title=card.title, suite=card.suite, metric=card.primary_metric)
            for name, card in cards.items()
        },
        boards=[
            ExportedBoard(
                name=board.name,
                title=board.title,
                world=board.world,
                instructions=board.instructions,
                seed=board.seed,
                submissions=[_submission(place, cards) for place in board.places],
            )
            for board in boards
        ],
        published=[_published(name, model) for name, model in published.models.items()],
        published_source=_source(published),
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of `leaderboard.json`."""
    found = msgspec.json.schema(Export)
    for part in found["$defs"].values():
        part["description"] = " ".join(part["description"].split())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def make_csv(found: Export) -> str:
    """Return one line for each submission and table; published models, which are not ranked, are left out.

    What a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    facts = ("slug", "name", "model", "revision", "parameters", "open_weights", "adapter", "created", "complete")
    ranks = ("rank", "rank_best", "rank_worst")
    heads = [f"{task}_{key}" for task in found.tasks for key in ("mean", "std")]
    bounded = ("aggregate", "aggregate_max", "sensitivity", "nlp")
    numbers = [f"{name}{end}" for name in bounded for end in ("", "_low", "_high")]
    writer.writerow(["board", *ranks, *facts, *numbers, *heads])
    for board in found.boards:
        for row in board.submissions:
            columns = (
                (row.aggregate.mean, row.aggregate.ci),
                (row.aggregate.max, row.aggregate.ci_max),
                (row.sensitivity.value, row.sensitivity.ci),
                (row.nlp.mean, row.nlp.ci),
            )
            values = [value for number, ci in columns for value in (number, *(ci or (None, None)))]
            tasks = [row.tasks.get(task) for task in found.tasks]
            scores = [value for task in tasks for value in ((task.mean, task.std) if task else (None, None))]
            about = [getattr(row, key) for key in (*ranks, *facts)]
            writer.writerow([_cell(value) for value in (board.name, *about, *values, *scores)])
    return text.getvalue()


def _submission(place: Place, cards: Mapping[str, TaskCard]) -> ExportedSubmission:
    sheet = place.sheet
    sensitivity = sheet.columns[SENSITIVITY]
    return ExportedSubmission(
        slug=sheet.slug,
        name=visible(sheet.name),
        model=visible(sheet.model),
        revision=None if sheet.revision is None else visible(sheet.revision),
        parameters=sheet.parameters,
        open_weights=sheet.open_weights,
        adapter=None if sheet.adapter is None else visible(sheet.adapter),
        created=sheet.created,
        complete=sheet.complete,
        failed=sheet.failed,
        signature=visible(sheet.signature),
        rank=place.rank,
        rank_best=place.best,
        rank_worst=place.worst,
        tied=place.tied,
        aggregate=_column(sheet.columns[AGGREGATE]),
        sensitivity=Sensitivity(value=rounded(sensitivity.mean), ci=rounded_bounds(sensitivity.ci)),
        nlp=_column(sheet.columns[NLP]),
        tasks={name: _column(sheet.columns[name]) for name in cards if name in sheet.columns},
    )


def _column(found: Figures) -> Column:
    return Column(
        mean=rounded(found.mean),
        max=rounded(found.max),
        worst=rounded(found.worst),
        std=rounded(found.std),
        ci=rounded_bounds(found.ci),
        ci_max=rounded_bounds(found.ci_max),
        ci_worst=rounded_bounds(found.ci_worst),
    )


def _published(name: str, model: PublishedModel) -> ExportedPublished:
    return ExportedPublished(
        name=name,
        title=model.title,
        about=model.about,
        aggregate=rounded(model.aggregate),
        aggregate_max=rounded(model.aggregate_max),
        sensitivity=model.sensitivity,
        nlp=model.nlp,
        tasks={
            task: PrintedTask(metric=metric, mean=printed.mean, max=printed.max, std=printed.std)
            for task, metrics in model.multimodal.items()
            for metric, printed in [*metrics.items()][:1]
        },
    )


def _source(published: Published) -> ExportedSource:
    source = published.source
    return ExportedSource(
        title=source.title, authors=source.authors, venue=source.venue, url=source.url, tables=source.tables
    )


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value

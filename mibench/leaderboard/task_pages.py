"""A page for each task: its card, its five wordings, some examples, and all that were asked."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.prepare import published_rows
from mibench.data.store import DataFolder
from mibench.leaderboard import charts
from mibench.leaderboard.boards import BUILTIN, Board, wording
from mibench.leaderboard.examples import Example, write_examples
from mibench.leaderboard.metric_words import metric_name, metric_words
from mibench.leaderboard.model_page import SUITES
from mibench.leaderboard.pages import write_page
from mibench.leaderboard.ranks import Place, ranked
from mibench.leaderboard.submission_part import Sources
from mibench.leaderboard.wordings import Part, shown

MINI = "mini"
STANDS_OUT = 0.5
"""Points between the hardest and the easiest wording above which they are named."""


class Hardness(NamedTuple):
    """One wording over all ranked models of a table.

    Attributes:
        apart: its score less the mean over the five wordings of the same model, the median over models.
        worst: for how many models no other wording brings less; equal ones count for each.
        best: for how many no other brings more.

    """

    number: int
    strip: charts.Strip
    median: float
    apart: float
    worst: int
    best: int


class TaskBoard(NamedTuple):
    """The table of a board on a task's page.

    Attributes:
        rows: of the table, HTML.
        words: what these models were asked in.
        instructions: five, where they are not the card's own and are at hand.
        hardness: of each wording; empty for fewer than two ranked models.
        verdict: a sentence on which wording is hard for all.

    """

    title: str
    places: Sequence[Place]
    rows: str
    words: str
    instructions: Sequence[Sequence[Part]]
    hardness: Sequence[Hardness]
    verdict: str


class IndexRow(NamedTuple):
    """One task in the list of all; `mini` counts the drawn rows, where the data are at hand."""

    card: TaskCard
    metric: str
    official: int | None
    mini: int | None
    models: int


def write_task_pages(boards: Sequence[Board], sources: Sources, site: Path) -> None:
    """Write `tasks.html`, `tasks/<task>.html` and the pictures of the examples.

    Raises:
        InputError: the data from which examples come cannot be read.

    """
    data = DataFolder(sources.data[MINI]) if MINI in sources.data else None
    drawn = {} if data is None else {name: task.rows for name, task in data.manifest.tasks.items()}
    rows = []
    for name, card in sources.cards.items():
        found = [_task_board(board, card, sources) for board in boards]
        tables = [table for table in found if table.places]
        official = published_rows(card, "")
        models = sum(len(table.places) for table in tables)
        rows.append(IndexRow(card, metric_name(card.primary_metric), official, drawn.get(name), models))
        examples: Sequence[Example] = write_examples(card, data, site) if data and name in drawn else ()
        write_page(
            site,
            f"tasks/{name}.html",
            "task.html",
            card=card,
            boards=tables,
            examples=examples,
            instructions=shown(card),
            metrics={metric_name(metric): metric_words(metric) for metric in card.metrics},
            official=official,
            drawn=drawn.get(name),
        )
    write_page(site, "tasks.html", "tasks.html", suites=_by_cluster(rows))


def _by_cluster(rows: Sequence[IndexRow]) -> Mapping[str, Mapping[str, Sequence[IndexRow]]]:
    suites = dict[str, dict[str, list[IndexRow]]]()
    for suite, title in SUITES.items():
        own = [row for row in rows if row.card.suite == suite]
        for cluster in sorted({row.card.cluster for row in own}):
            suites.setdefault(title, {})[cluster] = [row for row in own if row.card.cluster == cluster]
    return suites


def _task_board(board: Board, card: TaskCard, sources: Sources) -> TaskBoard:
    asked = [place.sheet for place in board.places if card.name in place.sheet.task_rows]
    places = ranked(asked, card.name)
    scores = [place.sheet.columns[card.name].per_instruction for place in places if place.rank is not None]
    hardness = list(_hardness([[score for score in five if score is not None] for five in scores]))
    words = sources.instructions.get(board.instructions)
    own = board.instructions == BUILTIN
    return TaskBoard(
        title=board.title,
        places=places,
        rows="\n".join(_row(place, card.name) for place in places),
        words="" if own else wording(board.instructions),
        instructions=shown(card, words) if words and not own else (),
        hardness=hardness,
        verdict=_verdict(hardness),
    )


def _row(place: Place, task: str) -> str:
    """Return a row of the table; joined here, since a template takes ten times as long for a thousand of them."""
    spread = f"<small>{place.best} to {place.worst}</small>" if place.best != place.worst else ""
    first, kind = ("–", ' class="partial"') if place.rank is None else (f"{place.rank}{spread}", "")
    return f'<tr{kind}><td class="figure">{first}</td>{place.sheet.task_rows[task]}</tr>'


def _hardness(scores: Sequence[Sequence[float]]) -> Iterator[Hardness]:
    """Yield how hard each wording is, from the five scores of each model."""
    whole = [five for five in scores if len(five) == INSTRUCTIONS]
    if len(whole) < 2:
        return
    means, lows, highs = [*map(statistics.fmean, whole)], [*map(min, whole)], [*map(max, whole)]
    for place in range(INSTRUCTIONS):
        found = [five[place] for five in whole]
        yield Hardness(
            number=place + 1,
            strip=charts.strip(found),
            median=statistics.median(found),
            apart=statistics.median([score - mean for score, mean in zip(found, means, strict=True)]),
            worst=sum(score == low for score, low in zip(found, lows, strict=True)),
            best=sum(score == high for score, high in zip(found, highs, strict=True)),
        )


def _verdict(hardness: Sequence[Hardness]) -> str:
    if not hardness:
        return ""
    hardest, easiest = (choose(hardness, key=lambda one: one.apart) for choose in (min, max))
    if easiest.apart - hardest.apart < STANDS_OUT:
        return "No wording is much harder than the others for most models."
    return (
        f"Wording {hardest.number} is the hardest: with it, half of the models score {abs(hardest.apart):.2f} points "
        f"or more below their own mean. Wording {easiest.number} is the easiest."
    )

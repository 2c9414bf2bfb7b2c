"""The front page: a table for each board, with the paper's models beside that of the official data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.leaderboard.boards import WORLDS, Board
from mibench.leaderboard.pages import write_page
from mibench.leaderboard.published import PublishedModel, load_published
from mibench.scoring.summary import aggregate


class PublishedRow(NamedTuple):
    """A model of the paper, with the aggregates that follow from what is printed; None where a part is not."""

    model: PublishedModel
    mean: float | None
    max: float | None


def write_front_page(boards: Sequence[Board], cards: Mapping[str, TaskCard], site: Path) -> None:
    """Write `index.html`."""
    published = load_published()
    write_page(
        site,
        "index.html",
        "index.html",
        worlds={title: [board for board in boards if board.world == world] for world, title in WORLDS.items()},
        tasks=[card for card in cards.values() if card.suite == "multimodal"],
        published=[_published_row(model) for model in published.models.values()],
        source=published.source,
    )


def _published_row(model: PublishedModel) -> PublishedRow:
    printed = [model.primary(task) for task in model.multimodal]
    means = [task.mean for task in printed if task.mean is not None]
    complete = len(means) == len(printed) and model.nlp is not None
    return PublishedRow(
        model,
        mean=aggregate(means, [model.nlp or 0.0]) if complete else None,
        max=aggregate([task.max for task in printed], [model.nlp or 0.0]) if complete else None,
    )

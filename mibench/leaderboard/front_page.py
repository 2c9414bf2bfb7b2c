"""The front page: a table and a picture for each board, with the paper's models beside the first of official data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.leaderboard import scatter
from mibench.leaderboard.boards import WORLDS, Board, wording
from mibench.leaderboard.pages import write_page
from mibench.leaderboard.published import Published, load_published
from mibench.leaderboard.ranks import Place
from mibench.leaderboard.scatter import Mark, Scatter
from mibench.leaderboard.sheet import AGGREGATE, SENSITIVITY
from mibench.leaderboard.verdicts import Best, Calmest, find_best, find_calmest

SIZES: Mapping[str, tuple[str, float]] = {
    "1": ("up to 1 billion", 1e9),
    "3": ("1 to 3 billion", 3e9),
    "10": ("3 to 10 billion", 1e10),
    "more": ("more than 10 billion", float("inf")),
}
"""Classes of models by the number of weights: what they are called, and the most that belongs to each."""

FEW_NAMES = 14
"""Where there are more points, only some are named in the picture."""
BEST_NAMED, CALMEST_NAMED = 8, 3


class Table(NamedTuple):
    """One board on the page.

    Attributes:
        name: names it in an address.
        words: what it was asked in.
        first: whether it is the world's usual one.
        ranked: the complete submissions.
        others: the rest.
        published: whether the paper's models stand beside them.
        picture: None where there are fewer than two points.

    """

    name: str
    title: str
    world: str
    words: str
    first: bool
    ranked: Sequence[Place]
    others: Sequence[Place]
    published: bool
    best: Best | None
    calmest: Calmest | None
    picture: Scatter | None


def write_front_page(boards: Sequence[Board], cards: Mapping[str, TaskCard], site: Path) -> None:
    """Write `index.html`."""
    published = load_published()
    tables = [_table(world, place, board, published) for world, place, board in _in_order(boards)]
    write_page(
        site,
        "index.html",
        "index.html",
        tables=tables,
        plot=scatter,
        tasks=[card for card in cards.values() if card.suite == "multimodal"],
        language_tasks=sum(card.suite == "nlp" for card in cards.values()),
        published=published,
        wordings=sorted({table.words for table in tables if table.words}),
        sizes=SIZES,
        size_class=size_class,
    )


def size_class(parameters: int | None) -> str:
    """Return the key in `SIZES` of a number of weights; empty where nobody said."""
    if parameters is None:
        return ""
    return next(key for key, (_, most) in SIZES.items() if parameters <= most)


def _in_order(boards: Sequence[Board]) -> list[tuple[str, int, Board | None]]:
    """Return each world's boards with their places in it; a world without any has one that is not there."""
    found: list[tuple[str, int, Board | None]] = []
    for world in WORLDS:
        own = [board for board in boards if board.world == world]
        found += [(world, place, board) for place, board in enumerate(own or [None])]
    return found


def _table(world: str, place: int, board: Board | None, published: Published) -> Table:
    places = board.places if board else ()
    beside = published if world == "official" and place == 0 else None
    return Table(
        name=board.name if board else world,
        title=board.title if board else WORLDS[world],
        world=world,
        words=wording(board.instructions) if board else "",
        first=place == 0,
        ranked=[place for place in places if place.rank is not None],
        others=[place for place in places if place.rank is None],
        published=beside is not None,
        best=find_best(places),
        calmest=find_calmest(places),
        picture=_picture(places, beside),
    )


def _picture(places: Sequence[Place], published: Published | None) -> Scatter | None:
    marks = []
    for place in places:
        aggregate, sensitivity = (place.sheet.columns[name] for name in (AGGREGATE, SENSITIVITY))
        if place.rank is not None and aggregate.mean is not None and sensitivity.mean is not None:
            kind = "guesses" if place.sheet.guesses else "scored"
            figures = (aggregate.mean, sensitivity.mean, aggregate.ci, sensitivity.ci)
            marks.append(Mark(place.sheet.name, *figures, kind=kind))
    calmest = sorted(mark.sensitivity for mark in marks)[:CALMEST_NAMED]
    printed = [
        Mark(model.title, model.aggregate, model.sensitivity, kind="published")
        for model in (published.models.values() if published else ())
        if model.aggregate is not None and model.sensitivity is not None
    ]
    if len(marks) + len(printed) > FEW_NAMES:
        marks = [
            mark._replace(named=number < BEST_NAMED or mark.sensitivity in calmest) for number, mark in enumerate(marks)
        ]
    return scatter.scatter([*printed, *marks]) if len(marks) + len(printed) > 1 else None

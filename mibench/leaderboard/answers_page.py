"""The page of single answers, one for the whole site, and the list of what it can show."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mibench.cards import TaskCard
from mibench.leaderboard.boards import Board
from mibench.leaderboard.chunks import write_data
from mibench.leaderboard.pages import write_page


def write_answers_page(boards: Sequence[Board], cards: Mapping[str, TaskCard], site: Path) -> None:
    """Write `answers.html` and `data/answers.js`."""
    groups = [group for board in boards for group in _groups(board, cards)]
    titles = {name: card.title for name, card in cards.items()}
    write_data(site, "answers", {"titles": titles, "groups": groups})
    write_page(site, "answers.html", "answers.html", some=bool(groups))


def _groups(board: Board, cards: Mapping[str, TaskCard]) -> list[dict[str, object]]:
    """Return the submissions of a board that have answers, those together that were asked the same, best first."""
    groups = dict[tuple[tuple[str, str], ...], list[tuple[str, str]]]()
    for place in board.places:
        found = place.sheet.answers
        if asked := tuple((name, found[name].questions) for name in cards if name in found):
            groups.setdefault(asked, []).append((place.sheet.slug, place.sheet.name))
    return [{"board": board.title, "tasks": dict(asked), "models": models} for asked, models in groups.items()]

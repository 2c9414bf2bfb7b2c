"""A page for each task: its card, its five wordings, and all that were asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mibench.cards import TaskCard
from mibench.leaderboard.boards import Board
from mibench.leaderboard.pages import write_page


def write_task_pages(boards: Sequence[Board], cards: Mapping[str, TaskCard], site: Path) -> None:
    """Write `tasks.html` and `tasks/<task>.html`."""
    write_page(site, "tasks.html", "tasks.html", cards=cards)
    for name, card in cards.items():
        rows = {
            board.title: sorted(
                (place.sheet for place in board.places if name in place.sheet.task_rows),
                key=lambda sheet: (-(sheet.columns[name].mean or 0.0), sheet.slug),
            )
            for board in boards
        }
        write_page(site, f"tasks/{name}.html", "task.html", card=card, boards=rows)

"""What was added when: a page, and the same as an Atom feed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.leaderboard.boards import Board
from mibench.leaderboard.pages import render, write_file, write_page
from mibench.leaderboard.ranks import Place

FEED_ENTRIES = 100
"""The feed holds as many of the newest."""
BEGINNING = "1970-01-01T00:00:00Z"
"""When a site without submissions was last changed, for a feed must say so."""
TAG = "tag:mibench.invalid,2026:leaderboard"
"""Begins the identifiers of a feed whose address is not known: a host that can never exist, and never changes."""


class Change(NamedTuple):
    """A submission that was added, and the table that it stands in."""

    place: Place
    board: Board


def write_changes(boards: Sequence[Board], site: Path, base_url: str | None = None) -> None:
    """Write `changes.html` and `feed.xml`, newest first.

    Args:
        boards: all tables.
        site: the folder of the site.
        base_url: the address of the site, without which the feed's links are relative to the feed.

    """
    changes = [Change(place, board) for board in boards for place in board.places]
    changes.sort(key=lambda change: (change.place.sheet.name, change.place.sheet.slug))
    changes.sort(key=lambda change: change.place.sheet.created, reverse=True)
    days = dict[str, list[Change]]()
    for change in changes:
        days.setdefault(change.place.sheet.created[:10], []).append(change)
    write_page(site, "changes.html", "changes.html", days=days, boards=boards)
    address = f"{base_url.rstrip('/')}/" if base_url else ""
    newest = changes[0].place.sheet.created if changes else BEGINNING
    feed = render("feed.xml", changes=changes[:FEED_ENTRIES], address=address, tag=address or f"{TAG}:", updated=newest)
    write_file(site, "feed.xml", feed)

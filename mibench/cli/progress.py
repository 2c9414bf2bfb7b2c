"""Progress bars on stderr, silent where that is not a terminal."""

from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mibench.cards import TaskCard


def progress() -> Progress:
    """Return a progress display with a count, rows a second and the time left."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def track(title: str) -> Callable[[Iterable[TaskCard]], Iterator[TaskCard]]:
    """Return a wrapper that shows the progress of a loop over tasks."""

    def watch(cards: Iterable[TaskCard]) -> Iterator[TaskCard]:
        cards = list(cards)
        with progress() as display:
            bar = display.add_task(title, total=len(cards), rate="")
            for card in cards:
                display.update(bar, description=f"{title}: {card.name}")
                yield card
                display.advance(bar)

    return watch

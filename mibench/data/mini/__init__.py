"""The mini world: all 29 tasks in small, drawn and written by rule, so that the whole benchmark runs anywhere.

200 instances a task, the same bytes on every machine for one seed.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from mibench.cards import TaskCard
from mibench.data.store import MANIFEST, DataFolder, store_task

VERSION = "1"
"""Raised whenever the world changes, for then its digests change too."""


def generator_names() -> set[str]:
    """Return the names by which cards ask for a generator."""
    from mibench.data.mini import text, visual

    return {*visual.GENERATORS, *text.GENERATORS}


def prepare_mini(
    cards: Iterable[TaskCard],
    output: Path | None = None,
    *,
    seed: int = 0,
    watch: Callable[[Iterable[TaskCard]], Iterable[TaskCard]] = iter,
) -> DataFolder:
    """Make the mini world of the given tasks, and return its folder.

    Args:
        cards: the tasks; those that the folder already holds are not made again.
        output: the folder; by default one in the user's cache, made once for all runs.
        seed: another seed is another world.
        watch: wraps the tasks that are made, to show progress.

    Two processes may call this at once: the second waits for the first.
    """
    from filelock import FileLock

    from mibench.data.mini import text, visual

    folder = output or cache_folder() / f"mini-{VERSION}-seed{seed}"
    generators = {**visual.GENERATORS, **text.GENERATORS}
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        present = DataFolder(folder).manifest.tasks if (folder / MANIFEST).exists() else {}
        for card in watch([card for card in cards if card.name not in present]):
            assert card.data is not None, "the mini world holds no own tasks"
            rows = generators[card.data.mini](card, seed)
            source = f"mini world, generator {card.data.mini}, seed {seed}"
            store_task(folder, card.name, rows, world="mini", source=source, reader=VERSION)
        return DataFolder(folder)


def cache_folder() -> Path:
    """Return `MIBENCH_CACHE`, or the user's cache folder for mibench."""
    if chosen := os.environ.get("MIBENCH_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mibench"

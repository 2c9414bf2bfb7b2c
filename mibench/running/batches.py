"""From a stream of requests to batches of like length, in which the requests about one picture stay together."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from mibench.instances import Request

WINDOW = 4096
"""Requests that are sorted together: enough for batches of one length, too few to weigh in memory."""

Numbered = tuple[int, Request]
Batch = list[Numbered]


def batches(requests: Iterable[Request], size: Callable[[], int]) -> Iterator[Batch]:
    """Stream batches, the longest prompts of each window first, so that a lack of memory shows early.

    Where the size is fixed, the batches depend on the requests alone, wherever a run begins.

    Args:
        requests: in the order of the plan; a request's number is its place in it.
        size: asked before each batch: how many requests it may hold.

    """
    for window in _windows(requests):
        window.sort(key=_longest, reverse=True)
        yield from _filled(window, size)


def _windows(requests: Iterable[Request]) -> Iterator[list[Batch]]:
    """Stream lists of groups; a group is a run of requests about one picture, or one request without any."""
    window, rows = list[Batch](), 0
    for _, group in itertools.groupby(enumerate(requests), key=_subject):
        while members := list(itertools.islice(group, WINDOW)):
            window.append(members)
            rows += len(members)
            if rows >= WINDOW:
                yield window
                window, rows = [], 0
    if window:
        yield window


def _subject(numbered: Numbered) -> str | int:
    number, request = numbered
    return number if request.image is None else request.image


def _longest(group: Batch) -> int:
    return max(len(request.prompt) for _, request in group)


def _filled(groups: Sequence[Batch], size: Callable[[], int]) -> Iterator[Batch]:
    """Yield full batches; a group is split only where it is larger than a batch."""
    batch, most = Batch(), size()
    for group in groups:
        while group:
            if batch and len(batch) + len(group) > most:
                yield batch
                batch, most = [], size()
            batch, group = batch + group[: most - len(batch)], group[most - len(batch) :]
    if batch:
        yield batch

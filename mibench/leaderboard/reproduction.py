"""How a submission came about, and how anybody gets its numbers again."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from mibench.leaderboard.entries import Entry
from mibench.running.record import Session

_WORD = r"(?:[A-Za-z0-9@%+=:,./_~*-]|'[^'\n]*'|\"'\")+"
_COMMAND = re.compile(rf"mibench run(?: {_WORD})*", re.ASCII)
_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+){1,6}(?:\+[0-9A-Za-z.]+)?", re.ASCII)

LONGEST = 2_000
"""Characters of an honest command."""


class Cost(NamedTuple):
    """What all sessions of a run took together; None or empty where they do not tell.

    Attributes:
        seconds: from start to end of the sessions.
        rate: answers a second.
        model_seconds: in the model, added up over workers.
        memory: MiB, the highest of the sessions.
        usage: what the adapter counted, as tokens.
        python: of the last session, as are the packages.

    """

    sessions: int
    unfinished: int
    answered: int
    failed: int
    seconds: float
    rate: float | None
    model_seconds: float
    device: str
    engine: str
    batch_size: str
    memory: float | None
    gpu_memory: float | None
    usage: dict[str, float]
    python: str
    packages: dict[str, str]


class Reproduction(NamedTuple):
    """What somebody would type.

    Attributes:
        version: of mibench; None where the submission names none that could be one.
        command: that made the answers; None where it is not known.
        foreign: what the record gives for a command and is none of mibench's alone, so that nobody runs it unread.
        check: computes the scores again.

    """

    version: str | None
    command: str | None
    foreign: str | None
    check: str


def cost_of(sessions: Sequence[Session]) -> Cost | None:
    """Return what a run took; None where there is no record."""
    if not sessions:
        return None
    tasks = [task for session in sessions for task in session.tasks.values()]
    answered, seconds = sum(task.answered for task in tasks), sum(session.seconds or 0 for session in sessions)
    usage = dict[str, float]()
    for session in sessions:
        for name, amount in session.usage.items():
            usage[name] = usage.get(name, 0) + amount
    last = sessions[-1]
    return Cost(
        sessions=len(sessions),
        unfinished=sum(session.end != "finished" for session in sessions),
        answered=answered,
        failed=sum(task.failed for task in tasks),
        seconds=seconds,
        rate=answered / seconds if seconds > 0 else None,
        model_seconds=sum(task.model_seconds for task in tasks),
        device=next((session.device for session in reversed(sessions) if session.device), ""),
        engine=last.engine,
        batch_size=str(last.batch_size),
        memory=max((session.peak_memory_mib or 0 for session in sessions), default=0) or None,
        gpu_memory=max((session.peak_gpu_memory_mib or 0 for session in sessions), default=0) or None,
        usage=usage,
        python=last.python,
        packages=last.packages,
    )


def reproduction_of(entry: Entry, sessions: Sequence[Session]) -> Reproduction:
    """Return how a submission's numbers are got again."""
    typed = sessions[-1].command if sessions else None
    plain = typed is not None and len(typed) <= LONGEST and bool(_COMMAND.fullmatch(typed))
    version, data = entry.description.harness, "" if entry.description.world == "mini" else " --data DATA"
    return Reproduction(
        version=version if _VERSION.fullmatch(version) else None,
        command=typed if plain else None,
        foreign=None if plain else typed,
        check=f"mibench score submissions/{entry.slug} --check{data}",
    )

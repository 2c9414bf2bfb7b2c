"""Runs that are killed again and again, each beside one that nothing stops: what they leave must be the same bytes.

The processes are those of `mibench run`, killed by SIGKILL at moments that a seed draws, and before every single change
of a file. It takes some minutes; `--kills` says how many of each kind there are.
"""

import argparse
import itertools
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.builders import make_data
from tests.running.slow_adapter import Program, read_log
from tests.running.test_crashes import BATCH, BATCHES, ROWS, TASKS, VARIANTS, asked_again, at_random, crash, outcome

RAY = ("--engine", "ray", "--workers", "2")
MANY_ROWS, BATCH_SECONDS = 120, 0.15
"""Of the run whose workers are killed, so that it outlasts them all."""


@dataclass
class Tally:
    """What one kind of killing came to.

    Attributes:
        again: rows that were asked more than once; None where failures are asked again anyhow.

    """

    kind: str
    kills: int = 0
    sessions: int = 0
    again: int | None = 0
    equal: bool = True

    def __str__(self) -> str:
        again = "–" if self.again is None else f"{self.again / self.kills:.1f}"
        return f"| {self.kind} | {self.kills} | {self.sessions} | {again} | {'yes' if self.equal else 'NO'} |"


class Runs:
    """Runs on one data folder."""

    def __init__(self, folder: Path, rows: int) -> None:
        make_data(folder / "data", rows, TASKS)
        words = ("--tasks", ",".join(TASKS), "--data", folder / "data", "--batch-size", BATCH)
        self.program, self._folder, self._numbers = Program(folder / "installed", *words), folder, itertools.count()
        self._whole = {}
        for variant, (words, arguments) in VARIANTS.items():
            output = self._fresh()
            self.program.run(output, *words, **arguments)
            self._whole[variant] = outcome(output)

    def at_random(self, variant: str, kills: int, *more: str) -> Tally:
        tally = Tally(f"{'the driver on Ray' if more else 'local'}, {variant}, at random")
        draw = random.Random(tally.kind)
        while tally.kills < kills:
            self._crash(tally, variant, [at_random(draw, BATCHES // 2) for _ in range(5)], *more)
        return tally

    def at_every_step(self, variant: str) -> Tally:
        tally = Tally(f"local, {variant}, before each change of a file")
        for step in itertools.count(1):
            before = tally.kills
            self._crash(tally, variant, [step])
            if tally.kills == before:
                return tally
        raise AssertionError("a count ends")

    def workers(self, kills: int) -> Tally:
        """Kill workers of Ray under one run that goes on, each after it has answered: a batch may die but twice."""
        output, draw, tally = self._fresh(), random.Random("workers"), Tally("a worker on Ray, plain, at random")
        log = output.with_suffix(".log")
        with self.program.start(output, *RAY, seconds=BATCH_SECONDS, log=log) as process:
            for pid in itertools.islice(_new_workers(log, process), kills):
                time.sleep(draw.uniform(3, 6) * BATCH_SECONDS)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    tally.kills += 1
            errors = process.communicate()[1]
        if process.returncode:
            raise SystemExit(errors)
        tally.sessions, tally.again, tally.equal = 1, asked_again(log), outcome(output) == self._whole["plain"]
        return tally

    def _crash(self, tally: Tally, variant: str, killers: list[int] | list[tuple[int, float]], *more: str) -> None:
        output = self._fresh()
        sessions, kills, again = crash(self.program, output, variant, killers, *more)
        tally.sessions, tally.kills = tally.sessions + sessions, tally.kills + kills
        tally.again = None if variant == "failures" or tally.again is None else tally.again + again
        tally.equal &= outcome(output) == self._whole[variant]

    def _fresh(self) -> Path:
        return self._folder / f"out-{next(self._numbers)}"


def _new_workers(log: Path, process: subprocess.Popen[str]) -> Iterator[int]:
    """Yield each worker once it has been asked something, until the run is over."""
    known: set[int] = set()
    while process.poll() is None:
        for pid in {told["pid"] for told in read_log(log)} - known:
            known.add(pid)
            yield pid
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each kind; half as many on Ray")
    kills = parser.parse_args().kills
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    print("| killed | kills | sessions | rows asked again, a kill | the same bytes |\n|---|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        few, many = Runs(Path(folder) / "few", ROWS), Runs(Path(folder) / "many", MANY_ROWS)
        equal = []
        for tally in told(few, many, kills):
            print(tally, flush=True)
            equal.append(tally.equal)
    if not all(equal):
        raise SystemExit("some runs ended otherwise than one that nothing stopped")


def told(few: Runs, many: Runs, kills: int) -> Iterator[Tally]:
    for variant in VARIANTS:
        yield few.at_random(variant, kills)
        yield few.at_every_step(variant)
    yield few.at_random("plain", max(1, kills // 2), *RAY)
    yield many.workers(max(1, kills // 2))


if __name__ == "__main__":
    main()

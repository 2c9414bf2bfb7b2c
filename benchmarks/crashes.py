"""Runs that are killed again and again, each beside one that nothing stops: what they leave must be the same bytes.

The processes are those of `mibench run`, killed by SIGKILL at moments that a seed draws, and before every single change
of a file. It takes some minutes; `--kills` says how many of each kind there are.
"""

import argparse
import itertools
import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.builders import make_data
from tests.running.slow_adapter import Program, read_log
from tests.running.test_crashes import BATCH, BATCHES, ROWS, TASKS, VARIANTS, asked_again, at_random, crash, outcome

RAY = ("--engine", "ray", "--workers", "2")
MANY_ROWS, BATCH_SECONDS = 120, 0.15
"""Of the run whose workers are killed, so that it outlasts them all."""


class Killed(NamedTuple):
    """What one kind of killing came to."""

    kind: str
    kills: int
    sessions: int
    again: int | None
    equal: bool


class Runs:
    """Runs on one data folder."""

    def __init__(self, folder: Path, rows: int) -> None:
        make_data(folder / "data", rows, TASKS)
        words = ("--tasks", ",".join(TASKS), "--data", folder / "data", "--batch-size", BATCH)
        self.program, self._folder, self._numbers = Program(folder / "installed", *words), folder, itertools.count()
        self.whole = {}
        for variant, (words, arguments) in VARIANTS.items():
            output = self.fresh()
            self.program.run(output, *words, **arguments)
            self.whole[variant] = outcome(output)

    def fresh(self) -> Path:
        return self._folder / f"out-{next(self._numbers)}"

    def at_random(self, variant: str, kills: int, *more: str) -> Killed:
        draw, sum_ = random.Random(f"crashes:{variant}:{more}"), Killed("", 0, 0, 0, True)
        while sum_.kills < kills:
            sum_ = self._added(sum_, variant, [at_random(draw, BATCHES // 2) for _ in range(5)], *more)
        kind = f"{'driver on Ray' if more else 'local'}, {variant}, at random"
        return sum_._replace(kind=kind, again=None if variant == "failures" else sum_.again)

    def at_every_step(self, variant: str) -> Killed:
        sum_ = Killed("", 0, 0, 0, True)
        for step in itertools.count(1):
            before, sum_ = sum_.kills, self._added(sum_, variant, [step])
            if sum_.kills == before:
                break
        kind = f"local, {variant}, before each change of a file"
        return sum_._replace(kind=kind, again=None if variant == "failures" else sum_.again)

    def workers(self, kills: int) -> Killed:
        """Kill workers of Ray under one run that goes on."""
        output, draw, done = self.fresh(), random.Random("crashes:workers"), 0
        log = output.with_suffix(".log")
        with self.program.start(output, *RAY, seconds=BATCH_SECONDS, log=log) as process:
            for pid in _new_workers(log, process):
                time.sleep(draw.uniform(0, 4 * BATCH_SECONDS))
                if done < kills:
                    os.kill(pid, signal.SIGKILL)
                    done += 1
            process.communicate()
        return Killed("a worker on Ray, plain, at random", done, 1, asked_again(log), self._equal(output, "plain"))

    def _added(self, sum_: Killed, variant: str, killers: list[int] | list[tuple[int, float]], *more: str) -> Killed:
        output = self.fresh()
        sessions, kills, again = crash(self.program, output, variant, killers, *more)
        equal = sum_.equal and self._equal(output, variant)
        return Killed("", sum_.kills + kills, sum_.sessions + sessions, (sum_.again or 0) + again, equal)

    def _equal(self, output: Path, variant: str) -> bool:
        return outcome(output) == self.whole[variant]


def _new_workers(log: Path, process: object) -> Iterator[int]:
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
        told = itertools.chain(
            (few.at_random(variant, kills) for variant in VARIANTS),
            (few.at_every_step(variant) for variant in VARIANTS),
            (few.at_random("plain", max(1, kills // 2), *RAY) for _ in range(1)),
            (many.workers(max(1, kills // 2)) for _ in range(1)),
        )
        equal = [tell(killed) for killed in told]
    if not all(equal):
        raise SystemExit("some runs ended otherwise than one that nothing stopped")


def tell(killed: Killed) -> bool:
    again = "–" if killed.again is None else f"{killed.again / killed.kills:.1f}"
    cells = [killed.kind, killed.kills, killed.sessions, again, "yes" if killed.equal else "NO"]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return killed.equal


if __name__ == "__main__":
    main()

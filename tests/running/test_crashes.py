"""Real processes, killed at any moment and started again."""

import itertools
import random
import time
from collections import Counter
from typing import NamedTuple

import pytest

from tests.builders import make_data
from tests.running.slow_adapter import Program, read_log

ROWS, BATCH, TASKS = 12, 4, ("nlvr", "text_vqa")
BATCHES = len(TASKS) * ROWS * 5 // BATCH
SECONDS = 0.004
VARIANTS = {
    "plain": ((), {}),
    "failures": (("--on-error", "record"), {"fails": 5}),
    "compressed": (("--compress",), {}),
}


class Crashes(NamedTuple):
    """What it took to finish a run that is killed again and again; rows are those that were asked once more."""

    sessions: int
    kills: int
    rows: int


def crash(program, output, variant, killers, *more):
    """Run until all is scored. Each killer ends a session: at a batch and a while later, or at a change of a file."""
    words, arguments = VARIANTS[variant]
    log, kills = output.with_suffix(".log"), 0
    for session, killer in enumerate(itertools.chain(killers, itertools.repeat(None)), 1):
        at = {"kill_at": killer} if isinstance(killer, int) else {}
        before = len(read_log(log))
        with program.start(output, *words, *more, seconds=SECONDS, log=log, **arguments, **at) as process:
            if isinstance(killer, tuple):
                kill(process, log, before + killer[0], killer[1])
            errors = process.communicate()[1]
        assert process.returncode in {-9, 0, 1}, errors
        kills += process.returncode == -9
        done = process.returncode >= 0 or not (output / "journal").exists()
        if done and (output / "scores.json").exists():
            return Crashes(session, kills, asked_again(log))
    raise AssertionError("a repeated None goes on for ever")


def kill(process, log, batches, seconds):
    while len(read_log(log)) < batches and process.poll() is None:
        time.sleep(0.001)
    time.sleep(seconds)
    process.kill()


def asked_again(log):
    rows = Counter((told["task"], row) for told in read_log(log) for row in told["rows"])
    return rows.total() - len(rows)


def at_random(draw, batches=BATCHES):
    return draw.randint(1, batches), draw.uniform(0, 2 * SECONDS)


def outcome(folder):
    """Return what a run leaves but for what holds the time, and for the journal of what failed."""
    left_out = {"submission.yaml", "run.json", "journal"}
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(name): path.read_bytes() for name, path in files.items() if name.parts[0] not in left_out}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crashes")
    make_data(folder / "data", ROWS, TASKS)
    words = ("--tasks", ",".join(TASKS), "--data", folder / "data", "--batch-size", BATCH)
    return Program(folder / "installed", *words)


@pytest.fixture(scope="module")
def whole(program, tmp_path_factory):
    """What the variants leave where nothing stops them."""
    folder = tmp_path_factory.mktemp("whole")
    for variant, (words, arguments) in VARIANTS.items():
        status, _, errors = program.run(folder / variant, *words, **arguments)
        assert status == (variant == "failures"), errors
    return {variant: outcome(folder / variant) for variant in VARIANTS}


@pytest.mark.parametrize(("variant", "kills"), [("plain", 2), ("failures", 1), ("compressed", 1)])
def test_a_killed_run_ends_with_the_same_bytes(program, whole, tmp_path, variant, kills):
    draw = random.Random(f"kills:{variant}")
    told = crash(program, tmp_path / "out", variant, [at_random(draw) for _ in range(kills)])
    assert outcome(tmp_path / "out") == whole[variant]
    assert variant == "failures" or told.rows <= BATCH * told.kills


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_that_is_killed_all_the_time_ends_with_the_same_bytes(program, whole, tmp_path, variant):
    draw, kills, number = random.Random(f"many:{variant}"), 0, 0
    while kills < 20:
        number += 1
        output = tmp_path / f"out-{number}"
        told = crash(program, output, variant, [at_random(draw, BATCHES // 2) for _ in range(5)])
        kills += told.kills
        assert outcome(output) == whole[variant]
        assert variant == "failures" or told.rows <= BATCH * told.kills


@pytest.mark.slow
def test_a_run_that_dies_before_any_change_of_a_file_ends_with_the_same_bytes(program, whole, tmp_path):
    for step in itertools.count(1):
        told = crash(program, tmp_path / f"out-{step}", "compressed", [step])
        assert outcome(tmp_path / f"out-{step}") == whole["compressed"], step
        if not told.kills:
            break
    assert step > 30

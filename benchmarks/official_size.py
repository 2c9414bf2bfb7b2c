"""Scoring the nine multimodal tasks at their official size, all intervals included, in one process of its own.

The data is made up: rows, pictures (groups), options and references in the official numbers, and answers that repeat as
a model's do. Every step is a process of its own. The limit is ten seconds and 1.5 GiB on two cores; the script fails
above it.
"""

import argparse
import cProfile
import json
import pstats
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mibench.cards import INSTRUCTIONS, load_cards
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.instances import Instance, Prediction
from mibench.scoring.resampling import RESAMPLES, draw_sample, group_sums
from mibench.scoring.rows import read_rows
from mibench.scoring.score import score_submission, worthwhile_processes
from mibench.submissions.description import Model, read_description, write_description
from mibench.submissions.reading import Submission
from mibench.submissions.writing import PredictionWriter, describe
from processes import measure, report


class Size(NamedTuple):
    """Rows and pictures of a task, and how many words its references have."""

    rows: int
    groups: int
    words: tuple[int, int]


SIZES = {
    "commonsense_vqa": Size(26_534, 9_929, (4, 12)),
    "visual_entailment": Size(17_901, 1_000, (1, 1)),
    "visual_spatial_reasoning": Size(731, 650, (1, 1)),
    "nlvr": Size(990, 990, (1, 1)),
    "text_vqa": Size(5_000, 3_166, (1, 4)),
    "grounded_vqa": Size(57_265, 8_609, (4, 4)),
    "visual_text_extraction": Size(2_000, 2_000, (4, 16)),
    "visual_dialogue": Size(20_640, 2_064, (1, 8)),
    "disaster_type_classification": Size(15_688, 15_688, (1, 2)),
}
VOCABULARY = [f"{a}{b}" for a in "bcdfghjklmnprstvw" for b in ("ail", "one", "ight", "ower", "int", "ash", "eld")]
LIMIT_SECONDS, LIMIT_BYTES = 10.0, 1.5 * 2**30
RUNS = 5


def instances(task: str, size: Size) -> Iterator[Row]:
    card, draw = load_cards()[task], random.Random(task)
    for number in range(size.rows):
        if card.answer.options:
            options = card.answer.options
        elif card.answer.kind == "region":
            options = tuple(box(draw) for _ in range(4))
        elif card.answer.kind == "choice":
            options = tuple(phrase(draw, size) for _ in range(4))
        else:
            options = ()
        target = draw.choice(options) if options else phrase(draw, size)
        people = tuple(draw.choice((target, target, phrase(draw, size))) for _ in range(10))
        group = f"picture-{number if number < size.groups else draw.randrange(size.groups):06}"
        instance = Instance(
            id=f"row-{number:06}",
            fields=dict.fromkeys(card.fields, f"Text number {number}."),
            options=options,
            targets=(target,),
            answers=people if task == "text_vqa" else (),
            group=group,
        )
        yield Row(instance)


def phrase(draw: random.Random, size: Size) -> str:
    return " ".join(draw.choices(VOCABULARY, k=draw.randint(*size.words)))


def box(draw: random.Random) -> str:
    left, top = draw.randrange(400), draw.randrange(300)
    return f"{left} {top} {left + draw.randrange(20, 200)} {top + draw.randrange(20, 200)}"


def prepare(folder: Path) -> int:
    """Write data and a submission, and return how many predictions it has."""
    cards, predictions = [load_cards()[task] for task in SIZES], 0
    for task, size in SIZES.items():
        store_task(folder / "data", task, instances(task, size), world="official", source="made up", reader="1")
    data, output = DataFolder(folder / "data"), folder / "submission"
    output.mkdir()
    write_description(output, describe("Benchmark", Model(name="none"), cards, data))
    for card in cards:
        draw = random.Random(f"answers:{card.name}")
        with PredictionWriter(output, card.name) as writer:
            for row in data.instances(card.name):
                usual = row.targets[0] if draw.random() < 0.6 else another(draw, row, SIZES[card.name])
                for number in range(1, INSTRUCTIONS + 1):
                    text = usual if draw.random() < 0.7 else another(draw, row, SIZES[card.name])
                    writer.write([Prediction(task=card.name, instance=row.id, instruction=number, text=text)])
                    predictions += 1
    return predictions


def another(draw: random.Random, row: Instance, size: Size) -> str:
    return draw.choice(row.options) if row.options else phrase(draw, size)


def opened(folder: Path) -> Submission:
    output = folder / "submission"
    return Submission(output, read_description(output), load_cards(), DataFolder(folder / "data"))


def json_loads(folder: Path) -> None:
    for file in (folder / "submission" / "predictions").iterdir():
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                json.loads(line)


def answers(folder: Path) -> None:
    submission = opened(folder)
    for card in submission.cards:
        for _ in submission.answers(card.name, submission.rows(card.name)):
            pass


def rows(folder: Path) -> None:
    submission = opened(folder)
    for card in submission.cards:
        read_rows(submission, card)


def score(folder: Path) -> None:
    submission = opened(folder)
    score_submission(submission, load_cards(), processes=worthwhile_processes(submission))


def plain_bootstrap(folder: Path) -> None:
    """Resample one task the plain way, draw groups and gather their rows, a hundredth of the resamples."""
    size, draw = SIZES["visual_dialogue"], np.random.default_rng(0)
    rows_of = np.split(np.argsort(np.arange(size.rows) % size.groups), size.groups)
    values = draw.random((INSTRUCTIONS, size.rows))
    for _ in range(RESAMPLES // 100):
        values[:, np.concatenate([rows_of[group] for group in draw.integers(0, size.groups, size.groups)])].mean(axis=1)


def our_bootstrap(folder: Path) -> None:
    """Resample the same task as scoring does, all resamples."""
    size = SIZES["visual_dialogue"]
    values = np.random.default_rng(0).random((INSTRUCTIONS + 1, size.rows))
    draw_sample(group_sums(values, np.arange(size.rows) % size.groups, size.groups), "benchmark")


STEPS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "json_loads": ("a plain loop of json.loads", json_loads),
    "answers": ("reading and checking every line", answers),
    "rows": ("the same, and all metrics, in one process", rows),
    "score": ("all of it, and all intervals, in two processes: `mibench score`", score),
}
BOOTSTRAPS = {"plain_bootstrap": plain_bootstrap, "our_bootstrap": our_bootstrap}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=[*STEPS, *BOOTSTRAPS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="where the made-up data is kept; made where it is missing")
    parser.add_argument("--profile", action="store_true", help="say instead which functions take the time")
    arguments = parser.parse_args()
    if arguments.step:
        steps = {name: step for name, (_, step) in STEPS.items()} | BOOTSTRAPS
        report(lambda: steps[arguments.step](arguments.folder))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "official"
        if not folder.exists():
            prepare(folder)
        if arguments.profile:
            profiler = cProfile.Profile()
            profiler.runcall(score_submission, opened(folder), load_cards())
            pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        else:
            print_tables(folder)


def print_tables(folder: Path) -> None:
    costs = {step: [measure(__file__, step, folder) for _ in range(RUNS)] for step in (*STEPS, *BOOTSTRAPS)}
    seconds = {step: statistics.median(cost.seconds for cost in found) for step, found in costs.items()}
    peak = {step: max(cost.peak_bytes for cost in found) for step, found in costs.items()}
    predictions = INSTRUCTIONS * sum(size.rows for size in SIZES.values())
    print(f"| {predictions:,} predictions | seconds | beside json.loads | peak MiB |")
    print("|---|---:|---:|---:|")
    for step, (title, _) in STEPS.items():
        ratio = seconds[step] / seconds["json_loads"]
        print(f"| {title} | {seconds[step]:.1f} | {ratio:.1f} | {peak[step] / 2**20:.0f} |")
    ratio = 100 * seconds["plain_bootstrap"] / seconds["our_bootstrap"]
    print(
        f"\nBootstrap of Visual Dialogue: {seconds['our_bootstrap']:.2f} s, {ratio:.0f} times as fast as the plain one."
    )
    if seconds["score"] > LIMIT_SECONDS or peak["score"] > LIMIT_BYTES:
        raise SystemExit(f"over the limit of {LIMIT_SECONDS:.0f} s and {LIMIT_BYTES / 2**30} GiB")


if __name__ == "__main__":
    main()

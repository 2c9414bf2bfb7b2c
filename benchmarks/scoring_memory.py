"""Speed and memory of `validate` and `score` at 10^5 and 10^6 prediction rows, beside a plain loop of json.loads.

Each measurement is a process of its own, so that its peak is its own. Linux only: the peak is read from /proc.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mibench.cards import INSTRUCTIONS, load_cards
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.instances import Instance, Prediction
from mibench.scoring.score import score_submission
from mibench.submissions.description import Model, read_description, write_description
from mibench.submissions.reading import Submission, validate
from mibench.submissions.writing import PredictionWriter, describe
from processes import Cost, measure, report

SIZES = (20_000, 200_000)
TASKS = ("nlvr", "text_vqa")
WORDS = ("north", "gate", "river", "old", "bridge", "open", "daily", "from", "nine", "until", "dusk", "no", "entry")


def instances(task: str, count: int) -> Iterator[Row]:
    """Yield rows without pictures: yes or no for NLVR, five words of free text for Text VQA."""
    card, draw = load_cards()[task], random.Random(f"scoring memory:{task}")
    for number in range(count):
        target = draw.choice(card.answer.options) if card.answer.options else " ".join(draw.choices(WORDS, k=5))
        fields = dict.fromkeys(card.fields, f"Text number {number}.")
        name = f"row-{number:07}"
        row = Instance(id=name, fields=fields, options=card.answer.options, targets=(target,), group=name)
        yield Row(row)


def prepare(folder: Path, task: str, count: int) -> None:
    """Write data and a submission whose answers are right or wrong at random."""
    card, draw = load_cards()[task], random.Random(f"answers:{task}")
    store_task(folder / "data", task, instances(task, count), world="official", source="made up", reader="1")
    data, output = DataFolder(folder / "data"), folder / "submission"
    output.mkdir()
    write_description(output, describe("Benchmark", Model(name="none"), [card], data))
    with PredictionWriter(output, task) as writer:
        for row in data.instances(task):
            wrong = card.answer.options or (" ".join(draw.choices(WORDS, k=5)),)
            texts = [draw.choice((row.targets[0], *wrong)) for _ in range(INSTRUCTIONS)]
            writer.write(
                Prediction(task=task, instance=row.id, instruction=number, text=text)
                for number, text in enumerate(texts, 1)
            )


def opened(folder: Path) -> Submission:
    output = folder / "submission"
    return Submission(output, read_description(output), load_cards(), DataFolder(folder / "data"))


def plain_loop(folder: Path) -> None:
    (file,) = (folder / "submission" / "predictions").iterdir()
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            json.loads(line)


STEPS: dict[str, Callable[[Path], object]] = {
    "json.loads": plain_loop,
    "validate": lambda folder: validate(opened(folder)),
    "score": lambda folder: score_submission(opened(folder), load_cards()),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        report(lambda: STEPS[arguments.step](arguments.folder))
        return
    print("| task | step | rows | rows/s | time beside json.loads | peak MiB | state, bytes a row |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for task in TASKS:
        with tempfile.TemporaryDirectory() as base:
            for size in SIZES:
                prepare(Path(base) / str(size), task, size)
            print_table(
                task,
                {(step, size): measure(__file__, step, Path(base) / str(size)) for step in STEPS for size in SIZES},
            )


def print_table(task: str, found: Mapping[tuple[str, int], Cost]) -> None:
    small, large = SIZES
    for step in STEPS:
        state = (found[step, large][1] - found[step, small][1]) / (INSTRUCTIONS * (large - small))
        for size in SIZES:
            (seconds, peak), rows = found[step, size], INSTRUCTIONS * size
            ratio = seconds / found["json.loads", size][0]
            cells = [task, step, f"{rows:,}", f"{rows / seconds:,.0f}", f"{ratio:.2f}", f"{peak / 2**20:.0f}"]
            print(f"| {' | '.join(cells)} | {round(state) if size == large else ''} |")


if __name__ == "__main__":
    main()

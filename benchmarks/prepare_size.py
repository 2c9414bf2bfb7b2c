"""Preparing the three largest tasks at their official size, as text alone, each in a process of its own.

The owners' files are made up: as many rows, questions of other splits, dialogues, tables and files of boxes as theirs
have. Preparing includes the statistics. The limit is 60 seconds and 1 GiB for each task; the script fails above it.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from mibench.cli import main as mibench
from processes import Cost, measure, report

LIMIT_SECONDS, LIMIT_BYTES = 60.0, 2**30
VOCABULARY = [f"{a}{b}" for a in "bcdfghjklmnprstvw" for b in ("ail", "one", "ight", "ower", "int", "ash", "eld")]


def phrase(draw: random.Random, low: int, high: int) -> list[str]:
    return draw.choices(VOCABULARY, k=draw.randint(low, high))


def make_visual7w(raw: Path, draw: random.Random) -> None:
    """57,265 questions of the test split of 188,068, and four boxes for each."""
    boxes, images, left = [], [], {"test": 57_265, "train": 93_813, "val": 36_990}
    while any(left.values()):
        split = draw.choice([name for name, count in left.items() if count])
        pairs = []
        for _ in range(min(7, left[split])):
            number, question = len(boxes), " ".join(["Which", *phrase(draw, 3, 8)]) + "?"
            for box_id in range(number, number + 4):
                edges = {key: draw.randrange(1, 300) for key in ("x", "y", "width", "height")}
                boxes.append({"box_id": box_id, "name": "thing"} | edges)
            choices = [number + 1, number + 2, number + 3]
            pairs.append({"qa_id": number, "question": question, "answer": number, "multiple_choices": choices})
        left[split] -= len(pairs)
        image = len(images)
        images.append({"image_id": image, "filename": f"v7w_{image}.jpg", "split": split, "qa_pairs": pairs})
    (raw / "dataset_v7w_pointing.json").write_text(json.dumps({"dataset": "v7w", "boxes": boxes, "images": images}))


def make_visdial(raw: Path, draw: random.Random) -> None:
    """2,064 dialogues of ten turns, with the tables of all questions and answers."""
    questions = [" ".join(phrase(draw, 4, 8)) for _ in range(45_237)]
    answers = ["yes", "no", *(" ".join(phrase(draw, 1, 6)) for _ in range(34_819))]
    dialogues = []
    for number in range(2_064):
        turns = [
            {"question": draw.randrange(len(questions)), "answer": min(draw.randrange(len(answers)), draw.randrange(9))}
            for _ in range(10)
        ]
        dialogues.append({"image_id": number, "caption": "", "dialog": turns})
    data = {"questions": questions, "answers": answers, "dialogs": dialogues}
    (raw / "visdial_1.0_val.json").write_text(json.dumps({"version": "1.0", "split": "val2018", "data": data}))


def make_vcr(raw: Path, draw: random.Random) -> None:
    """26,534 questions about 9,929 pictures, and a file of boxes and outlines for each."""
    for number in range(9_929):
        folder = raw / "vcr1images" / f"film_{number % 100}"
        folder.mkdir(parents=True, exist_ok=True)
        boxes = [[10.5 * which, 20.25, 10.5 * which + 300, 400.0, 0.99] for which in range(12)]
        outlines = [[[draw.random(), draw.random()] for _ in range(20)] for _ in boxes]
        (folder / f"{number}.json").write_text(json.dumps({"boxes": boxes, "segms": outlines}))
    with (raw / "val.jsonl").open("w") as lines:
        for number in range(26_534):
            picture = number if number < 9_929 else draw.randrange(9_929)
            name = f"film_{picture % 100}/{picture}"
            row = {"annot_id": f"val-{number}", "img_id": f"val-{picture}", "img_fn": f"{name}.jpg"}
            row |= {"metadata_fn": f"{name}.json", "objects": ["person"] * 12, "answer_label": number % 4}
            answers = [[[which], *phrase(draw, 4, 12), "."] for which in range(4)]
            row |= {"question": ["Why", "is", [0], *phrase(draw, 2, 6), "?"], "answer_choices": answers}
            lines.write(json.dumps(row) + "\n")


class Task(NamedTuple):
    title: str
    rows: int
    make: Callable[[Path, random.Random], None]


TASKS: Mapping[str, Task] = {
    "grounded_vqa": Task("Visual7W, one document", 57_265, make_visual7w),
    "visual_dialogue": Task("VisDial, one document", 20_640, make_visdial),
    "commonsense_vqa": Task("VCR, lines and a file of boxes a picture", 26_534, make_vcr),
}


def prepare(task: str, folder: Path) -> None:
    arguments = ["data", "prepare", task, "--no-images", "--raw", folder / "raw", "--output", folder / "data"]
    with redirect_stdout(sys.stderr):
        mibench([str(argument) for argument in arguments], standalone_mode=False)


def costs() -> Iterator[tuple[Task, Cost]]:
    for name, task in TASKS.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "raw").mkdir()
            task.make(Path(folder) / "raw", random.Random(name))
            yield task, measure(__file__, name, Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        report(lambda: prepare(arguments.step, arguments.folder))
        return
    print("| files | rows | seconds | rows/s | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    over = False
    for task, cost in costs():
        cells = [f"{task.rows:,}", f"{cost.seconds:.1f}", f"{task.rows / cost.seconds:,.0f}"]
        print(f"| {task.title} | {' | '.join(cells)} | {cost.peak_bytes / 2**20:.0f} |", flush=True)
        over = over or cost.seconds > LIMIT_SECONDS or cost.peak_bytes > LIMIT_BYTES
    if over:
        raise SystemExit(f"over the limit of {LIMIT_SECONDS:.0f} s and {LIMIT_BYTES >> 30} GiB")


if __name__ == "__main__":
    main()

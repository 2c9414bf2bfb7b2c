"""Peak memory of `mibench run` at 2,000 and at 20,000 prompts with pictures; the limit is 1.1 times as much.

Each run is a process of its own, with an adapter that opens every picture; medians of three. The adapter is slower than
the decoding of pictures ahead of it, as a model is, so that as many of them as ever are held at all times. The peak
while asking is what `run.json` says; the other is that of the whole process, with the scoring that follows. Linux only.
"""

import argparse
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import INSTRUCTIONS
from mibench.instances import Instance, Prediction, Request

LIMIT = 1.10
RUNS = 3
BATCH_SECONDS = 0.08
INSTANCES = (400, 4_000)
SIZE, COARSE = (640, 480), (80, 60)
"""Noise of the coarse size, drawn larger, so that a file has about the bytes of a photograph."""
TASK = "text_vqa"


class Opening:
    """Answers with the colour of one pixel."""

    model_name = "opening"
    decoding: Mapping[str, str] = {}
    sight = "opens"

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        from mibench.adapters.pictures import open_picture

        time.sleep(BATCH_SECONDS)
        return [request.answered(str(open_picture(request.image or "").getpixel((0, 0)))) for request in requests]


class Peaks(NamedTuple):
    """In MiB."""

    asking: float
    all: float


def prepare(folder: Path, count: int) -> None:
    """Write data, every row with a picture of its own."""
    from mibench.data.rows import Row
    from mibench.data.store import store_task

    def rows() -> Iterator[Row]:
        for number in range(count):
            name = f"row-{number:05}"
            fields = {"question": f"What does sign {number} say?"}
            instance = Instance(id=name, image=f"images/{name}.jpg", fields=fields, targets=("gate",), group=name)
            yield Row(instance, picture(number))

    store_task(folder, TASK, rows(), world="official", source="made up", reader="1")


def picture(number: int) -> Callable[[], bytes]:
    from PIL import Image

    def draw() -> bytes:
        noise = random.Random(number).randbytes(3 * COARSE[0] * COARSE[1])
        file = io.BytesIO()
        Image.frombytes("RGB", COARSE, noise).resize(SIZE).save(file, "JPEG")
        return file.getvalue()

    return draw


def measure(folder: Path, count: int) -> Peaks:
    """Return the medians of some runs over data of so many rows."""
    subprocess.run([sys.executable, __file__, "--prepare", str(folder / "data"), str(count)], check=True)
    about = folder / "opening-1.dist-info"
    about.mkdir()
    (about / "entry_points.txt").write_text("[mibench.adapters]\nopening = run_memory:Opening\n")
    runs = [run(folder, folder / f"out-{number}") for number in range(RUNS)]
    return Peaks(*map(statistics.median, zip(*runs, strict=True)))


def run(folder: Path, output: Path) -> Peaks:
    path = os.pathsep.join([str(folder), str(Path(__file__).parent)])
    words = ["--model", "opening", "--tasks", TASK, "--data", str(folder / "data"), "--output", str(output)]
    command = [sys.executable, "-m", "mibench", "run", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"mibench run ended with {os.waitstatus_to_exitcode(status)}")
    (session,) = json.loads((output / "run.json").read_bytes())["sessions"]
    return Peaks(session["peak_memory_mib"], usage.ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepare", nargs=2, help=argparse.SUPPRESS)
    told = parser.parse_args().prepare
    if told:
        prepare(Path(told[0]), int(told[1]))
        return
    peaks = []
    for count in INSTANCES:
        with tempfile.TemporaryDirectory() as folder:
            peaks.append(measure(Path(folder), count))
    few, many = (INSTRUCTIONS * count for count in INSTANCES)
    print(f"| peak, MiB | {few:,} prompts | {many:,} prompts | ratio |\n|---|---:|---:|---:|")
    ratios = [many / few for few, many in zip(*peaks, strict=True)]
    for title, small, large, ratio in zip(("asking", "with scoring"), *peaks, ratios, strict=True):
        print(f"| {title} | {small:.1f} | {large:.1f} | {ratio:.3f} |")
    if max(ratios) > LIMIT:
        raise SystemExit(f"over the limit of {LIMIT}")


if __name__ == "__main__":
    main()

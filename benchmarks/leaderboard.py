"""Building the leaderboard of a thousand submissions, and reading it in a browser.

The submissions are made up from those of this repository: every task's scores and intervals are moved by chance.
Those that are added later come with their 29,000 answers. Limits, above which the script fails: 30 seconds for the
first build and 3 for one after a submission was added, on two cores; 500 KB of the first page on the wire, gzip, and
one second until it answers; 60 MB of a browser's memory for a page of answers to 100,000 rows, beyond what an empty
page takes. Needs playwright and Chromium for the last three.
"""

import argparse
import copy
import gzip
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mibench.cards import INSTRUCTIONS, load_cards
from mibench.data.mini import prepare_mini
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.instances import Instance, Prediction
from mibench.scoring.report import Scores, read_scores, write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.description import Description, Model, read_description, write_description
from mibench.submissions.reading import Submission
from mibench.submissions.writing import PredictionWriter, describe

SUBMISSIONS = Path(__file__).parent.parent / "submissions"
BUILD_SECONDS, REBUILD_SECONDS = 30.0, 3.0
WIRE_BYTES, INTERACTIVE_SECONDS = 500_000, 1.0
ANSWER_ROWS, ANSWER_BYTES = 100_000, 60_000_000
RUNS = 5


def make_submissions(folder: Path, count: int, first: int = 0) -> None:
    """Write made-up submissions, numbered from `first`."""
    bases = [(read_description(path), read_scores(path)) for path in sorted(SUBMISSIONS.iterdir())]
    for number in range(first, first + count):
        draw = random.Random(number)
        description, scores = draw.choice(bases)
        place = folder / f"model-{number:05}"
        place.mkdir(parents=True)
        model = Model(
            name=f"Made-up model {number}",
            revision=f"{draw.getrandbits(160):040x}",
            parameters=draw.choice((None, 180_000_000, 930_000_000, 7_241_732_096, 72_000_000_000)),
            url=f"https://example.org/model-{number}",
            open_weights=draw.choice((None, True, False)),
        )
        created = f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}T12:00:00Z"
        changes = {"name": f"Model {number}", "model": model, "created": created}
        write_description(place, Description(**description.model_dump() | changes))
        write_scores(place, moved(scores, draw))


def add_with_answers(folder: Path, number: int) -> None:
    """Add a submission of this repository under another name."""
    shutil.copytree(SUBMISSIONS / "random-option", folder / f"added-{number}")


def moved(scores: Scores, draw: random.Random) -> Scores:
    """Return scores of which each task's are moved, with their intervals."""
    import msgspec

    content: dict[str, Any] = copy.deepcopy(msgspec.to_builtins(scores))
    ability, steps = draw.uniform(0, 40), list[float]()
    for task in content["tasks"].values():
        low = min(value for metric in task["metrics"].values() for value in metric["per_instruction"])
        high = max(value for metric in task["metrics"].values() for value in metric["per_instruction"])
        step = min(max(ability + draw.gauss(0, 8), -low), 100 - high)
        steps.append(step)
        for metric in task["metrics"].values():
            for key in ("per_instruction", "mean", "max"):
                metric[key] = shift(metric[key], step)
                if metric["ci"]:
                    metric["ci"][key] = shift(metric["ci"][key], step)
            metric["sensitivity"] = 100 * metric["std"] / metric["mean"] if metric["mean"] else None
        for extreme in ("best", "worst"):
            task["robustness"][extreme] |= {"score": shift(task["robustness"][extreme]["score"], step)}
    step, summary = statistics.mean(steps), content["summary"]
    summary["aggregate"] = shift(summary["aggregate"], step)
    summary["nlp"] = shift(summary["nlp"], step)
    for key in ("aggregate", "nlp"):
        summary["ci"][key] = shift(summary["ci"][key], step)
    summary["sensitivity"] = draw.uniform(2, 40)
    ends = [summary["sensitivity"] * factor for factor in (0.8, 1.2)]
    summary["ci"]["sensitivity"] = {"percentile": ends, "bca": None, "debiased": ends}
    return msgspec.convert(content, Scores)


def shift(value: Any, step: float) -> Any:
    if isinstance(value, dict):
        return {key: shift(item, step) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shift(item, step) for item in value]
    return value if value is None else value + step


def build(submissions: Path, output: Path, *options: str) -> float:
    """Build in a process of its own and return the seconds, Python's start included."""
    command = [sys.executable, "-m", "mibench", "leaderboard", "build"]
    command += ["--submissions", str(submissions), "--output", str(output), *options]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def wire_bytes(site: Path) -> int:
    """Return the size of all that the first page loads, gzipped."""
    page = (site / "index.html").read_text(encoding="utf-8")
    loaded = [path for path in site.iterdir() if path.suffix in {".css", ".js"} and path.name in page]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in (site / "index.html", *loaded))


def make_many_rows(folder: Path) -> tuple[Path, Path]:
    """Write a task of many rows and a submission that answers it; return the submissions' folder and the data."""
    card, draw = load_cards()["visual_entailment"], random.Random(0)

    def rows() -> Iterator[Row]:
        for number in range(ANSWER_ROWS):
            text = f"Statement number {number} says that something is somewhere in the picture."
            instance = Instance(
                id=f"row-{number:06}",
                fields=dict.fromkeys(card.fields, text),
                options=card.answer.options,
                targets=(draw.choice(card.answer.options),),
                group=f"picture-{number // 5}",
            )
            yield Row(instance)

    store_task(folder / "data", card.name, rows(), world="official", source="made up", reader="1")
    data, place = DataFolder(folder / "data"), folder / "many" / "many-rows"
    place.mkdir(parents=True)
    description = describe("Many rows", Model(name="made up"), [card], data)
    write_description(place, description)
    with PredictionWriter(place, card.name) as writer:
        for instance in data.instances(card.name):
            for instruction in range(1, INSTRUCTIONS + 1):
                text = draw.choice(card.answer.options)
                answer = Prediction(task=card.name, instance=instance.id, instruction=instruction, text=text)
                writer.write([answer])
    write_scores(place, score_submission(Submission(place, description, load_cards(), data), load_cards()))
    return folder / "many", folder / "data"


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        executable = os.environ.get("MIBENCH_CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def interactive_seconds(site: Path) -> tuple[float, float]:
    """Return how long the first page takes until it answers, and how long one sorting takes; medians."""
    ready, sorting = [], []
    with browser() as chromium:
        for _ in range(RUNS):
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.goto((site / "index.html").as_uri(), wait_until="load")
            ready.append(page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") / 1000)
            sorting.append(page.evaluate(SORT) / 1000)
            page.close()
    return statistics.median(ready), statistics.median(sorting)


SORT = """async () => {
  const begun = performance.now();
  document.querySelectorAll("thead button")[3].click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}"""


def renderers_memory(page: Any) -> int:
    """Return the private memory of all of the browser's renderers, in bytes, after what is unused was freed."""
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    found = 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and b"--type=renderer" in (process / "cmdline").read_bytes():
                lines = (process / "smaps_rollup").read_text().splitlines()
                sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
                found += 1024 * (sizes["Private_Clean"] + sizes["Private_Dirty"])
        except (OSError, ValueError, IndexError, KeyError):
            continue
    return found


def answers_memory(site: Path) -> tuple[int, int]:
    """Return what a browser takes after ten pages of answers and a filter, and with an empty page, in bytes."""
    answers = f"{(site / 'answers.html').as_uri()}#model=many-rows&task=visual_entailment"
    views = [
        answers,
        *(f"{answers}&page={400 * number}" for number in range(1, 11)),
        f"{answers}&filter=disagree&page=9",
    ]
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto("about:blank")
        page.wait_for_timeout(1000)
        empty = renderers_memory(page)
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        for view in views:
            page.goto(view)
            page.wait_for_selector("#rows article, #rows > *")
            page.wait_for_timeout(500)
        return renderers_memory(page), empty


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--no-browser", action="store_true", help="leave out what needs Chromium")
    arguments = parser.parse_args()
    failed = []

    def row(what: str, value: float, limit: float, show: Callable[[float], str]) -> None:
        print(f"| {what} | {show(value)} | {show(limit)} |", flush=True)
        if value > limit:
            failed.append(what)

    def seconds(value: float) -> str:
        return f"{value:.2f} s"

    def kilobytes(value: float) -> str:
        return f"{value / 1000:,.0f} KB"

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MIBENCH_CACHE"] = str(folder / "cache")
        prepare_mini(load_cards().values())
        submissions, site = folder / "submissions", folder / "site"
        make_submissions(submissions, arguments.submissions)
        print(f"| {arguments.submissions:,} submissions x {len(load_cards())} tasks | measured | limit |")
        print("|---|---:|---:|", flush=True)
        row("first build", build(submissions, site), BUILD_SECONDS, seconds)
        again = []
        for number in range(RUNS):
            add_with_answers(submissions, number)
            again.append(build(submissions, site))
        row("build after one was added", statistics.median(again), REBUILD_SECONDS, seconds)
        row("first page on the wire", wire_bytes(site), WIRE_BYTES, kilobytes)
        if not arguments.no_browser:
            ready, sorting = interactive_seconds(site)
            row("first page answers after", ready, INTERACTIVE_SECONDS, seconds)
            row("sorting it", sorting, INTERACTIVE_SECONDS, seconds)
            many, data = make_many_rows(folder)
            took = build(many, folder / "many-site", "--data", str(data))
            print(f"| building the answers to {ANSWER_ROWS:,} rows | {seconds(took)} | |")
            used, empty = answers_memory(folder / "many-site")
            row(f"memory of {ANSWER_ROWS:,} rows of answers", used - empty, ANSWER_BYTES, kilobytes)
    if failed:
        sys.exit(f"over the limit: {', '.join(failed)}")


if __name__ == "__main__":
    main()

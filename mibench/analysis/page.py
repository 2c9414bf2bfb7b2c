"""The page about attention: tables, charts, and prompts and pictures shaded by where a model looked."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mibench.analysis.asking import Example
from mibench.analysis.attention import Look
from mibench.analysis.heat import Cell, Stretch, layers_by_steps, patches, stretches
from mibench.analysis.regions import REGIONS
from mibench.analysis.shares import LEAST_GROUPS, ModelShares, Report
from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.leaderboard.charts import Segment, stacked_bar
from mibench.leaderboard.pictures import copy_picture
from mibench.leaderboard.text import brief
from mibench.pictures import picture_size
from mibench.whole_file import write_whole

NUMBERS = "attention.json"
"""The exact numbers; its presence tells a folder that was made here."""
PAGE = "index.html"
MAX_STEPS = 24
"""Steps of an answer that a chart shows."""


class _Bar(NamedTuple):
    """One layer or step: how many rows it is of, the shares by region, and where they are drawn."""

    rows: int
    shares: Sequence[float]
    segments: Sequence[Segment]


class _Charts(NamedTuple):
    """One model on one task."""

    layers: Sequence[_Bar]
    steps: Sequence[_Bar]
    grid: Sequence[Cell]


class _Heat(NamedTuple):
    """Where one model looked for one prompt; `darkest` is the share of the most shaded patch."""

    answer: str
    shares: Mapping[str, float]
    tokens: Sequence[Stretch]
    grid: tuple[int, int]
    patches: Sequence[Cell]
    darkest: float


class _Picture(NamedTuple):
    place: str
    width: int
    height: int


class _Shown(NamedTuple):
    """One instance: its picture, and for each wording where each model looked."""

    name: str
    picture: _Picture | None
    wordings: Sequence[tuple[int, Sequence[_Heat]]]


def check_output(output: Path) -> None:
    """See that a folder may be written.

    Raises:
        InputError: it holds something else than an earlier page.

    """
    if output.exists() and not output.is_dir():
        raise InputError("not a folder", file=output, remedy="give --output another place")
    if output.is_dir() and any(output.iterdir()) and not (output / NUMBERS).is_file():
        raise InputError("holds something else", file=output, remedy="give --output another place")


def write_pages(
    output: Path,
    report: Report,
    examples: Mapping[str, Sequence[Example]],
    cards: Sequence[TaskCard],
    data: DataFolder,
) -> None:
    """Write `index.html`, the pictures that it shows, and the exact numbers as `attention.json`.

    Args:
        output: the folder; made where it is missing.
        report: the numbers.
        examples: prompts to show, by task, those of an instance one after another.
        cards: the tasks.
        data: holds the pictures.

    Raises:
        InputError: a picture is missing, or the folder holds something else.

    """
    check_output(output)
    output.mkdir(parents=True, exist_ok=True)
    write_whole(output / NUMBERS, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    tasks = [
        {
            "card": card,
            "found": report.tasks[card.name],
            "charts": [_charts(model) for model in report.tasks[card.name].models],
            "examples": list(_shown(examples[card.name], card, data, output)),
        }
        for card in cards
    ]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "brief": brief}
    page = environment.get_template("attention.html").render(
        report=report, tasks=tasks, regions=REGIONS, world=data.world, max_steps=MAX_STEPS, least_groups=LEAST_GROUPS
    )
    write_whole(output / PAGE, page.encode("utf-8", "replace"))


def _charts(model: ModelShares) -> _Charts:
    regions = list(model.regions.values())
    layers = [[one.layers[layer].value for one in regions] for layer in range(len(regions[0].layers))]
    steps = [
        [statistics.fmean(layer[step] for layer in one.steps) for one in regions]
        for step in range(len(model.step_rows[:MAX_STEPS]))
    ]
    return _Charts(
        layers=[_Bar(model.step_rows[0], shares, stacked_bar(shares)) for shares in layers],
        steps=[_Bar(rows, shares, stacked_bar(shares)) for rows, shares in zip(model.step_rows, steps, strict=False)],
        grid=layers_by_steps(regions[0], MAX_STEPS),
    )


def _shown(examples: Sequence[Example], card: TaskCard, data: DataFolder, output: Path) -> Iterator[_Shown]:
    for name, alike in groupby(examples, key=lambda example: example.question.request.instance):
        prompts = list(alike)
        image = prompts[0].question.request.image
        picture = None if image is None else _picture(Path(image), card, data, output)
        wordings = [(one.question.request.instruction, [_heat(look) for look in one.looks]) for one in prompts]
        yield _Shown(name, picture, wordings)


def _picture(file: Path, card: TaskCard, data: DataFolder, output: Path) -> _Picture | None:
    place = copy_picture(data, card.name, file.relative_to(data.folder(card.name)).as_posix(), output)
    return None if place is None else _Picture(place, *picture_size(file))


def _heat(look: Look) -> _Heat:
    cells, darkest = patches(look)
    shares = look.shares.mean(axis=(0, 1)).tolist()
    return _Heat(look.answer, dict(zip(REGIONS, shares, strict=True)), stretches(look), look.grid, cells, darkest)


def _percent(share: float, decimals: int = 1) -> str:
    """Return a share from 0 to 1 as a number of percent."""
    return f"{round(100 * share, decimals) + 0.0:.{decimals}f}".replace("-", "−")

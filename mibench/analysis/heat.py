"""What is shaded by attention: the tokens of a prompt, the patches of its picture, and layers by steps."""

from typing import NamedTuple

from mibench.analysis.attention import Look
from mibench.analysis.regions import REGIONS
from mibench.analysis.shares import RegionShares
from mibench.visible import visible

FAINT = 0.02
"""Patches less shaded than this are not drawn."""


class Stretch(NamedTuple):
    """Some characters of a prompt.

    Attributes:
        text: made visible.
        region: by name.
        share: of the attention.
        shade: from 0 to 1, the share as a part of the largest in the prompt.

    """

    text: str
    region: str
    share: float
    shade: float


class Cell(NamedTuple):
    """A square of a grid: its column, its row, and how it is shaded, from 0 to 1."""

    x: int
    y: int
    shade: float


def stretches(look: Look) -> list[Stretch]:
    """Return the prompt as the model read it, token by token; those that share a character are one."""
    read, first = look.read, look.grid[0] * look.grid[1] + 1
    begins, regions, shares = list[int](), list[int](), list[float]()
    for start, region, share in zip(read.starts, read.regions, look.positions[first:-1].tolist(), strict=True):
        if begins and start <= begins[-1]:
            shares[-1] += share
        else:
            begins.append(start if begins else 0)
            regions.append(region)
            shares.append(share)
    most = max(shares, default=0.0) or 1.0
    texts = (read.text[begin:end] for begin, end in zip(begins, [*begins[1:], len(read.text)], strict=True))
    return [
        Stretch(visible(text), REGIONS[region], share, round(share / most, 3))
        for text, region, share in zip(texts, regions, shares, strict=True)
    ]


def patches(look: Look) -> tuple[list[Cell], float]:
    """Return the patches that are shaded, as parts of the most looked at, and the share of that one."""
    rows, columns = look.grid
    shares = look.positions[: rows * columns]
    most = float(shares.max(initial=0.0))
    shades = (shares / (most or 1.0)).round(3).tolist()
    cells = [Cell(place % columns, place // columns, shade) for place, shade in enumerate(shades) if shade >= FAINT]
    return cells, most


def layers_by_steps(shares: RegionShares, steps: int) -> list[Cell]:
    """Return the first steps of an answer from left to right, the layers downwards, shaded by the share itself."""
    return [
        Cell(step, layer, round(share, 3))
        for layer, by_step in enumerate(shares.steps)
        for step, share in enumerate(by_step[:steps])
    ]

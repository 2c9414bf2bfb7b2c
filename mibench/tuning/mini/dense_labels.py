"""What lies under each patch of a seen picture: the labels that an image trunk is trained on from scratch."""

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, SIZES
from mibench.tuning.padding import IGNORED

LETTERS = string.ascii_lowercase + string.digits + ".:-'!?"
SLOTS = 4
"""Places for letters in a patch, from left to right."""
MOST = 4
"""Figures counted in one patch."""
FACTS = ("change", "ground", "relation", "time", "weather")
"""What is true of whole pictures, as far as a trunk is asked for it."""


class Classes(NamedTuple):
    """The classes of each kind of label; class 0 of names, colours, sizes, words and letters is none."""

    names: Mapping[str, int]
    words: Mapping[str, int]
    facts: Mapping[str, Mapping[str, int]]


class Labels(NamedTuple):
    """Labels of one picture of [rows, columns] patches; `IGNORED` where there is nothing to say."""

    name: Tensor
    colour: Tensor
    size: Tensor
    word: Tensor
    letters: Tensor
    """[rows, columns, `SLOTS`]."""
    number: Tensor
    kinds: Tensor
    """Which pairs of form and colour have their middle in the patch, float [rows, columns, forms * colours]."""
    edges: Tensor
    """Of the box around the patch's figure, as parts of the picture from the patch's middle, [rows, columns, 4]."""
    facts: Tensor
    """Of the whole picture, one for each name of a fact."""


def classes_of(scenes: Sequence[Scene]) -> Classes:
    """Return the classes that occur in scenes."""
    named = [pair for scene in scenes for pair in named_marks(scene)]
    names = sorted({name for name, mark in named if not mark.word})
    words = sorted({mark.word for _, mark in named if mark.word})
    facts: dict[str, set[str]] = {}
    for scene in scenes:
        for name in FACTS:
            if name in scene.facts:
                facts.setdefault(name, set()).add(scene.facts[name])
    return Classes(
        {name: place for place, name in enumerate(names, 1)},
        {word: place for place, word in enumerate(words, 1)},
        {name: {value: place for place, value in enumerate(sorted(facts[name]))} for name in sorted(facts)},
    )


def named_marks(scene: Scene) -> list[tuple[str, Mark]]:
    """Return the marks with their names; houses whose states are known are named by them."""
    states = iter(scene.facts.get("states", "").split())
    return [
        (f"{next(states, '')} {mark.name}".strip() if mark.name == "house" else mark.name, mark) for mark in scene.marks
    ]


def label(scene: Scene, classes: Classes, grid: tuple[int, int]) -> Labels:
    """Return the labels of a scene's picture when it has so many rows and columns of patches."""
    painter = _Painter(scene, grid)
    named = [(name, mark) for name, mark in named_marks(scene) if not mark.word]
    for name, mark in sorted(named, key=lambda pair: _area(pair[1]), reverse=True):
        painter.add(mark, classes.names.get(name, IGNORED))
    for mark in scene.marks:
        if mark.word:
            painter.write(mark, classes.words.get(mark.word, IGNORED))
    facts = [values.get(scene.facts.get(name, ""), IGNORED) for name, values in classes.facts.items()]
    return Labels(**{name: torch.from_numpy(part) for name, part in painter.parts.items()}, facts=torch.tensor(facts))


def _area(mark: Mark) -> float:
    left, top, right, bottom = mark.box
    return (right - left) * (bottom - top)


class _Painter:
    """Writes what marks say into arrays of patches."""

    def __init__(self, scene: Scene, grid: tuple[int, int]) -> None:
        self._scene, self._grid = scene, grid
        self._high, self._wide = scene.height / grid[0], scene.width / grid[1]
        self.parts: dict[str, NDArray[Any]] = {
            name: np.zeros(grid, np.int64) for name in ("name", "colour", "size", "word", "number")
        }
        self.parts["letters"] = np.zeros((*grid, SLOTS), np.int64)
        self.parts["kinds"] = np.zeros((*grid, len(SHAPES) * len(COLOURS)), np.float32)
        self.parts["edges"] = np.zeros((*grid, 4), np.float32)

    def add(self, mark: Mark, name: int) -> None:
        """Write what a thing is into the patches that it covers."""
        left, top, right, bottom = mark.box
        rows, columns = (
            _covered(top, bottom, self._high, self._grid[0]),
            _covered(left, right, self._wide, self._grid[1]),
        )
        there = np.s_[rows.start : rows.stop, columns.start : columns.stop]
        self.parts["name"][there] = name
        self.parts["colour"][there] = _place(COLOURS, mark.colour)
        self.parts["size"][there] = _place(SIZES, mark.size)
        x = (np.arange(columns.start, columns.stop) + 0.5) * self._wide
        y = (np.arange(rows.start, rows.stop) + 0.5) * self._high
        edges = self.parts["edges"][there]
        edges[..., 0], edges[..., 2] = (left - x) / self._scene.width, (right - x) / self._scene.width
        edges[..., 1] = ((top - y) / self._scene.height)[:, None]
        edges[..., 3] = ((bottom - y) / self._scene.height)[:, None]
        cell = self._cell(*mark.centre)
        self.parts["number"][cell] = min(self.parts["number"][cell] + 1, MOST)
        if mark.name in SHAPES and mark.colour in COLOURS:
            kind = list(SHAPES).index(mark.name) * len(COLOURS) + list(COLOURS).index(mark.colour)
            self.parts["kinds"][(*cell, kind)] = 1

    def write(self, mark: Mark, word: int) -> None:
        """Write a word, and its letters, into the patches that it covers."""
        left, top, right, bottom = mark.box
        row, _ = self._cell(left, (top + bottom) / 2)
        columns = _covered(left, right, self._wide, self._grid[1])
        self.parts["word"][row, columns.start : columns.stop] = word
        pitch = (right - left) / len(mark.word)
        for place, letter in enumerate(mark.word):
            column, slot = divmod(int((left + (place + 0.5) * pitch) / self._wide * SLOTS), SLOTS)
            if 0 <= column < self._grid[1] and letter in LETTERS:
                self.parts["letters"][row, column, slot] = LETTERS.index(letter) + 1

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        rows, columns = self._grid
        return min(max(int(y / self._high), 0), rows - 1), min(max(int(x / self._wide), 0), columns - 1)


def _covered(low: float, high: float, step: float, most: int) -> range:
    """Return the cells whose middle lies between two edges, or the one that holds their middle."""
    first, last = math.ceil(low / step - 0.5), math.floor(high / step - 0.5)
    if last < first:
        first = last = int((low + high) / 2 / step)
    first, last = min(max(first, 0), most - 1), min(max(last, 0), most - 1)
    return range(first, last + 1)


def _place(values: Mapping[str, object], value: str) -> int:
    return list(values).index(value) + 1 if value in values else 0

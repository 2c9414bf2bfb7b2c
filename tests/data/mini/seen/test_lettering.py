"""Pictures of lettering: what is written lies inside, apart, and where its mark says."""

from itertools import combinations
from random import Random

import numpy as np
import pytest

from mibench.data.mini.seen.scene import SIDE, World
from mibench.data.mini.seen.worlds.lettering import KINDS, lettered, line_marks, lines, plaques, tagged_things

SEEDS = range(60)


@pytest.mark.parametrize("world", [plaques, lines, tagged_things])
def test_words_lie_inside_the_picture_and_apart(world: World) -> None:
    for seed in SEEDS:
        texts = lettered(world(Random(f"apart {seed}")))
        assert len({mark.word for mark in texts}) == len(texts) > 0
        for left, top, right, bottom in (mark.box for mark in texts):
            assert 0 <= left < right <= SIDE
            assert 0 <= top < bottom <= SIDE
        for one, other in combinations((mark.box for mark in texts), 2):
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize("world", [plaques, lines, tagged_things])
def test_a_picture_is_the_same_when_drawn_again(world: World) -> None:
    first, again = (world(Random("again")).draw().pixels() for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("world", [plaques, tagged_things])
def test_strokes_fill_the_box_of_a_word_from_edge_to_edge(world: World) -> None:
    for seed in range(12):
        scene = world(Random(f"strokes {seed}"))
        pixels = scene.draw().pixels().astype(int)
        for mark in lettered(scene):
            left, top, right, bottom = (round(edge) for edge in mark.box)
            inside = pixels[top + 1 : bottom - 1, left + 1 : right - 1]
            ground = inside[0, 0]
            columns = np.flatnonzero((abs(inside - ground).sum(axis=2) > 200).any(axis=0))
            assert columns[0] <= 4
            assert columns[-1] >= inside.shape[1] - 6


def test_lines_hold_one_to_six_words_equally_often() -> None:
    totals = [len(lettered(lines(Random(f"total {seed}")))) for seed in range(600)]
    assert all(70 <= totals.count(total) <= 130 for total in range(1, 7))


def test_lines_are_named_from_the_top() -> None:
    for seed in SEEDS:
        found = line_marks(lines(Random(f"order {seed}")))
        tops = {place: line[0].box[1] for place, line in found.items()}
        assert sorted(tops, key=tops.__getitem__) == list(("first", "second", "third", "fourth")[: len(tops)])
        assert all(len(line) <= 3 and all(mark.word in KINDS for mark in line) for line in found.values())


def test_a_tag_hangs_below_its_thing() -> None:
    for seed in SEEDS:
        marks = tagged_things(Random(f"below {seed}")).marks
        for thing, tag, word in zip(marks[::3], marks[1::3], marks[2::3], strict=True):
            assert abs(thing.centre[0] - tag.centre[0]) < 1
            assert 0 < tag.box[1] - thing.box[3] < 8
            assert tag.box[0] < word.box[0] < word.box[2] < tag.box[2]

"""Labels of patches, against a twin that asks each patch on its own."""

import math

import pytest

pytest.importorskip("torch")

import torch

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, SIZES
from mibench.tuning.mini.dense_labels import FACTS, IGNORED, LETTERS, MOST, SLOTS, classes_of, label, named_marks
from mibench.tuning.mini.pictures import worlds_of
from tests.tuning.mini.small_mini import SCENES

WORLDS = worlds_of(FAMILIES.values())
DRAWN = {name: [SCENES.get(name, world, "train", number) for number in range(6)] for name, world in WORLDS.items()}
CLASSES = classes_of([scene for kind in DRAWN.values() for scene in kind])
GRID = (8, 8)


def holds(scene, mark, row, column):
    """Tell for both ways whether the patch's middle lies in the box, or the box's middle in the patch of a thin box."""

    def along(low, high, side, cells, cell):
        step = side / cells
        if any(low <= (other + 0.5) * step <= high for other in range(cells)):
            return low <= (cell + 0.5) * step <= high
        return cell == min(max(math.floor((low + high) / 2 / step), 0), cells - 1)

    left, top, right, bottom = mark.box
    return along(top, bottom, scene.height, GRID[0], row) and along(left, right, scene.width, GRID[1], column)


def area(mark):
    return (mark.box[2] - mark.box[0]) * (mark.box[3] - mark.box[1])


def cell_of(scene, x, y):
    row, column = int(y * GRID[0] / scene.height), int(x * GRID[1] / scene.width)
    return min(row, GRID[0] - 1), min(column, GRID[1] - 1)


def place(values, value):
    return [*values].index(value) + 1 if value in values else 0


@pytest.mark.parametrize("kind", WORLDS)
def test_a_patch_is_of_the_smallest_thing_there(kind):
    for scene in DRAWN[kind]:
        labels = label(scene, CLASSES, GRID)
        things = [(name, mark) for name, mark in named_marks(scene) if not mark.word]
        for row in range(GRID[0]):
            for column in range(GRID[1]):
                there = [pair for pair in things if holds(scene, pair[1], row, column)]
                found = [int(part[row, column]) for part in (labels.name, labels.colour, labels.size)]
                if not there:
                    assert found == [0, 0, 0]
                    assert not labels.edges[row, column].any()
                    continue
                least = min(area(mark) for _, mark in there)
                smallest = [(name, mark) for name, mark in there if area(mark) <= least * (1 + 1e-12)]
                name, mark = smallest[-1]
                wanted = [CLASSES.names[name], place(COLOURS, mark.colour), place(SIZES, mark.size)]
                assert found == wanted
                x, y = (column + 0.5) / GRID[1], (row + 0.5) / GRID[0]
                left, top, right, bottom = mark.box
                edges = [left / scene.width - x, top / scene.height - y]
                edges += [right / scene.width - x, bottom / scene.height - y]
                assert labels.edges[row, column].tolist() == pytest.approx(edges, abs=1e-6)


@pytest.mark.parametrize("kind", WORLDS)
def test_things_are_counted_and_told_where_their_middle_is(kind):
    for scene in DRAWN[kind]:
        labels = label(scene, CLASSES, GRID)
        number = torch.zeros(GRID, dtype=torch.int64)
        kinds = set()
        for mark in scene.marks:
            if mark.word:
                continue
            cell = cell_of(scene, *mark.centre)
            number[cell] += 1
            if mark.name in SHAPES and mark.colour in COLOURS:
                form, colour = place(SHAPES, mark.name) - 1, place(COLOURS, mark.colour) - 1
                kinds.add((*cell, form * len(COLOURS) + colour))
        assert torch.equal(labels.number, number.clamp(max=MOST))
        assert {tuple(where) for where in labels.kinds.nonzero().tolist()} == kinds
        assert labels.kinds.shape == (*GRID, len(SHAPES) * len(COLOURS))


@pytest.mark.parametrize("kind", WORLDS)
def test_words_lie_in_the_row_of_their_middle_and_letters_in_their_slots(kind):
    for scene in DRAWN[kind]:
        labels = label(scene, CLASSES, GRID)
        words = torch.zeros(GRID, dtype=torch.int64)
        slots = torch.zeros((GRID[0], GRID[1] * SLOTS), dtype=torch.int64)
        for mark in scene.marks:
            if not mark.word:
                continue
            left, top, right, bottom = mark.box
            row, _ = cell_of(scene, left, (top + bottom) / 2)
            for column in range(GRID[1]):
                if holds(scene, mark._replace(box=(left, 0, right, scene.height)), row, column):
                    words[row, column] = CLASSES.words[mark.word]
            for number, letter in enumerate(mark.word):
                middle = left + (right - left) * (number + 0.5) / len(mark.word)
                if letter in LETTERS:
                    slots[row, int(middle / scene.width * GRID[1] * SLOTS)] = LETTERS.index(letter) + 1
        assert torch.equal(labels.word, words)
        assert torch.equal(labels.letters.flatten(1), slots)


def test_facts_are_told_of_the_picture_and_else_ignored():
    told = set()
    for kind in DRAWN.values():
        for scene in kind:
            labels = label(scene, CLASSES, GRID)
            for number, (name, values) in enumerate(CLASSES.facts.items()):
                wanted = values[scene.facts[name]] if name in scene.facts else IGNORED
                assert int(labels.facts[number]) == wanted
                told.add(wanted == IGNORED)
    assert told == {True, False}
    assert set(CLASSES.facts) == {name for name in FACTS if any(name in s.facts for k in DRAWN.values() for s in k)}


def test_classes_begin_after_none_and_are_in_order():
    for classes in (CLASSES.names, CLASSES.words):
        assert list(classes) == sorted(classes)
        assert list(classes.values()) == list(range(1, len(classes) + 1))
    assert not set(CLASSES.names) & {""}


def scene_of(*marks, facts=None):
    return Scene(marks, None, facts or {}, 80, 80)


def test_names_and_words_that_no_class_knows_are_ignored():
    known = scene_of(Mark((0, 0, 10, 10), "star", "red"))
    labels = label(
        scene_of(Mark((0, 0, 10, 10), "anvil", "red"), Mark((20, 40, 60, 50), "word", word="ox")),
        classes_of([known]),
        GRID,
    )
    assert int(labels.name[0, 0]) == int(labels.word[4, 3]) == IGNORED
    assert int(labels.colour[0, 0]) == place(COLOURS, "red")
    assert labels.letters[4].flatten().nonzero()[:, 0].tolist() == [int((20 + x) / 80 * 32) for x in (10, 30)]


def test_houses_are_named_by_their_states_in_turn():
    houses = [Mark((x, 0, x + 8, 8), name) for x, name in ((0, "house"), (16, "tree"), (32, "house"))]
    names = [name for name, _ in named_marks(scene_of(*houses, facts={"states": "burning whole"}))]
    assert names == ["burning house", "tree", "whole house"]
    assert [name for name, _ in named_marks(scene_of(*houses))] == ["house", "tree", "house"]


def test_a_thing_smaller_than_a_patch_has_one_all_the_same():
    labels = label(scene := scene_of(Mark((11, 31, 13, 33), "star", "red")), classes_of([scene]), GRID)
    assert labels.name.nonzero().tolist() == [[3, 1]]


def test_no_more_are_counted_than_there_are_classes():
    scene = scene_of(*[Mark((0, 0, 8, 8), "star", "red")] * (MOST + 2))
    assert int(label(scene, classes_of([scene]), GRID).number[0, 0]) == MOST

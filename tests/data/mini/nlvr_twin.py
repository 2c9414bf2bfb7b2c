"""An independent reading of the drawn boxes: figures from pixels, sentences from their words."""

import re
from collections import Counter

import numpy as np

from mibench.data.mini.visual.shapes import COLOURS

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
PLACES = {"left": 0, "middle": 1, "right": 2}


def read_boxes(pixels):
    """Return three lists of (colour, shape), told by colour and by how much of its square a figure fills."""
    return [[*read_box(pixels[8:112, left : left + 104])] for left in (8, 120, 232)]


def read_box(pixels):
    for row in range(3):
        for column in range(3):
            middle_y, middle_x = 52 + (row - 1) * 31, 52 + (column - 1) * 31
            cell = pixels[middle_y - 15 : middle_y + 16, middle_x - 15 : middle_x + 16]
            for colour, value in COLOURS.items():
                found = np.argwhere((cell == np.array(value, dtype=np.uint8)).all(axis=2))
                if len(found):
                    height, width = found.max(axis=0) - found.min(axis=0) + 1
                    filled = len(found) / (height * width)
                    yield colour, "square" if filled > 0.92 else "circle" if filled > 0.6 else "triangle"


def holds(text, boxes):
    figures = [figure for box in boxes for figure in box]
    if match := re.fullmatch(r"In all there (?:is|are) exactly (\w+) (\w+) (\w+?)s?\.", text):
        return figures.count((match[2], match[3])) == NUMBERS[match[1]]
    if match := re.fullmatch(r"At least one box holds nothing but (\w+) figures\.", text):
        return any({colour for colour, _ in box} == {match[1]} for box in boxes)
    if match := re.fullmatch(r"Every box has an? (\w+) figure in it\.", text):
        return all(match[1] in {colour for colour, _ in box} for box in boxes)
    if match := re.fullmatch(r"None of the boxes contains an? (\w+) (\w+)\.", text):
        return (match[1], match[2]) not in figures
    if match := re.fullmatch(r"Each box has more (\w+)s than (\w+)s\.", text):
        shapes = [[shape for _, shape in box] for box in boxes]
        return all(box.count(match[1]) > box.count(match[2]) for box in shapes)
    if match := re.fullmatch(r"The .*?(left|middle|right).* holds exactly (\w+) figures?\.", text):
        return len(boxes[PLACES[match[1]]]) == NUMBERS[match[2]]
    if match := re.fullmatch(r"No other box has as many figures as the .*?(left|middle|right).*\.", text):
        sizes = [len(box) for box in boxes]
        return sizes.count(max(sizes)) == 1 and sizes.index(max(sizes)) == PLACES[match[1]]
    if match := re.fullmatch(r"One of the boxes has both an? (\w+) (\w+) and an? (\w+) (\w+)\.", text):
        return any((match[1], match[2]) in box and (match[3], match[4]) in box for box in boxes)
    if match := re.fullmatch(r"Some box holds two or more (\w+)s of one colour\.", text):
        return any(n > 1 and shape == match[1] for box in boxes for (_, shape), n in Counter(box).items())
    if match := re.fullmatch(r"The (\w+) box and the (\w+) box hold equally many figures\.", text):
        return len(boxes[PLACES[match[1]]]) == len(boxes[PLACES[match[2]]])
    raise ValueError(text)

"""Letters as pen strokes: capitals, digits and a few marks, on a grid of 4 by 6."""

from mibench.data.mini.visual.canvas import Colour, Pen, Point

_WIDTH, _HEIGHT, _GAP = 4, 6, 1.7

_STROKES = {
    "A": "06 20 46|14 34",
    "B": "03 33 42 41 30 00 06 36 45 44 33",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 20 42 44 26 06 00",
    "E": "40 00 06 46|03 33",
    "F": "40 00 06|03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06|40 46|03 43",
    "I": "10 30|20 26|16 36",
    "J": "30 40 45 36 16 05",
    "K": "00 06|40 03 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10|24 46",
    "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40|20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 22 36 40",
    "X": "00 46|40 06",
    "Y": "00 23 40|23 26",
    "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10|14 32",
    "1": "11 20 26|16 36",
    "2": "01 10 30 41 42 06 46",
    "3": "01 10 30 41 42 33 23|33 44 45 36 16 05",
    "4": "36 30 04 44",
    "5": "40 00 03 33 44 45 36 16 05",
    "6": "40 20 02 05 16 36 45 44 33 03",
    "7": "00 40 16",
    "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
    "9": "06 26 44 41 30 10 01 02 13 43",
    ".": "26",
    ":": "22|25",
    "-": "13 33",
    "'": "20 21",
    "!": "20 24|26",
    "?": "01 10 30 41 42 23 24|26",
    " ": "",
}


def write(pen: Pen, text: str, centre: Point, height: float, colour: Colour, *, weight: float = 1) -> None:
    """Write one line of capitals.

    Args:
        pen: its units are those of the other arguments.
        text: lower case is written in capitals.
        centre: of the line.
        height: of a capital.
        colour: of the strokes.
        weight: of the strokes, as a part of a sixth of the height.

    """
    unit = height / _HEIGHT
    left, top = centre[0] - text_width(text, height) / 2, centre[1] - height / 2
    for place, letter in enumerate(text.upper()):
        glyph = pen.at(left + place * (_WIDTH + _GAP) * unit, top, unit)
        for stroke in filter(None, _STROKES[letter].split("|")):
            glyph.line([(int(point[0]), int(point[1])) for point in stroke.split()], weight, colour)


def text_width(text: str, height: float) -> float:
    """Return how wide a line is, in the units of its height."""
    return (len(text) * (_WIDTH + _GAP) - _GAP) * height / _HEIGHT

"""The curve of a training run as an SVG: the loss by step, and below it the scores where it was evaluated."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 640, 220, 56, 132, 28, 44
"""In pixels: the width, the height of one panel, and the margins about it."""
COLOURS = ("#1f6f8b", "#c8553d", "#6a8d3a", "#8a5a99", "#b58900", "#555555")

Point = tuple[float, float]


class Panel(NamedTuple):
    """Lines over the same steps."""

    title: str
    lines: Mapping[str, Sequence[Point]]


def draw_curve(log: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return the picture of a log, as `read_log` gives it."""
    panels = [panel for panel in _panels(log) if panel.lines]
    last = max((line["step"] for line in log), default=1)
    height = TOP + len(panels) * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="11" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="16" font-size="13" font-weight="bold">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, TOP + number * (HEIGHT + GAP) + 14, last)
    return "\n".join([*parts, "</svg>\n"])


def _panels(log: Sequence[Mapping[str, Any]]) -> Iterator[Panel]:
    trained = [line for line in log if "loss" in line]
    yield Panel("loss", {"loss": [(line["step"], line["loss"]) for line in trained]} if trained else {})
    scored = [line for line in log if "evaluation" in line]
    names = dict.fromkeys(name for line in scored for name in line["evaluation"])
    shown = ("aggregate", "sensitivity") if "aggregate" in names else tuple(names)[: len(COLOURS)]
    lines = {
        name: [(line["step"], line["evaluation"][name]) for line in scored if name in line["evaluation"]]
        for name in shown
        if name in names
    }
    yield Panel("evaluation", lines)


def _panel(panel: Panel, top: int, last: int) -> Iterator[str]:
    values = [value for points in panel.lines.values() for _, value in points]
    low, high = min(0.0, *values), max(1e-9, *values)
    right, bottom = WIDTH - RIGHT, top + HEIGHT

    def place(step: float, value: float) -> str:
        x = LEFT + (right - LEFT) * step / max(last, 1)
        y = bottom - HEIGHT * (value - low) / (high - low)
        return f"{x:.1f},{y:.1f}"

    for tick in range(5):
        value, step = low + (high - low) * tick / 4, last * tick / 4
        x, y = place(step, value).split(",")
        yield f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y}" text-anchor="end" dominant-baseline="middle">{value:.3g}</text>'
        yield f'<text x="{x}" y="{bottom + 14}" text-anchor="middle">{step:,.0f}</text>'
    yield f'<text x="{right}" y="{bottom + 28}" text-anchor="end">step</text>'
    for number, (name, points) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(place(*point) for point in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        if len(points) < 30:
            for point in points:
                x, y = place(*point).split(",")
                yield f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>'
        text = f"{escape(name)} {points[-1][1]:.3g}" if points else escape(name)
        yield f'<text x="{right + 8}" y="{top + 10 + 16 * number}" fill="{colour}">{text}</text>'

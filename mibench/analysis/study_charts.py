"""Charts of a study's ablations as SVG: aggregate and Sensitivity, each run with its interval, the paper's beside."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from mibench.analysis.study_report import ArmResult, Measured

_WIDTH, _HEIGHT = 340, 260
"""Of one panel in pixels."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 34, 46
_FLOOR = _HEIGHT - _BOTTOM
_LEGEND = 24
_LONG = 60
"""Above this, an axis has a line every twenty in place of every ten."""
_SIDEWARDS = 7
"""Pixels from one seed to the next, so that their intervals do not cover each other."""
_STYLE = (
    "text{font:12px sans-serif;fill:#222}.name{font-weight:bold}.grid{stroke:#ddd}.run{fill:#1f5fa8;stroke:#1f5fa8}"
    ".mean{fill:none;stroke:#1f5fa8;stroke-width:1.5}.paper{fill:#fff;stroke:#b5541c;stroke-width:1.5}"
)
_PANELS = (("aggregate", "Aggregate, higher is better"), ("sensitivity", "Sensitivity, lower is better"))


def chart(title: str, arms: Sequence[ArmResult]) -> str:
    """Return a picture of some arms, from left to right, as the text of an SVG file.

    Dots are single runs with their 95 % interval, the line joins the means over seeds, squares are the paper's figures.
    """
    width, height = 2 * _WIDTH, _HEIGHT + _LEGEND
    panels = "\n".join(
        f'<g transform="translate({place * _WIDTH} 0)">\n{_panel(name, heading, title, arms)}\n</g>'
        for place, (name, heading) in enumerate(_PANELS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n{panels}\n{_legend()}\n</svg>\n'
    )


class _Axis(NamedTuple):
    """The values of a panel from 0 to `top`."""

    top: int

    def place(self, value: float) -> float:
        """Return how far down a value lies."""
        share = min(max(value, 0), self.top) / self.top
        return round(_FLOOR - share * (_FLOOR - _TOP), 1)

    def ticks(self) -> range:
        """Return the values that have a line."""
        return range(0, self.top + 1, _step(self.top))


def _panel(measure: str, heading: str, title: str, arms: Sequence[ArmResult]) -> str:
    axis = _axis(value for arm in arms for value in _shown(arm, measure))
    places = [_LEFT + (place + 0.5) * (_WIDTH - _LEFT - _RIGHT) / len(arms) for place in range(len(arms))]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts = [
        f'<text class="name" x="{_LEFT}" y="18">{escape(heading)}</text>',
        f'<text x="{middle}" y="{_FLOOR + 36}" text-anchor="middle">{escape(title)}</text>',
    ]
    for tick in axis.ticks():
        parts.append(f'<path class="grid" d="M{_LEFT} {axis.place(tick)}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{axis.place(tick) + 4}" text-anchor="end">{tick}</text>')
    for x, arm in zip(places, arms, strict=True):
        parts.append(f'<text x="{x:.1f}" y="{_FLOOR + 17}" text-anchor="middle">{escape(arm.name)}</text>')
        parts += [*_paper(measure, arm, x, axis), *_runs(measure, arm, x, axis)]
    means = zip(places, (arm.over_seeds.get(measure) for arm in arms), strict=True)
    line = [f"{x:.1f} {axis.place(found.mean)}" for x, found in means if found and found.mean is not None]
    if len(line) > 1:
        parts.append(f'<path class="mean" d="M{"L".join(line)}"/>')
    return "\n".join(parts)


def _paper(measure: str, arm: ArmResult, x: float, axis: _Axis) -> Iterator[str]:
    if measure in arm.paper:
        y, told = axis.place(arm.paper[measure]), _told(f"{arm.name}, the paper: {arm.paper[measure]:.2f}")
        yield f'<rect class="paper" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8">{told}</rect>'


def _runs(measure: str, arm: ArmResult, x: float, axis: _Axis) -> Iterator[str]:
    for number, run in enumerate(arm.runs):
        found = run.measures.get(measure, Measured(None))
        if found.value is None:
            continue
        aside = x + (number - (len(arm.runs) - 1) / 2) * _SIDEWARDS
        low, high = map(axis.place, found.ci or (found.value,) * 2)
        yield (
            f'<g class="run"><path d="M{aside:.1f} {low}V{high}"/>'
            f'<circle cx="{aside:.1f}" cy="{axis.place(found.value)}" r="3.5"/>'
            f"{_told(f'{arm.name}, {run.run}: {found.value:.2f}')}</g>"
        )


def _shown(arm: ArmResult, measure: str) -> Iterator[float]:
    yield from (value for name, value in arm.paper.items() if name == measure)
    for run in arm.runs:
        found = run.measures.get(measure, Measured(None))
        yield from () if found.value is None else (found.value, *(found.ci or ()))


def _axis(values: Iterator[float]) -> _Axis:
    """Return an axis from 0 to a multiple of its step, not below any value."""
    highest = max(values, default=0.0)
    step = _step(highest)
    return _Axis(max(step, math.ceil(highest / step) * step))


def _step(top: float) -> int:
    return 10 if top <= _LONG else 20


def _told(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _legend() -> str:
    y = _HEIGHT + 8
    return (
        f'<circle class="run" cx="{_LEFT + 4}" cy="{y}" r="3.5"/>'
        f'<text x="{_LEFT + 14}" y="{y + 4}">a run, with its 95 % interval</text>'
        f'<path class="mean" d="M{_LEFT + 210} {y}h18"/><text x="{_LEFT + 234}" y="{y + 4}">mean over runs</text>'
        f'<rect class="paper" x="{_LEFT + 350}" y="{y - 4}" width="8" height="8"/>'
        f'<text x="{_LEFT + 364}" y="{y + 4}">the paper, OFA-Large on real tasks</text>'
    )

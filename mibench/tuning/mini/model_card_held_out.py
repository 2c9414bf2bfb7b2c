"""What a model card says of the held-out tasks: both models beside the best cheap strategy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mibench.cards import load_cards, select_cards
from mibench.data.mini import prepare_mini
from mibench.errors import InputError
from mibench.scoring.compare import compare_submissions
from mibench.scoring.comparison import Comparison, Difference
from mibench.scoring.permutation import holm
from mibench.scoring.report import Interval, MetricScores, Scores, read_scores
from mibench.scoring.verdict import ALPHA
from mibench.submissions.description import Description, read_description
from mibench.submissions.reading import Submission
from mibench.tuning.mini.model_card_training import table

BASE, TUNED, WORDS = "ofa-mini-base", "ofa-mini-tuned", "ofa-mini-words"
"""Names of the models, as the adapter gives them."""


@dataclass(frozen=True)
class Entry:
    """A submission to compare.

    Attributes:
        folder: where it lies.
        description: who answered.
        scores: as they were computed.

    """

    folder: Path
    description: Description
    scores: Scores

    @property
    def name(self) -> str:
        """Its name on the leaderboard, and that it was blind, if it was."""
        return self.description.name + (" (blind)" if self.description.blind else "")

    def primary(self, task: str) -> MetricScores:
        """Return its scores on a task by the metric that is aggregated."""
        scores = self.scores.tasks[task]
        return scores.metrics[scores.primary]


@dataclass(frozen=True)
class HeldOut:
    """The models, the cheap strategies, and how they compare.

    Attributes:
        base: before tuning on instructions.
        tuned: after.
        words: the control that has seen the words of the instructions alone, if there is one.
        cheap: baselines, and models that were asked blind.
        comparison: of tuned with the other models, and of each model with each cheap strategy.

    """

    base: Entry
    tuned: Entry
    words: Entry | None
    cheap: Sequence[Entry]
    comparison: Comparison

    @property
    def models(self) -> Sequence[Entry]:
        """Base, the control if there is one, and tuned."""
        return [entry for entry in (self.base, self.words, self.tuned) if entry is not None]

    @property
    def kinds(self) -> Sequence[str]:
        """What to call the models in a table."""
        return ["base", *(["words"] if self.words else []), "tuned"]

    @property
    def tasks(self) -> Sequence[str]:
        """Those that all submissions answered."""
        return self.comparison.tasks

    def best_cheap(self, task: str) -> Entry:
        """Return the cheap strategy with the highest score on a task, the first of equals."""
        return max(self.cheap, key=lambda entry: entry.primary(task).mean or 0.0)

    def gains(self, model: Entry) -> dict[str, Difference]:
        """Return the paired difference of a model and the best cheap strategy on each task, corrected by Holm."""
        pairs = {(pair.first, pair.second): pair.tasks for pair in self.comparison.pairs}
        return holm({task: pairs[model.name, self.best_cheap(task).name][task].mean for task in self.tasks})

    @property
    def changes(self) -> dict[str, Difference]:
        """The paired difference of tuned and base on each task, corrected by Holm."""
        return {task: found.mean for task, found in self.comparison.pairs[0].tasks.items()}


def held_out(submissions: Sequence[Path]) -> HeldOut:
    """Read submissions on the mini world and compare them.

    Raises:
        InputError: not exactly one submission of each model with its pictures, none besides, two of one name, a folder
            that is no submission, or submissions that were asked different things.

    """
    entries = [Entry(folder, read_description(folder), read_scores(folder)) for folder in submissions]
    base, tuned = _only(entries, BASE), _only(entries, TUNED)
    words = _only(entries, WORDS) if any(entry.description.model.name == WORDS for entry in entries) else None
    cheap = [entry for entry in entries if entry not in (base, tuned, words)]
    if not cheap:
        raise InputError("no submission of a cheap strategy", remedy="give those of baselines, and blind ones")
    if len({entry.name for entry in entries}) < len(entries):
        raise InputError("two submissions have one name", remedy="give each its own --name")
    known = load_cards()
    names = [name for name in known if any(name in entry.description.cards for entry in entries)]
    data = prepare_mini(select_cards(names, known))
    models = [entry for entry in (tuned, base, words) if entry is not None]
    opened = {entry.name: Submission(entry.folder, entry.description, known, data) for entry in (*models, *cheap)}
    pairs = [(tuned.name, other.name) for other in models[1:]]
    pairs += [(model.name, other.name) for model in (tuned, base) for other in cheap]
    return HeldOut(base, tuned, words, cheap, compare_submissions(opened, known, pairs=pairs))


def told_apart(found: Mapping[str, Difference], side: int) -> list[str]:
    """Return the tasks on which the first is better (side 1) or worse (-1), as `mibench compare` counts them."""
    known = {task: one.value or 0.0 for task, one in found.items() if one.p_holm is not None and one.p_holm < ALPHA}
    return [task for task, value in known.items() if value * side > 0]


def summary_section(found: HeldOut) -> Iterator[str]:
    """Yield the lines of a table of the benchmark's two numbers, and how tuned compares with the others in words."""
    rows = []
    for entry in (*found.models, *found.cheap):
        summary = entry.scores.summary
        aggregate = cell(summary.aggregate.mean, summary.ci.aggregate.mean)
        rows.append([entry.name, aggregate, cell(summary.sensitivity, summary.ci.sensitivity)])
    yield from table(["", "aggregate", "Sensitivity"], rows, texts=1)
    for pair, other in zip(found.comparison.pairs, found.kinds[:-1], strict=False):
        yield ""
        yield f"Paired on the same rows, tuned minus {other}: aggregate {_difference(pair.aggregate)},"
        yield f"Sensitivity {_difference(pair.sensitivity)}. {pair.verdict}"
    notes = [
        *found.comparison.notes,
        *dict.fromkeys(found.base.scores.summary.notes + found.tuned.scores.summary.notes),
    ]
    if notes:
        yield ""
        yield " ".join(notes)


def task_section(found: HeldOut) -> Iterator[str]:
    """Yield the lines of the table of scores by task."""
    rows, gains = [], found.gains(found.tuned)
    for task in found.tasks:
        best, chance = found.best_cheap(task), found.tuned.scores.tasks[task].chance
        rows.append(
            [
                f"`{task}`",
                best.name,
                "–" if chance is None else f"{chance:.2f}",
                *(_score(entry, task) for entry in (*found.models, best)),
                _difference(gains[task]),
            ]
        )
    heads = ["task", "best cheap strategy", "chance", *found.kinds, "cheap", "tuned minus cheap"]
    yield from table(heads, rows, texts=2)


def sensitivity_section(found: HeldOut) -> Iterator[str]:
    """Yield the lines of the table of Sensitivities by task."""
    rows = []
    for task in found.tasks:
        shown = [entry.primary(task) for entry in (*found.models, found.best_cheap(task))]
        cells = [cell(one.sensitivity, one.ci.sensitivity if one.ci else None) for one in shown]
        rows.append([f"`{task}`", *cells])
    yield from table(["task", *found.kinds, "best cheap strategy"], rows, texts=1)


def verdict_section(found: HeldOut) -> Iterator[str]:
    """Yield lines that say on which tasks the models are above the cheap strategies, and on which they guess."""
    for model in (found.tuned, found.base):
        above, below = (told_apart(found.gains(model), side) for side in (1, -1))
        rest = [task for task in found.tasks if task not in above + below]
        guessed = at_chance(model.scores, found.tasks)
        of = len(found.tasks)
        yield f"- {model.name}: above the best cheap strategy on {_named(above, of)}; not told apart from it on"
        yield f"  {_named(rest, of)}; below it on {_named(below, of)}."
        yield f"  Not told apart from guessing: {_named(guessed, of)}."


def at_chance(scores: Scores, tasks: Sequence[str]) -> list[str]:
    """Return the tasks whose score does not differ from guessing."""
    known: Mapping[str, bool | None] = {name: scores.tasks[name].at_chance for name in tasks}
    return [name for name, guessed in known.items() if guessed]


def cell(value: float | None, interval: Interval | None) -> str:
    """Return a number with its interval, if they are defined."""
    if value is None:
        return "–"
    bounds = "" if interval is None else " ({:.2f} to {:.2f})".format(*interval.shown)
    return f"{value:.2f}{bounds}"


def _score(entry: Entry, task: str) -> str:
    found = entry.primary(task)
    return cell(found.mean, found.ci.mean if found.ci else None)


def _difference(found: Difference) -> str:
    return cell(found.value, found.ci)


def _named(tasks: Sequence[str], of: int) -> str:
    names = f" ({', '.join(f'`{task}`' for task in tasks)})" if tasks else ""
    return f"{len(tasks)} of {of}{names}"


def _only(entries: Sequence[Entry], model: str) -> Entry:
    found = [entry for entry in entries if entry.description.model.name == model and not entry.description.blind]
    if len(found) != 1:
        remedy = "give one that saw the pictures, and any blind ones besides"
        raise InputError(f"{len(found)} submissions of {model}", remedy=remedy)
    return found[0]

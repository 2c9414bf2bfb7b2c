"""What the pages that compare and browse load of submissions: numbers as data, one script each and a list of all."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from mibench.cards import TaskCard
from mibench.instructions.sets import BUILTIN, InstructionSet
from mibench.leaderboard.boards import Board, wording
from mibench.leaderboard.chunks import write_data
from mibench.leaderboard.entries import Entry
from mibench.leaderboard.sheet import Sheet
from mibench.leaderboard.text import rounded, rounded_bounds
from mibench.scoring.report import Aggregate, AggregateIntervals, TaskScores


def write_submission_data(entry: Entry, sheet: Sheet, site: Path) -> None:
    """Write `data/submissions/<slug>.js`: the facts of a submission, its numbers, and those of each task.

    Numbers are on the scale of 0 to 100 and null where undefined. A `ci` is the 95 % interval that pages show, by the
    name of its number. `questions` and `rows` of a task are there where the site holds its answers.
    """
    summary, about = entry.scores.summary, entry.description
    value = {
        "slug": sheet.slug,
        "name": sheet.name,
        "model": sheet.model,
        "revision": sheet.revision,
        "parameters": sheet.parameters,
        "open_weights": sheet.open_weights,
        "url": about.model.url,
        "adapter": sheet.adapter,
        "world": sheet.world,
        "instructions": sheet.instructions,
        "wording": wording(sheet.instructions),
        "seed": sheet.seed,
        "limit": about.limit,
        "created": sheet.created,
        "complete": sheet.complete,
        "failed": sheet.failed,
        "signature": sheet.signature,
        "aggregate": _aggregate(summary.aggregate, summary.ci.aggregate),
        "nlp": _aggregate(summary.nlp, summary.ci.nlp),
        "sensitivity": {"value": rounded(summary.sensitivity), "ci": rounded_bounds(summary.ci.sensitivity)},
        "at_chance": summary.at_chance,
        "notes": summary.notes,
        "tasks": {name: _task(task, name, sheet) for name, task in entry.scores.tasks.items()},
    }
    write_data(site, f"submissions/{sheet.slug}", value)


def write_lists(
    boards: Sequence[Board],
    pairs: Mapping[str, Collection[str]],
    cards: Mapping[str, TaskCard],
    sets: Mapping[str, InstructionSet],
    site: Path,
) -> None:
    """Write what is over all submissions.

    - `data/submissions.js`: slug, name, model, board and rank of each, and whether others share it, in the order of the
      tables;
    - `data/boards.js`: name and title of each table, and how it was asked; `pairs` says whether there are paired
      differences;
    - `data/wordings/<board>.js`: title, suite and the five instructions of each task, none where they are not known.
    """
    listed = [
        {
            "slug": place.sheet.slug,
            "name": place.sheet.name,
            "model": place.sheet.model,
            "board": board.name,
            "rank": place.rank,
            "tied": place.tied,
        }
        for board in boards
        for place in board.places
    ]
    write_data(site, "submissions", listed)
    tables = [
        {
            "name": board.name,
            "title": board.title,
            "world": board.world,
            "wording": wording(board.instructions),
            "seed": board.seed,
            "pairs": board.name in pairs,
        }
        for board in boards
    ]
    write_data(site, "boards", tables)
    for board in boards:
        asked = sets.get(board.instructions, BUILTIN if board.instructions == BUILTIN.digest else None)
        words = {
            name: {
                "title": card.title,
                "suite": card.suite,
                "card": _short(card.digest),
                "wordings": [*asked.templates(card)] if asked else [],
            }
            for name, card in cards.items()
        }
        write_data(site, f"wordings/{board.name}", words)


def _aggregate(found: Aggregate, ci: AggregateIntervals) -> dict[str, Any]:
    return {
        "mean": rounded(found.mean),
        "max": rounded(found.max),
        "ci": {"mean": rounded_bounds(ci.mean), "max": rounded_bounds(ci.max)},
    }


def _task(task: TaskScores, name: str, sheet: Sheet) -> dict[str, Any]:
    scores = task.metrics[task.primary]
    ci = scores.ci
    answers = sheet.answers.get(name)
    return {
        "metric": task.primary,
        "card": _short(sheet.cards[name]),
        "n": task.n,
        "groups": task.groups,
        "chance": rounded(task.chance),
        "at_chance": task.at_chance,
        "per_instruction": [rounded(score) for score in scores.per_instruction],
        "mean": rounded(scores.mean),
        "max": rounded(scores.max),
        "std": rounded(scores.std),
        "sensitivity": rounded(scores.sensitivity),
        "ci": {key: rounded_bounds(getattr(ci, key)) for key in ("mean", "max", "std", "sensitivity")} if ci else {},
        "questions": answers.questions if answers else None,
        "rows": answers.rows if answers else 0,
    }


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]

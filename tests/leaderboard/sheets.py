"""Sheets of made-up submissions."""

from mibench.leaderboard.sheet import AGGREGATE, NLP, SENSITIVITY, Figures, Sheet


def make_sheet(slug, aggregate=50.0, ci=None, *, sensitivity=None, sensitivity_ci=None, chance=(0, 6), **changes):
    """Return a sheet; `chance` is on how many tasks it guesses, and how many could be guessed."""
    fields = {
        "slug": slug,
        "name": f"Model {slug}",
        "model": slug,
        "revision": None,
        "parameters": None,
        "open_weights": None,
        "adapter": None,
        "world": "mini",
        "instructions": "builtin",
        "seed": 0,
        "created": "2026-01-31T12:00:00Z",
        "complete": True,
        "failed": 0,
        "signature": "",
        "data": {},
        "cards": {},
        "columns": {
            AGGREGATE: Figures(mean=aggregate, ci=ci),
            SENSITIVITY: Figures(mean=sensitivity, ci=sensitivity_ci),
            NLP: Figures(),
        },
        "at_chance": [f"task-{number}" for number in range(chance[0])],
        "guessable": chance[1],
        "answers": {},
    }
    return Sheet(**fields | changes)

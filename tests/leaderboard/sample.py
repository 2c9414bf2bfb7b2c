"""A small world, and submissions that answered it: real predictions, scored, and some made from these."""

import hashlib
import shutil
from itertools import islice

from mibench.cards import load_cards
from mibench.data.mini import text, visual
from mibench.data.store import DataFolder, store_task
from mibench.leaderboard.site import build_site
from mibench.scoring.report import write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.description import Model, read_description, write_description
from mibench.submissions.reading import Submission
from mibench.submissions.writing import describe
from tests.builders import answers, make_data, write_lines

CARDS = load_cards()
GENERATORS = {**visual.GENERATORS, **text.GENERATORS}
ROWS = {"nlvr": 130, "visual_dialogue": 24, "task190_snli_classification": 24}
"""Of tasks with more than a few: more than a page of the answers shows, or else all rows would form one group."""

FEW = ("nlvr", "text_vqa", "task190_snli_classification")


def make_world(folder):
    """Draw the first rows of the mini world."""
    for name, card in CARDS.items():
        rows = islice(GENERATORS[card.data.mini](card, 0), ROWS.get(name, 8))
        store_task(folder, name, rows, world="mini", source="mini world, its first rows", reader="1")
    return DataFolder(folder)


def answering(*skills, wrong="no idea", form="{}"):
    """Return a model that is right on some share of the rows, by wording; the same rows where the shares are equal."""

    def answer(row, number):
        drawn = hashlib.sha256(f"{skills} {row.id}".encode()).digest()[0] / 256
        others = [option for option in row.options if option not in row.targets] or [wrong]
        return form.format(row.targets[0]) if drawn < skills[number - 1] else others[0]

    return answer


def submit(folder, data, name, answer, model, *, tasks=None, **about):
    """Write a submission of real predictions and score it."""
    folder.mkdir(parents=True)
    cards = [CARDS[task] for task in tasks or data.manifest.tasks]
    description = describe(name, model, cards, data, **about)
    write_description(folder, description.model_copy(update={"created": "2026-01-31T12:00:00Z"}))
    for card in cards:
        write_lines(folder / "predictions" / f"{card.name}.jsonl", answers(data, card.name, answer))
    write_scores(folder, score_submission(Submission(folder, read_description(folder), CARDS, data), CARDS))


def copy(source, folder, **changes):
    """Write a submission that differs from another in its description alone."""
    shutil.copytree(source, folder)
    write_description(folder, read_description(folder).model_copy(update=changes))


def write_submissions(folder, mini, official):
    """Write what the tests look at: ranks, a tie, one that is not complete, and five tables."""
    known = Model(name="org/steady-7b", parameters=7_000_000_000, url="https://example.org/steady", open_weights=True)
    steady = {"adapter": "hf", "decoding": {"max_new_tokens": 32, "temperature": 0.0}}
    submit(folder / "steady", mini, "Steady 7B", answering(0.7, 0.66, 0.76, 0.72, 0.64), known, **steady)
    closed = Model(name="org/brittle-70b", parameters=70_000_000_000, open_weights=False)
    submit(folder / "brittle", mini, "Brittle 70B", answering(0.95, 0.9, 0.2, 0.85, 0.3), closed, adapter="openai")
    talkative = Model(name="talkative", parameters=500_000_000, open_weights=True)
    submit(
        folder / "talkative", mini, "Talkative", answering(*[0.8] * 5, form="I think it is {}."), talkative, tasks=FEW
    )
    submit(folder / "always-yes", mini, "Always yes", lambda row, number: "yes", Model(name="constant (yes)"))
    copy(folder / "steady", folder / "steady-again", name="Steady 7B, run again", created="2026-02-01T00:00:00Z")
    copy(folder / "brittle", folder / "brittle-seed", name="Brittle 70B, seed 5", seed=5)
    copy(folder / "steady", folder / "photographs", name="Steady on photographs", world="official")
    submit(folder / "one-task", mini, "One task", answering(*[0.5] * 5), talkative, tasks=FEW[:1])
    submit(folder / "two-tasks", official, "Two tasks", answering(*[0.6] * 5), known)


def make_sample(folder):
    """Write `world/`, `official/`, `submissions/` and `site/` into a folder."""
    mini = make_world(folder / "world")
    official = make_data(folder / "official")
    write_submissions(folder / "submissions", mini, official)
    build(folder / "submissions", folder / "site", folder)


def build(submissions, site, sample, **options):
    """Build a site beside the sample's data."""
    data = {"mini": sample / "world", "official": sample / "official"}
    return build_site(submissions, site, CARDS, data=data, cache=site.with_name(f"{site.name}-cache"), **options)

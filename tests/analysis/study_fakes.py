"""Recipes of small studies, and scores made up for their runs."""

import msgspec

from mibench.cards import load_cards
from mibench.data.mini.seen import FAMILIES
from mibench.scoring.report import AggregateIntervals, Digests, Interval, Scores, SummaryIntervals
from mibench.scoring.summary import summarise
from tests.builders import task_scores

BASE = f"""\
families: [{", ".join(FAMILIES)}]
model: {{width: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, ffn: 64, trunk: [4, 4, 4],
        image_size: 32, bins: 20, pieces: 300}}
pictures: {{train: 40, test: 40}}
trunk: {{steps: 1, batch: 2, learning_rate: 0.001}}
stages:
  - {{name: bare, steps: 2, batch: 4, learning_rate: 0.001, plain: [codes]}}
"""
STUDY = """\
recipe: base.yaml
start: bare
steps: 600
batch: 8
learning_rate: 0.001
warmup: 0.1
seeds: [0, 1]
limit: 4
strategies: [none, task_name, natural, multi, mixed, sequential]
wordings: [1, 5, all]
clusters: [1, 3, 5, text]
"""


def write_recipes(folder, study=STUDY, base=BASE):
    """Write the two recipes, and return the path of the study's."""
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(study, encoding="utf-8")
    return path


def made_up(first, step=1.0, nlp=40.0):
    """Return scores: `first` under the first wording of a task and `step` more under each next, `nlp` on NLP."""
    cards = load_cards()
    tasks = {}
    for place, (name, card) in enumerate(cards.items()):
        scores = [first + place + step * number for number in range(5)] if card.suite == "multimodal" else [nlp] * 5
        tasks[name] = task_scores(card, dict.fromkeys(card.metrics, scores))
    summary = summarise(tasks, cards)
    around = Interval(percentile=(0, 1), bca=(summary.aggregate.mean - 2, summary.aggregate.mean + 3))
    sensitivity = Interval(percentile=(0, 1), bca=(0, 2), debiased=(0.25, 99.5))
    none = AggregateIntervals(mean=None, max=None)
    intervals = SummaryIntervals(aggregate=AggregateIntervals(mean=around, max=None), sensitivity=sensitivity, nlp=none)
    return Scores(
        format=1,
        tasks=tasks,
        summary=msgspec.structs.replace(summary, ci=intervals),
        digests=Digests(predictions={}, cards={}, data={}, metrics={}),
        signature="made up",
    )

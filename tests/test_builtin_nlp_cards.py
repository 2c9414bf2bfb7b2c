"""What the twenty NLP cards promise, beyond what any card must hold."""

import re
from collections import Counter

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.data.natural_instructions import read_natural_instructions
from mibench.data.rows import ReaderOptions
from tests.builders import REAL_NLP_TASKS
from tests.test_docs import tables

CARDS = {name: card for name, card in load_cards().items() if card.suite == "nlp"}


def test_all_twelve_categories_occur():
    assert len(Counter(card.cluster for card in CARDS.values())) == 12


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_rouge_comes_first(card):
    assert card.metrics[:3] == ("rouge_l", "accuracy", "accuracy_strict")
    assert ("accuracy_lenient" in card.metrics) == bool(card.answer.options)
    assert set(card.fields) == {"input"}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_wording_names_every_label(card):
    for template in card.instructions:
        for label in card.answer.options:
            assert re.search(rf"(?<!\w){re.escape(label)}", template), (label, template)


def test_the_page_lists_these_tasks():
    categories, tasks = tables("nlp-tasks.md")
    assert [row[0].strip("`") for row in tasks[1:]] == list(CARDS)
    for name, category, dataset, answer in tasks[1:]:
        card = CARDS[name.strip("`")]
        assert (category, dataset) == (card.cluster, card.source.dataset)
        assert answer == (", ".join(f"`{option}`" for option in card.answer.options) or "text")
    chosen = Counter(card.cluster for card in CARDS.values())
    assert {row[0]: int(row[2]) for row in categories[1:]} == chosen
    assert sum(int(row[1]) for row in categories[1:]) == 119


def test_all_belong_to_the_default_test_split(real_data):
    split = (real_data / "natural_instructions" / "splits" / "default" / "test_tasks.txt").read_text().split()
    assert len(split) == 119
    assert set(CARDS) <= set(split)


@pytest.mark.parametrize("task", REAL_NLP_TASKS)
def test_the_card_agrees_with_the_real_file(real_data, task):
    folder = real_data / "natural_instructions"
    content = msgspec.json.decode((folder / "tasks" / f"{task}.json").read_bytes())
    assert content["Categories"] == [CARDS[task].cluster]
    rows = list(read_natural_instructions(folder, CARDS[task], ReaderOptions()))
    assert len(rows) == 100
    assert all(row.instance.fields["input"] for row in rows)

"""What the nine multimodal cards promise, beyond what any card must hold."""

import itertools
import re

import pytest

from mibench.cards import load_cards

CARDS = {name: card for name, card in load_cards().items() if card.suite == "multimodal"}

PRIMARY = {
    "commonsense_vqa": "rouge_l",
    "disaster_type_classification": "accuracy",
    "grounded_vqa": "accuracy",
    "nlvr": "accuracy",
    "text_vqa": "rouge_l",
    "visual_dialogue": "rouge_l",
    "visual_entailment": "accuracy",
    "visual_spatial_reasoning": "accuracy",
    "visual_text_extraction": "rouge_l",
}
"""As the paper aggregates."""


def words(template):
    return set(re.findall(r"[a-z]+", re.sub(r"\{\w+\}", "", template.lower())))


def test_the_primary_metrics_are_the_papers():
    assert {name: card.primary_metric for name, card in CARDS.items()} == PRIMARY


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_accuracy_is_always_told(card):
    assert {"accuracy", "accuracy_strict"} <= set(card.metrics)
    assert ("accuracy_lenient" in card.metrics) == (card.answer.kind != "text")


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_wordings_share_few_words(card):
    for one, other in itertools.combinations(card.instructions, 2):
        assert len(words(one) & words(other)) / len(words(one) | words(other)) < 0.5


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_no_wording_favours_one_label(card):
    """An instruction names all fixed labels or none; "not disaster" and "other disaster" explain themselves."""
    labels = [label for label in card.answer.options if label not in {"not disaster", "other disaster"}]
    for template in card.instructions:
        named = [label for label in labels if re.search(rf"\b{label}\b", template.lower())]
        assert len(named) in (0, len(labels)), template

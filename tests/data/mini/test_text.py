"""The written world: balance, no way to guess a label, and answers found again from the inputs."""

import functools
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from mibench.cards import load_cards
from mibench.data.mini import prepare_mini
from mibench.data.mini.text import GENERATORS
from mibench.data.mini.text.words import MEN, PEOPLE, WOMEN

CARDS = {name: card for name, card in load_cards().items() if card.suite == "nlp"}
LABELLED = {name: card for name, card in CARDS.items() if card.answer.options}
DIGESTS = json.loads((Path(__file__).parent / "digests.json").read_text())
STOP_WORDS = {
    "a",
    "an",
    "and",
    "before",
    "beside",
    "between",
    "but",
    "in",
    "into",
    "it",
    "of",
    "on",
    "that",
    "the",
    "was",
    "with",
}


@functools.cache
def instances(task, seed=0):
    return [row.instance for row in GENERATORS[CARDS[task].data.mini](CARDS[task], seed)]


def starting(prefix):
    (name,) = (name for name in CARDS if name.startswith(prefix))
    return instances(name)


def parts(text):
    """Return the marked parts of an input, such as its premise and its hypothesis."""
    return [part.strip() for part in re.split(r"(?:Sentence [12]|Sentence|Question|Prompt|Response [12]):", text)[1:]]


def test_every_category_has_a_generator():
    assert {card.data.mini for card in CARDS.values()} == set(GENERATORS)


@pytest.mark.parametrize("task", CARDS)
def test_200_instances_that_all_differ(task):
    found = instances(task)
    assert len(found) == 200
    assert len({row.id for row in found}) == 200
    assert len({row.fields["input"] for row in found}) == 200
    assert all(row.targets and all(row.targets) for row in found)
    assert all(row.options == CARDS[task].answer.options for row in found)


@pytest.mark.parametrize("task", CARDS)
def test_no_answer_is_frequent(task):
    counts = Counter(row.targets[0] for row in instances(task))
    if task in LABELLED:
        assert set(counts) == set(CARDS[task].answer.options)
        assert max(counts.values()) - min(counts.values()) <= 2
    else:
        assert max(counts.values()) <= 10


@pytest.mark.parametrize("task", LABELLED)
def test_no_part_of_an_input_gives_the_label_away(task):
    """Not even to a guesser that knows the labels of all inputs with that part."""
    found = instances(task)
    chance = 1 / len(CARDS[task].answer.options)
    for place in range(len(parts(found[0].fields["input"]))):
        labels = defaultdict(Counter)
        for row in found:
            labels[parts(row.fields["input"])[place]][row.targets[0]] += 1
        right = sum(max(counts.values()) for counts in labels.values())
        assert right / len(found) <= chance + 0.05


@pytest.mark.parametrize("task", LABELLED)
def test_no_single_word_gives_the_label_away(task):
    """The best rule "if this word occurs then one label, else another" stays near chance."""
    found = [(set(re.findall(r"[\w']+", row.fields["input"].lower())), row.targets[0]) for row in instances(task)]
    chance = max(Counter(label for _, label in found).values()) / len(found)
    for word in set.union(*(words for words, _ in found)):
        labels = {True: Counter(), False: Counter()}
        for words, label in found:
            labels[word in words][label] += 1
        right = sum(max(counts.values(), default=0) for counts in labels.values())
        assert right / len(found) <= chance + 0.05, word


@pytest.mark.parametrize("task", CARDS)
def test_another_seed_is_another_world(task):
    assert [row.fields for row in instances(task)] != [row.fields for row in instances(task, seed=1)]


def test_cards_that_share_a_generator_differ():
    by_generator = defaultdict(list)
    for task, card in CARDS.items():
        by_generator[card.data.mini].append({row.fields["input"] for row in instances(task)})
    for worlds in by_generator.values():
        assert not functools.reduce(set.intersection, worlds) or len(worlds) == 1


def test_the_bytes_are_those_of_every_machine(tmp_path):
    found = prepare_mini(CARDS.values(), tmp_path / "mini").manifest.tasks
    assert {task: entry.digest for task, entry in found.items()} == {task: DIGESTS[task] for task in CARDS}


def known(text):
    """Return what a sentence says of a person's room, clothing and hands."""
    patterns = {
        "room": r"(?:stands|found) in the (\w+)",
        "colour": r"(?:wears a|dressed in) (\w+)",
        "thing": r"(?:holds|has) a (\w+)",
    }
    return {aspect: found[1] for aspect, pattern in patterns.items() if (found := re.search(pattern, text))}


@pytest.mark.parametrize(("task", "labels"), [("task190", "ECN"), ("task199", ["yes", "yes", "no"])])
def test_entailment_follows_from_what_is_known(task, labels):
    for row in starting(task):
        premise, hypothesis = (known(part) for part in row.fields["input"].split("Sentence 2:"))
        ((aspect, claimed),) = hypothesis.items()
        told = premise.get(aspect)
        verdict = labels[2] if told is None else labels[0] if told == claimed else labels[1]
        assert verdict == row.targets[0], row


def test_the_named_first_is_meant_in_half_of_the_sentences():
    for task in ("task033", "task891"):
        groups = defaultdict(list)
        for row in starting(task):
            groups[row.group].append(row)
        for pair in groups.values():
            places = [row.fields["input"].index(row.targets[0]) for row in pair]
            assert len(pair) == 2
            assert len({row.targets[0] for row in pair}) == 2
            assert len(set(places)) == 2


def test_a_pronoun_fits_both_people():
    for row in starting("task891"):
        people = {name for name in PEOPLE if re.search(rf"\b{name}\b", row.fields["input"])}
        assert len(people) == 2
        assert people <= set(WOMEN if "**she**" in row.fields["input"] else MEN)


def test_the_shared_word_is_the_only_one():
    for row in starting("task039"):
        one, other = (
            set(re.findall(r"[a-z]+", part.lower())) - STOP_WORDS
            for part in re.split(r"Sentence[12]:", row.fields["input"])[1:]
        )
        assert one & other == set(row.targets), row


def test_analogies_complete_by_a_pair_seen_elsewhere():
    for task in ("task1152", "task1153"):
        pairs = dict(row.fields["input"].split(".")[0].split(" : ") for row in starting(task))
        for row in starting(task):
            asked = re.search(r"\. (\w+) : \?", row.fields["input"])[1]
            assert pairs[asked] == row.targets[0]


def test_a_sentence_carries_all_its_data():
    for row in starting("task102"):
        for target in row.targets:
            for concept in row.fields["input"].split("#"):
                assert concept.rstrip("e") in target.lower(), (concept, target)
    for row in starting("task677"):
        for argument in re.findall(r"'([^']+)'", row.fields["input"])[1:]:
            assert argument in row.targets[0].lower()


def test_corrections_and_mended_questions_differ_from_what_was_said():
    for task in ("task1557", "task1195", "task1622"):
        for row in starting(task):
            assert row.fields["input"] != row.targets[0]
    for task in ("task1195", "task1622"):
        for row in starting(task):
            said, meant = (re.findall(r"\w+", text) for text in (row.fields["input"], row.targets[0]))
            words = iter(said)
            assert all(word in words for word in meant), row


def test_titles_are_named_by_their_texts():
    for row in starting("task769"):
        assert f"the {row.targets[0]} " in row.fields["input"].replace("The", "the")
    for row in starting("task1540"):
        method, problem = row.targets[0].lower().split(" for ", 1)
        assert method in row.fields["input"].lower()
        assert problem in row.fields["input"].lower()


def test_joined_questions_ask_for_both():
    for row in starting("task121"):
        first, second = (question[:-1] for question in re.findall(r"[A-Z][^?]*\?", row.fields["input"]))
        assert row.targets[0].startswith(first)
        assert row.targets[1].startswith(second)

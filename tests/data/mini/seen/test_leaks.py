"""Nothing that is held out may be seen: no task, no wording, no picture."""

import re
from random import Random

import pytest

from mibench.cards import TaskCard, load_cards
from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Scenes, draw_examples
from mibench.data.mini.seen.wordings import wordings
from mibench.data.mini.text import GENERATORS as TEXT
from mibench.data.mini.visual import GENERATORS as VISUAL

RUN = 5
"""Words in a row that count as copied."""

CARDS = tuple(load_cards().values())


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", re.sub(r"\{\w+\}", " \x00 ", text.lower()).replace("\x00", " # "))


def runs(text: str) -> set[tuple[str, ...]]:
    """Runs of words that no field interrupts."""
    found = set()
    for part in re.split(r"\{\w+\}", text.lower()):
        parts = words(part)
        found |= {tuple(parts[start : start + RUN]) for start in range(len(parts) - RUN + 1)}
    return found


def held_out_runs() -> set[tuple[str, ...]]:
    return {run for card in CARDS for text in (*card.instructions, card.description) for run in runs(text)}


def test_the_cards_have_runs_to_be_copied() -> None:
    assert len(held_out_runs()) > 500
    assert runs(CARDS[0].description) & held_out_runs()


@pytest.mark.parametrize("name", FAMILIES)
def test_no_wording_shares_five_words_in_a_row_with_a_held_out_instruction(name: str) -> None:
    known = wordings(FAMILIES[name])
    for template in (*known.seen, *known.unseen, FAMILIES[name].title):
        assert not runs(template) & held_out_runs(), template


def test_no_family_is_called_as_a_held_out_task() -> None:
    def names(card: TaskCard) -> set[str]:
        return {card.name, card.title.lower(), *card.name.split("_", 1)[1:]}

    taken = {name for card in CARDS for name in names(card)} | set(VISUAL) | set(TEXT)
    assert not taken & ({family.name for family in FAMILIES.values()} | {family.title for family in FAMILIES.values()})


def test_unseen_wordings_are_not_among_the_seen_ones() -> None:
    for family in FAMILIES.values():
        known = wordings(family)
        assert len(set(known.seen)) == len(known.seen) >= 20
        assert len(set(known.unseen)) == len(known.unseen) >= 4
        assert not set(known.seen) & set(known.unseen)


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.worlds])
def test_pictures_of_the_splits_differ_from_each_other(name: str) -> None:
    worlds = FAMILIES[name].worlds
    assert worlds
    scenes = Scenes()
    for kind, world in worlds.items():
        drawn = {
            split: [scenes.get(kind, world, split, number).marks for number in range(20)] for split in ("train", "test")
        }
        assert sum(marks in drawn["train"] for marks in drawn["test"]) <= 2


def test_no_seed_of_the_seen_world_begins_as_one_of_the_held_out() -> None:
    """Held-out generators seed by the card's name, the seen world by "seen world" or "seen question"."""
    seeds = [f"{card.name}:" for card in CARDS]
    assert not any(seed.startswith(("seen ", "trunk:", "order:", "wording")) for seed in seeds)
    assert Random("seen world:figures:train:0:0").random() != Random("seen world:figures:test:0:0").random()


def test_examples_of_the_splits_ask_in_the_same_way() -> None:
    scenes = Scenes()
    for family in FAMILIES.values():
        fields = {
            frozenset(example.question.fields)
            for split in ("train", "test")
            for example in draw_examples(family, scenes, split, 3, pictures=20)  # type: ignore[arg-type]
        }
        assert len(fields) == 1

import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.prompts import option_order, render_request


def row(**changes):
    fields = {"id": "1", "fields": {"text": "It is {so}."}, "options": ("yes", "no"), "targets": ("yes",), "group": "1"}
    return Instance(**(fields | changes))


def test_the_layout_is_the_papers():
    request = render_request(load_cards()["nlvr"], row(), 1)
    text, _, options = request.prompt.rpartition("\n\n")
    assert text.startswith("It is {so}.\n\n")
    assert options in {"[Options]: yes||||no", "[Options]: no||||yes"}
    assert options.removeprefix("[Options]: ").split("||||") == list(request.options)


def test_a_task_without_options_shows_none():
    question = row(fields={"question": "What is it?"}, options=())
    assert "[Options]" not in render_request(load_cards()["text_vqa"], question, 1).prompt


def test_the_picture_is_resolved_against_the_folder():
    request = render_request(load_cards()["nlvr"], row(image="images/1.png"), 2, folder=Path("data") / "nlvr")
    assert request.image == str(Path("data") / "nlvr" / "images" / "1.png")
    absolute = render_request(load_cards()["nlvr"], row(image="/far/1.png"), 2, folder=Path("data"))
    assert absolute.image == "/far/1.png"


def test_a_missing_field_or_missing_options_are_told():
    with pytest.raises(InputError, match="lacks the field 'text'"):
        render_request(load_cards()["nlvr"], row(fields={}), 1)
    with pytest.raises(InputError, match="has no options"):
        render_request(load_cards()["nlvr"], row(options=()), 1)


KEYS = {"seed": 0, "task": "nlvr", "instance": "1", "instruction": 1}


@given(st.lists(st.text(), unique=True, max_size=8), st.randoms())
def test_the_option_order_is_a_permutation_of_content(options, random):
    shuffled = random.sample(options, len(options))
    order = option_order(options, **KEYS)
    assert Counter(order) == Counter(options)
    assert option_order(shuffled, **KEYS) == order


def test_the_option_order_is_fixed_for_ever():
    assert option_order(["a", "b", "c", "d"], **KEYS) == ["a", "c", "b", "d"]


def test_all_orders_are_about_equally_likely():
    orders = Counter(tuple(option_order("abc", **KEYS | {"instance": str(n)})) for n in range(6000))
    assert set(orders) == set(itertools.permutations("abc"))
    chi_squared = sum((count - 1000) ** 2 / 1000 for count in orders.values())
    assert chi_squared < 20.5


@pytest.mark.parametrize("change", [{"seed": 1}, {"task": "other"}, {"instance": "2"}, {"instruction": 2}])
def test_the_order_depends_on_every_key(change):
    options = [str(number) for number in range(20)]
    assert option_order(options, **KEYS) != option_order(options, **KEYS | change)

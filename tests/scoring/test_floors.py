import random

import pytest

from mibench.cards import load_cards
from mibench.data.mini import prepare_mini
from mibench.instances import Instance
from mibench.scoring.floors import FOLDS, measure_floors

CARDS = load_cards()
NLVR, VCR, VISDIAL, POINTING, MEMES = (
    CARDS[name] for name in ("nlvr", "commonsense_vqa", "visual_dialogue", "grounded_vqa", "visual_text_extraction")
)


def rows(card, count, texts, options, target):
    """Rows of one group each; `texts`, `options` and `target` take a row's number."""
    return [
        Instance(
            id=str(number),
            fields=dict.fromkeys(card.fields, texts(number)),
            options=options(number),
            targets=(target(number),),
            group=str(number),
        )
        for number in range(count)
    ]


def yes_no(_):
    return ("yes", "no")


def test_where_the_text_tells_nothing_it_scores_as_the_most_frequent_answer():
    found = measure_floors(NLVR, rows(NLVR, 100, lambda _: "It is so.", yes_no, lambda n: "no" if n % 4 else "yes"))
    assert (found.metric, found.chance, found.text_alone) == ("accuracy", 75.0, 75.0)
    assert (found.constant.answer, found.constant.score) == ("no", 75.0)


def test_a_word_that_gives_the_answer_away_is_found():
    def text(number):
        return f"Thing {number} is {'never' if number % 2 else 'often'} here."

    found = measure_floors(NLVR, rows(NLVR, 100, text, yes_no, lambda number: "no" if number % 2 else "yes"))
    assert (found.chance, found.constant.score, found.text_alone) == (50.0, 50.0, 100.0)


def test_nothing_is_learnt_from_a_rows_own_group():
    """Each group has a word and an answer of its own, so that only its own rows could tell."""
    instances = [
        Instance(
            id=f"{group} {number}",
            fields={"text": f"word{group}"},
            options=("yes", "no"),
            targets=("yes" if group % 2 else "no",),
            group=str(group),
        )
        for group in range(40)
        for number in range(50)
    ]
    assert measure_floors(NLVR, instances).text_alone <= 60


def test_the_answers_to_free_text_are_the_frequent_ones():
    words = {"colour": "red", "many": "two", "raining": "no"}

    def text(number):
        return f"{list(words)[number % 3]} thing{number}"

    found = measure_floors(VISDIAL, rows(VISDIAL, 300, text, lambda _: (), lambda n: list(words.values())[n % 3]))
    assert (found.metric, found.chance, found.text_alone) == ("rouge_l", None, 100.0)
    assert found.constant.score == pytest.approx(100 / 3, abs=1e-4)


def test_options_of_a_rows_own_are_told_by_their_words():
    def options(number):
        return (f"Because of {number}.", f"Perhaps {number} it.", f"Maybe {number} it.")

    found = measure_floors(VCR, rows(VCR, 60, lambda _: "Why?", options, lambda number: options(number)[0]))
    assert found.text_alone == 100.0


def test_boxes_are_told_by_their_ranks():
    draw = random.Random(0)

    def box(side):
        left, top = draw.randrange(100), draw.randrange(100)
        return f"{left} {top} {left + side} {top + side}"

    offered = [(box(10 + draw.randrange(9)), box(40), box(20 + draw.randrange(9))) for _ in range(60)]
    found = measure_floors(POINTING, rows(POINTING, 60, lambda _: "?", offered.__getitem__, lambda n: offered[n][1]))
    assert (found.text_alone, found.chance) == (100.0, pytest.approx(100 / 3, abs=1e-4))


def test_options_that_nothing_tells_apart_are_not_chosen_by_their_place():
    def options(number):
        return tuple(f"{digit}{number:04}" for digit in "abcd")

    found = measure_floors(VCR, rows(VCR, 400, lambda _: "Why?", options, lambda number: options(number)[-1]))
    assert 15 < found.text_alone < 35


def test_a_task_of_text_has_no_floor_without_its_text():
    card = CARDS["task190_snli_classification"]
    found = measure_floors(card, rows(card, 10, lambda _: "x", lambda _: card.answer.options, lambda _: "E"))
    assert found.text_alone is None
    assert found.constant.score == 100.0


@pytest.mark.parametrize("count", [1, 2, FOLDS])
def test_few_rows_are_enough(count):
    for card, options, target in ((NLVR, yes_no, "yes"), (MEMES, lambda _: (), "a text")):
        found = measure_floors(card, rows(card, count, lambda _: "x", options, lambda _: target))  # noqa: B023
        assert found.constant.score == 100.0
    found = measure_floors(VCR, rows(VCR, count, lambda _: "x", lambda n: (f"a {n}", "b"), lambda n: f"a {n}"))
    assert 0 <= found.text_alone <= 100


def test_the_text_of_the_mini_world_tells_nothing():
    data = prepare_mini([NLVR])
    first, again = (measure_floors(NLVR, data.instances(NLVR.name)) for _ in range(2))
    assert first == again
    assert first.text_alone <= first.chance == 50.0

"""Rows: the tokens that the adapter reads, and where mentions and places lie."""

from collections import Counter
from fractions import Fraction

import pytest

pytest.importorskip("torch")

from hypothesis import assume, example, given
from hypothesis import strategies as st

from mibench.adapters.ofa import OFA
from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Example, Question
from mibench.instances import Request
from mibench.ofa.tokenizer import clean_text
from mibench.prompts import prompt_pieces
from mibench.tuning.mini.rows import answer_tokens, patches_of, row_of, tokenise, with_bins
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import ARCHITECTURE, SIDE

PROCESSOR = small_mini.processor()
RUN_TOGETHER = "two_lines_in_boxes"
"""Its bare prompt has two boxes side by side, eight numbers in a row, which the adapter does not take for boxes."""


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows") / "model"
    small_mini.model().save_pretrained(folder)
    PROCESSOR.save_pretrained(folder)
    return OFA(str(folder), beams="1", device="cpu", boxes="all")


def read_by(adapter, drawn, template):
    question = drawn.question
    prompt = "".join(piece.text for piece in prompt_pieces(template, question.fields, question.options))
    request = Request(
        task="t", instance="1", instruction=1, prompt=prompt, image=None, options=question.options, max_new_tokens=9
    )
    return adapter._tokens(prompt, request, (drawn.width, drawn.height) if drawn.width else None)


def drawn_prompts(family):
    """Yield an example of the family under each wording, bare, seen and unseen."""
    fields = small_mini.example(family).question.fields
    for number, template in enumerate(small_mini.templates(family, fields)):
        yield small_mini.example(family, number % 3), template


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_prompts_are_the_tokens_that_the_adapter_reads(adapter, family):
    prompts = list(drawn_prompts(family))
    for drawn, template in prompts[family.name == RUN_TOGETHER :]:
        assert list(row_of(drawn, template, PROCESSOR, SIDE).tokens) == read_by(adapter, drawn, template)


def test_boxes_side_by_side_are_the_tokens_that_the_adapter_reads(adapter):
    drawn, template = next(drawn_prompts(FAMILIES[RUN_TOGETHER]))
    assert list(row_of(drawn, template, PROCESSOR, SIDE).tokens) == read_by(adapter, drawn, template)


def prompt_up_to(name, pieces, question, size):
    """Return the prompt as far as the end of a field, or else of the first place in a field where words stand."""
    before = ""
    for piece in pieces:
        within = piece.text.find(name) if piece.field and name not in question.fields else -1
        if within >= 0:
            return before + with_bins(piece.text[: within + len(name)], PROCESSOR, size)
        before += with_bins(piece.text, PROCESSOR, size)
        if piece.field == name:
            return before
    raise AssertionError(name)


@pytest.mark.parametrize("family", small_mini.WITH_PICTURES, ids=lambda family: family.name)
def test_a_mention_is_at_the_last_token_of_its_field_or_words(family):
    """So the tokens up to it are the cleaned prompt up to their end, and one fewer is less."""
    for drawn, template in drawn_prompts(family):
        question, size = drawn.question, (drawn.width, drawn.height)
        row = row_of(drawn, template, PROCESSOR, SIDE)
        pieces = prompt_pieces(template, question.fields, question.options)
        assert len(row.mentions) == len(question.mentions)
        for mention, (name, box) in zip(row.mentions, question.mentions.items(), strict=True):
            before = prompt_up_to(name, pieces, question, size)
            assert PROCESSOR.tokenizer.decode(row.tokens[1 : mention.token + 1]) == clean_text(before)
            assert mention.is_box == (row.tokens[mention.token] >= len(PROCESSOR.tokenizer) - ARCHITECTURE.bins)
            assert mention.patches == patches_of(box, size, SIDE)


BY_WORDS = ("statement_about_figure", "comparison_sentence", "statement_about_things", "name_of_item", "use_of_item")


@pytest.mark.parametrize("name", BY_WORDS)
def test_words_within_a_field_end_at_the_mention_and_the_field_goes_on(name):
    counts = Counter()
    for drawn, template in drawn_prompts(FAMILIES[name]):
        size = (drawn.width, drawn.height)
        row = row_of(drawn, template, PROCESSOR, SIDE)
        counts[len(row.mentions)] += 1
        for mention, words in zip(row.mentions, drawn.question.mentions, strict=True):
            assert words not in drawn.question.fields
            wanted = clean_text(with_bins(words, PROCESSOR, size)).split()
            until, whole = (PROCESSOR.tokenizer.decode(row.tokens[1:end]) for end in (mention.token + 1, -1))
            assert until.split()[-len(wanted) :] == wanted
            assert whole.removeprefix(until)[0] in " .", "a part of a word alone"
    assert counts.keys() <= ({0, 1, 2} if name == "statement_about_things" else {1 + (name == "comparison_sentence")})
    assert counts[1] + counts[2] > counts[0]


BOXES = {"upper": (0, 0, 112, 112), "lower": (112, 112, 224, 224)}
LEFT, RIGHT = "10 20 60 70", "100 20 150 70"


def made_up(template, fields, mentions, options=()):
    """Return the ends of what comes up to each mention of a made-up question, and the mentions."""
    question = Question(fields, "yes", options, mentions)
    row = row_of(Example("made_up", "figures", 0, question, 224, 224), template, PROCESSOR, SIDE)
    return [PROCESSOR.tokenizer.decode(row.tokens[1 : mention.token + 1]) for mention in row.mentions], row.mentions


SENTENCE = "The red star is larger than the blue circle."


@pytest.mark.parametrize("names", [("red star", "blue circle"), ("blue circle", "red star")])
def test_mentions_of_words_are_in_the_order_of_the_question(names):
    upper, lower = BOXES.values()
    up_to, mentions = made_up("Say if it holds: {text} Look!", {"text": SENTENCE}, {names[0]: upper, names[1]: lower})
    ends = {"red star": "say if it holds: the red star"}
    ends["blue circle"] = f"{ends['red star']} is larger than the blue circle"
    assert up_to == [ends[name] for name in names]
    assert [mention.patches for mention in mentions] == [patches_of(box, (224, 224), SIDE) for box in BOXES.values()]
    assert not any(mention.is_box for mention in mentions)


@pytest.mark.parametrize("first", ["thing", "other"])
def test_mentions_of_fields_are_in_the_order_of_the_question(first):
    fields = {"thing": "red star", "other": "circle"}
    last = next(name for name in fields if name != first)
    mentions = {first: BOXES["upper"], last: BOXES["lower"]}
    up_to, _ = made_up("From the {other} to the {thing}.", fields, mentions)
    ends = {"other": "from the circle", "thing": "from the circle to the red star"}
    assert up_to == [ends[first], ends[last]]


@pytest.mark.parametrize("asked", [LEFT, RIGHT])
def test_a_box_within_a_field_ends_at_its_last_bin(asked):
    items = f"item 1 is in {LEFT}. item 2 is in {RIGHT}."
    up_to, mentions = made_up("{items} Name {item}.", {"items": items, "item": "item 1"}, {asked: BOXES["upper"]})
    bins = {box: PROCESSOR.boxes_to_bins(box, 224, 224) for box in (LEFT, RIGHT)}
    ends = {LEFT: f"item 1 is in {bins[LEFT]}", RIGHT: f"item 1 is in {bins[LEFT]}. item 2 is in {bins[RIGHT]}"}
    assert [" ".join(text.split()) for text in up_to] == [ends[asked]]
    assert [mention.is_box for mention in mentions] == [True]


def test_only_the_first_place_counts_where_a_field_or_its_words_stand():
    named = ("The {thing} and again the {thing}.", {"thing": "star"}, {"thing": BOXES["upper"]})
    said = ("I say: {text} Is it so?", {"text": "The star is a star."}, {"star": BOXES["upper"]})
    twice = ("I say: {text} Is it so: {text}", {"text": "The star."}, {"star": BOXES["upper"]})
    assert [made_up(*question)[0] for question in (named, said, twice)] == [
        ["the star"],
        ["i say: the star"],
        ["i say: the star"],
    ]


def test_a_name_of_a_field_is_that_field_though_its_words_stand_in_one():
    fields = {"text": "This thing is large.", "thing": "star"}
    assert made_up("{text} Which {thing}?", fields, {"thing": BOXES["upper"]})[0] == ["this thing is large. which star"]


def test_words_of_the_instruction_are_no_mention():
    template, fields = "Look at the star. {text} Yes?", {"text": "The star is red."}
    assert made_up(template, fields, {"star": BOXES["upper"]})[0] == ["look at the star. the star"]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{text} Yes?", "square"),
        ("Look at the square. {text}", "square"),
        ("{text} Look at the square", "square"),
        ("Yes?", "text"),
        ("{text} Yes?", "thing"),
    ],
)
def test_a_name_that_is_no_field_and_no_words_in_one_is_refused(template, name):
    with pytest.raises(ValueError, match=f"no field, and no words in one: '{name}'"):
        made_up(template, {"text": "The star is red.", "thing": "star"}, {name: BOXES["upper"]})


def test_some_rows_mention_boxes_and_some_names():
    """Else the test above would show little."""
    found = [mention.is_box for name in ("shape_in_box", "box_of_figure") for mention in small_mini.row(name).mentions]
    assert found == [True, False]
    assert small_mini.row("shape_in_box").focus
    assert not small_mini.row(small_mini.NO_PICTURE[0].name).picture[0]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_answers_come_back_from_their_tokens(family):
    for number in range(8):
        drawn = small_mini.example(family, number)
        target, size = drawn.question.target, (drawn.width, drawn.height)
        tokens = answer_tokens(target, PROCESSOR, size)
        assert tokens[-1] == PROCESSOR.tokenizer.eos_token_id
        assert 0 not in tokens
        text = PROCESSOR.tokenizer.decode(tokens, skip_special_tokens=True)
        boxes = PROCESSOR.tokenizer.decode_boxes(text, *size) if drawn.width else []
        if not boxes:
            assert text == target.lower()
            continue
        wanted = [float(edge) for edge in target.split()]
        for edge, right, side in zip(boxes[0], wanted, size * 2, strict=True):
            assert abs(edge - min(max(right, 0), side)) <= side / (ARCHITECTURE.bins - 1) / 2 + 1e-9


EDGE = st.floats(-20, 244, allow_nan=False)


@given(st.tuples(EDGE, EDGE, EDGE, EDGE), st.integers(1, 14), st.sampled_from([(224, 224), (344, 120)]))
@example((0, 0, 224, 224), 8, (224, 224))
@example((100, 100, 101, 101), 4, (224, 224))
def test_patches_are_those_whose_middle_lies_in_the_box(edges, side, size):
    box = (*map(min, edges[:2], edges[2:]), *map(max, edges[:2], edges[2:]))

    def cells(low, high, length):
        middles = [Fraction(2 * cell + 1, 2 * side) * length for cell in range(side)]
        assume(all(abs(middle - Fraction(edge)) > 1e-9 for middle in middles for edge in (low, high)))
        inside = [cell for cell, middle in enumerate(middles) if low <= middle <= high]
        middle = (Fraction(low) + Fraction(high)) / 2
        assume(inside or abs(middle * side / length - round(middle * side / length)) > 1e-9)
        holds = [cell for cell in range(side) if cell * length <= middle * side < (cell + 1) * length]
        return inside or holds or [0 if middle < 0 else side - 1]

    columns, rows = cells(box[0], box[2], size[0]), cells(box[1], box[3], size[1])
    assert patches_of(box, size, side) == tuple(row * side + column for row in rows for column in columns)


def test_a_piece_ends_with_the_last_token_that_ends_in_it():
    pieces = prompt_pieces("{box} - where?", {"box": "0 0 224 112"})
    tokens, ends = tokenise(pieces, PROCESSOR, (224, 224))
    words = [PROCESSOR.tokenizer.decode([token]) for token in tokens]
    assert words[:5] == ["<s>", "<bin_0>", "<bin_0>", "<bin_24>", "<bin_12>"]
    assert ends == [4, len(tokens) - 2]

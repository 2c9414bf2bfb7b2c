"""Rows: the tokens that the adapter reads, and where mentions and places lie."""

from fractions import Fraction

import pytest

pytest.importorskip("torch")

from hypothesis import assume, example, given
from hypothesis import strategies as st

from mibench.adapters.ofa import OFA
from mibench.data.mini.seen import FAMILIES
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


@pytest.mark.parametrize("family", small_mini.WITH_PICTURES, ids=lambda family: family.name)
def test_a_mention_is_at_the_last_token_of_its_field(family):
    """So the tokens up to it are the cleaned prompt up to the field's end, and one fewer is less."""
    for drawn, template in drawn_prompts(family):
        question, size = drawn.question, (drawn.width, drawn.height)
        row = row_of(drawn, template, PROCESSOR, SIDE)
        pieces = prompt_pieces(template, question.fields, question.options)
        places = [place for place, piece in enumerate(pieces) if piece.field in question.mentions]
        assert len(row.mentions) == len(places)
        for mention, place in zip(row.mentions, places, strict=True):
            before = "".join(with_bins(piece.text, PROCESSOR, size) for piece in pieces[: place + 1])
            assert PROCESSOR.tokenizer.decode(row.tokens[1 : mention.token + 1]) == clean_text(before)
            assert mention.is_box == (row.tokens[mention.token] >= len(PROCESSOR.tokenizer) - ARCHITECTURE.bins)
            assert mention.patches == patches_of(question.mentions[pieces[place].field], size, SIDE)


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

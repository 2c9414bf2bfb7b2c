"""Following the pieces of a prompt into the text that a model reads."""

import pytest

pytest.importorskip("tokenizers", reason="tokenizers is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from hypothesis import given
from hypothesis import strategies as st

from mibench.analysis.regions import (
    FIELDS,
    INSTRUCTION,
    OPTIONS,
    ends_after_bins,
    ends_after_cleaning,
    ends_after_cut,
    piece_ends,
    piece_regions,
    regions_at,
)
from mibench.ofa.processor import OFAProcessor
from mibench.ofa.tokenizer import clean_text
from mibench.prompts import prompt_pieces
from tests.builders import request
from tests.ofa.builders import make_tokenizer

TEXTS = st.text(alphabet="aBÉİΣ日,.!?*#:;~-/ \n\t\u2028\x1f19", max_size=12)


@pytest.fixture(scope="module")
def as_bins(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processor") / "small"
    make_tokenizer(folder)
    processor = OFAProcessor.from_pretrained(folder)
    return lambda text: processor.boxes_to_bins(text, 100, 100)


def letters(text):
    """What is left without white space; a sigma is written otherwise at the end of a word."""
    return "".join(text.split()).replace("ς", "σ")


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_cleaning_goes_from_left_to_right(pieces):
    text, end = "".join(pieces), 0
    cleaned, before = clean_text(text), ""
    for piece, moved in zip(pieces, ends_after_cleaning(piece_ends_of(pieces), text), strict=True):
        assert letters(cleaned[:moved]) == letters(clean_text(before := before + piece))
        assert moved >= end
        end = moved
    assert end >= len(cleaned.rstrip())


def piece_ends_of(pieces):
    return [sum(map(len, pieces[: number + 1])) for number in range(len(pieces))]


WORDS = st.lists(
    st.sampled_from(["10 20 30 40", "10 20 30", " 40", "40", " ", "  ", "(", ").", "x", "7", "1.5", ", ", "\n", "is"]),
    min_size=1,
    max_size=12,
)


@given(WORDS)
def test_bins_keep_the_pieces_apart(as_bins, pieces):
    """What is no number stays in its piece."""
    text = "".join(pieces)
    binned = as_bins(text)
    moved = ends_after_bins(piece_ends_of(pieces), text, binned)
    assert moved == sorted(moved)
    for piece, begin, end in zip(pieces, [0, *moved], moved, strict=False):
        found = binned[begin:end].replace("<bin_", "")
        assert [one for one in found if one in "(x),"] == [one for one in piece if one in "(x),"]


def test_a_box_across_pieces_belongs_word_by_word(as_bins):
    pieces = ["at (10 20", " 30 40).", " End"]
    text = "".join(pieces)
    binned = as_bins(text)
    assert binned.count("<bin_") == 4
    moved = ends_after_bins(piece_ends_of(pieces), text, binned)
    parts = [binned[begin:end] for begin, end in zip([0, *moved], moved, strict=False)]
    assert [part.count("<bin_") for part in parts] == [2, 2, 0]
    assert parts[0].startswith("at (<bin_")
    assert parts[1].endswith(">).")
    assert parts[2] == " End"


def test_a_longer_run_of_numbers_is_no_box_and_moves_nothing(as_bins):
    pieces = ["10 20 30 40", " 50"]
    assert as_bins("".join(pieces)) == "10 20 30 40 50"
    assert ends_after_bins([11, 14], "10 20 30 40 50", "10 20 30 40 50") == [11, 14]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Where? person Which?", ["Where? ", "person", " Which?"]),
        ("Where?  Which?", ["Where? ", "", " Which?"]),
        ("Where? person W and more", ["Where? ", "person W and more", ""]),
        ("Whe", ["Whe", "", ""]),
    ],
)
def test_cutting_takes_from_the_field_that_is_cut(text, parts):
    cut = "person W and more"
    asked = request(prompt=f"Where? {cut} Which?", cut=cut)
    ends = ends_after_cut([7, 7 + len(cut), len(asked.prompt)], asked, text)
    assert [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)] == parts


def test_each_piece_has_its_region():
    pieces = prompt_pieces("Is it so? {text} Say.", {"text": "The cat sits"}, ["yes", "no"])
    regions, ends = piece_regions(pieces), piece_ends(pieces)
    whole = "".join(piece.text for piece in pieces)
    assert regions == [INSTRUCTION, FIELDS, INSTRUCTION, INSTRUCTION, OPTIONS]
    found = regions_at([whole.index(word) for word in ("Is", "The", "sits", "Say", "[Opt", "no")], ends, regions)
    assert found == [INSTRUCTION, FIELDS, FIELDS, INSTRUCTION, OPTIONS, OPTIONS]
    assert regions_at([len(whole) + 3], ends, regions) == [OPTIONS]

"""A vocabulary of one's own: no text is unknown, and texts come back."""

import pytest

pytest.importorskip("transformers")

from hypothesis import given
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.ofa.tokenizer import FIRST_PIECES, clean_text
from mibench.tuning.mini.vocabulary import train_tokenizer

TEXTS = [
    f"which colour has the {shape} in the {place}?" for shape in ("star", "moon") for place in ("corner", "middle")
]
TOKENIZER = train_tokenizer(TEXTS * 3, size=290, bins=9)
UNKNOWN = 3


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_has_unknown_words(text):
    assert UNKNOWN not in TOKENIZER(text)["input_ids"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_clean_texts_come_back(text):
    """Lower case is that of the tokenizer, which knows a newer Unicode."""
    clean = TOKENIZER.backend_tokenizer.normalizer.normalize_str(clean_text(text))
    assert TOKENIZER.decode(TOKENIZER(clean)["input_ids"], skip_special_tokens=True) == clean


def test_what_occurs_often_is_one_piece():
    assert [TOKENIZER.decode([token]) for token in TOKENIZER("which colour")["input_ids"]] == [
        "<s>",
        "which",
        "colour",
        "</s>",
    ]
    assert len(TOKENIZER("zyx")["input_ids"]) == 2 + 4, "letters never seen together were joined"


def test_first_pieces_come_first_and_the_size_is_kept():
    assert TOKENIZER.convert_ids_to_tokens([0, 1, 2, 3]) == list(FIRST_PIECES)
    assert TOKENIZER.convert_tokens_to_ids("<bin_0>") == 290
    assert TOKENIZER.num_codes == 0


def test_bins_follow_each_other():
    ids = TOKENIZER.convert_tokens_to_ids([f"<bin_{number}>" for number in range(9)])
    assert ids == list(range(ids[0], ids[0] + 9))
    assert TOKENIZER("in <bin_3> <bin_8>")["input_ids"][-3:] == [ids[3], ids[8], 2]


def test_bins_are_the_last_of_the_vocabulary():
    assert TOKENIZER.convert_tokens_to_ids("<bin_8>") == len(TOKENIZER) - 1


def test_the_same_texts_give_the_same_vocabulary(tmp_path):
    again = train_tokenizer(TEXTS * 3, size=290, bins=9)
    assert again.backend_tokenizer.to_str() == TOKENIZER.backend_tokenizer.to_str()
    other = train_tokenizer([text.replace("moon", "sun") for text in TEXTS] * 3, size=290, bins=9)
    assert other.get_vocab() != TOKENIZER.get_vocab()
    TOKENIZER.save_pretrained(tmp_path)
    assert type(TOKENIZER).from_pretrained(tmp_path).get_vocab() == TOKENIZER.get_vocab()


def test_case_is_no_other_piece():
    assert train_tokenizer([text.upper() for text in TEXTS] * 3, size=290, bins=9).get_vocab() == TOKENIZER.get_vocab()


def test_without_bins_there_are_no_boxes():
    with pytest.raises(InputError, match="no location bins"):
        train_tokenizer(TEXTS, size=300, bins=0).encode_box((0, 0, 1, 1), 2, 2)

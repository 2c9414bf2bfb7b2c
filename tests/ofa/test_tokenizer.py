import json
import pickle
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.ofa.tokenizer import OFATokenizer, clean_text
from tests.ofa.builders import SENTENCES, make_tokenizer

GPT2 = regex.compile(r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""")
KNOWN = st.characters(exclude_categories=["Cs", "Cn"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vocabulary")


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> OFATokenizer:
    return make_tokenizer(folder)


@pytest.fixture(scope="module")
def twin(tokenizer: OFATokenizer, folder: Path) -> Callable[[str], list[int]]:
    pieces = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    merges = [tuple(line.split(" ")) for line in (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]]
    plain = [byte for byte in range(256) if chr(byte).isprintable() and chr(byte) != " "]
    letters = {byte: chr(byte) for byte in plain}
    letters |= {byte: chr(256 + place) for place, byte in enumerate(sorted(set(range(256)) - set(plain)))}

    def encode(text: str) -> list[int]:
        text = "".join(character.lower() for character in text)
        ids = [0]
        for word in GPT2.findall(text if text.startswith(" ") or not text else " " + text):
            parts = [letters[byte] for byte in word.encode()]
            while ranked := [merges.index(pair) for pair in pairwise(parts) if pair in merges]:
                left, right = merges[min(ranked)]
                for place in range(len(parts) - 1, 0, -1):
                    if parts[place - 1 : place + 1] == [left, right]:
                        parts[place - 1 : place + 1] = [left + right]
            ids += [pieces[part] for part in parts]
        return [*ids, 2]

    return encode


def lowered(text: str) -> str:
    return "".join(character.lower() for character in text)


@given(st.one_of(st.text(KNOWN), st.lists(st.sampled_from([*" ".join(SENTENCES).split(), "\n", "  "])).map(" ".join)))
@settings(max_examples=300, deadline=None)
def test_ids_are_those_of_a_slow_twin_and_give_the_text_back(
    tokenizer: OFATokenizer, twin: Callable[[str], list[int]], text: str
) -> None:
    ids = tokenizer(text)["input_ids"]
    assert ids == twin(text)
    assert tokenizer.decode(ids, skip_special_tokens=True) == lowered(text).removeprefix(" ")


@pytest.mark.parametrize("category", ["Lu", "Nd", "Zs", "So", "Mn", "Cc"])
def test_ids_of_the_categories_of_unicode(
    tokenizer: OFATokenizer, twin: Callable[[str], list[int]], category: str
) -> None:
    text = "".join(c for c in map(chr, range(0x3000)) if unicodedata.category(c) == category)
    assert tokenizer(text)["input_ids"] == twin(text)


def test_case_can_be_kept(folder: Path, tokenizer: OFATokenizer) -> None:
    cased = OFATokenizer.from_pretrained(folder, do_lower_case=False)
    assert cased.decode(cased("What IS this?")["input_ids"], skip_special_tokens=True) == "What IS this?"


def test_vocabulary_in_order(tokenizer: OFATokenizer) -> None:
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<code_0>", "<code_15>", "<bin_0>", "<bin_999>"]
    pieces = tokenizer.vocab_size
    expected = [0, 1, 2, 3, pieces - 1, pieces, pieces + 15, pieces + 16, pieces + 1015]
    assert tokenizer.convert_tokens_to_ids(names) == expected
    assert len(tokenizer) == pieces + 1016
    special = [tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id]
    assert special == [0, 1, 2, 3]


def test_published_size_without_settings(tmp_path: Path, folder: Path) -> None:
    pieces = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    mask = pieces.pop("<mask>")
    pieces |= {f"made up {number}": number for number in range(mask, 50264)} | {"<mask>": 50264}
    (tmp_path / "vocab.json").write_text(json.dumps(pieces), encoding="utf-8")
    (tmp_path / "merges.txt").write_bytes((folder / "merges.txt").read_bytes())
    full = OFATokenizer.from_pretrained(tmp_path)
    assert len(full) == 59457
    assert full.mask_token_id == 50264
    names = ["<code_0>", "<code_8191>", "<bin_0>", "<bin_999>"]
    assert full.convert_tokens_to_ids(names) == [50265, 58456, 58457, 59456]
    assert full("<bin_999> is it")["input_ids"][1] == 59456


def test_bins_and_codes_in_a_text(tokenizer: OFATokenizer) -> None:
    text = "[Options]: <bin_1> <bin_2>||||<bin_3>  <code_4>, no"
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    assert [token for token in tokens if token.startswith(("<bin", "<code"))] == [
        "<bin_1>",
        "<bin_2>",
        "<bin_3>",
        "<code_4>",
    ]
    assert tokens[tokens.index("<bin_1>") + 1] == "<bin_2>"
    decoded = tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True)
    assert decoded == "[options]: <bin_1> <bin_2>|||| <bin_3> <code_4>, no"
    assert tokenizer(decoded)["input_ids"] == tokenizer(text)["input_ids"]


def test_special_tokens_written_in_a_text_are_text(tokenizer: OFATokenizer) -> None:
    ids = tokenizer("a </s> <mask> <pad>")["input_ids"]
    assert ids[0] == 0
    assert ids[-1] == 2
    assert min(ids[1:-1]) > 3
    assert tokenizer.mask_token_id not in ids


def test_batches_are_padded_on_the_right(tokenizer: OFATokenizer) -> None:
    batch = tokenizer(["yes", "does the image show the text?"], padding=True)
    assert len({len(ids) for ids in batch["input_ids"]}) == 1
    mask = batch["attention_mask"][0]
    assert mask == sorted(mask, reverse=True)
    assert all((token == 1) == (seen == 0) for token, seen in zip(batch["input_ids"][0], mask, strict=True))
    assert set(batch) == {"input_ids", "attention_mask"}


def test_truncation_keeps_the_end(tokenizer: OFATokenizer) -> None:
    ids = tokenizer("does the image show the text?", truncation=True, max_length=4)["input_ids"]
    assert len(ids) == 4
    assert (ids[0], ids[-1]) == (0, 2)


def test_saving_and_loading(tmp_path: Path, folder: Path) -> None:
    first = OFATokenizer.from_pretrained(folder, bin_span=0.75, num_bins=25)
    first(["a", "a b"], padding=True, truncation=True, max_length=9)
    first.save_pretrained(tmp_path / "one")
    second = OFATokenizer.from_pretrained(tmp_path / "one")
    second.save_pretrained(tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    assert second.backend_tokenizer.to_str() == first.backend_tokenizer.to_str()
    assert (second.num_codes, second.num_bins, second.bin_span) == (16, 25, 0.75)
    assert second("A <bin_24> b")["input_ids"] == first("A <bin_24> b")["input_ids"]


def test_travelling_to_another_process(tokenizer: OFATokenizer) -> None:
    copy = pickle.loads(pickle.dumps(tokenizer))
    text = "Where? <bin_4> <code_2> there"
    assert copy(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert copy.encode_box([1, 2, 3, 4], 9, 9) == tokenizer.encode_box([1, 2, 3, 4], 9, 9)


@pytest.mark.parametrize(
    ("vocab", "merges"),
    [
        (None, None),
        ("{}", None),
        ("{", ""),
        ("[]", ""),
        ('{"a": 0}', ""),
        ('{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 5}', ""),
        ('{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4}', "a b"),
    ],
)
def test_bad_folders(tmp_path: Path, vocab: str | None, merges: str | None) -> None:
    if vocab is not None:
        (tmp_path / "vocab.json").write_text(vocab, encoding="utf-8")
    if merges is not None:
        (tmp_path / "merges.txt").write_text(merges, encoding="utf-8")
    with pytest.raises(InputError, match=r"vocab\.json|vocabulary"):
        OFATokenizer.from_pretrained(tmp_path)


SIDES = st.floats(1, 5000)


@given(width=SIDES, height=SIDES, shares=st.tuples(*[st.floats(-0.5, 1.5)] * 4), bins=st.sampled_from([2, 25, 1000]))
@settings(max_examples=200, deadline=None)
def test_a_box_comes_back_within_half_a_bin(
    tokenizer: OFATokenizer, width: float, height: float, shares: tuple[float, ...], bins: int
) -> None:
    sides = (width, height, width, height)
    box = [share * side for share, side in zip(shares, sides, strict=True)]
    tokenizer.num_bins = bins
    try:
        tokens = tokenizer.encode_box(box, width, height)
        (found,) = tokenizer.decode_boxes(" ".join(tokens), width, height)
    finally:
        tokenizer.num_bins = 1000
    numbers = [int(token[5:-1]) for token in tokens]
    for edge, side, number, back in zip(box, sides, numbers, found, strict=True):
        clamped = min(max(edge, 0), side)
        nearest = min(abs(clamped - k * side / (bins - 1)) for k in range(bins))
        assert abs(clamped - number * side / (bins - 1)) <= nearest + 1e-9 * side
        assert abs(clamped - back) <= side / (bins - 1) / 2 * (1 + 1e-9)


@given(st.integers(1, 2000), st.data())
@settings(max_examples=100, deadline=None)
def test_bins_rise_with_coordinates(tokenizer: OFATokenizer, width: int, data: st.DataObject) -> None:
    edges = sorted(data.draw(st.lists(st.floats(-10, 2100), min_size=2, max_size=2)))
    tokens = tokenizer.encode_box([edges[0], 0, edges[1], 1], width, 1)
    assert int(tokens[0][5:-1]) <= int(tokens[2][5:-1]) <= 999


def test_known_boxes(tokenizer: OFATokenizer) -> None:
    assert tokenizer.encode_box([0, 0, 640, 480], 640, 480) == ["<bin_0>", "<bin_0>", "<bin_999>", "<bin_999>"]
    assert tokenizer.encode_box([64, 48, 320, 999], 640, 480) == ["<bin_100>", "<bin_100>", "<bin_500>", "<bin_999>"]


def test_boxes_from_ids(tokenizer: OFATokenizer) -> None:
    ids = tokenizer("yes: <bin_0> <bin_0> <bin_999> <bin_333> and <bin_1> <bin_2> no")["input_ids"]
    assert tokenizer.decode_boxes(ids, 300, 300) == [(0, 0, 300, pytest.approx(100))]


def test_bins_past_the_last_count_as_the_border(tokenizer: OFATokenizer) -> None:
    assert tokenizer.decode_boxes("<bin_0><bin_0><bin_5000> <bin_999999999>", 30, 20) == [(0, 0, 30, 20)]


def test_images_that_span_a_part_of_the_bins(folder: Path) -> None:
    """OFA-Sys/OFA: round(coordinate * (480 / width) / 512 * 999)."""
    spanning = OFATokenizer.from_pretrained(folder, bin_span=480 / 512)
    tokens = spanning.encode_box([0, 100, 333, 640], 640, 640)
    assert tokens == [f"<bin_{round(edge * (480 / 640) / 512 * 999)}>" for edge in (0, 100, 333, 640)]
    (box,) = spanning.decode_boxes(" ".join(tokens), 640, 640)
    assert box == pytest.approx((0, 100, 333, 640), abs=640 / 999 / (480 / 512) / 2)


@pytest.mark.parametrize("box", [[1, 2, 3], [1, 2, 3, float("nan")], [1, 2, 3, float("inf")]])
def test_what_is_no_box(tokenizer: OFATokenizer, box: list[float]) -> None:
    with pytest.raises(InputError, match="is not a box"):
        tokenizer.encode_box(box, 10, 10)


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (float("nan"), 1)])
def test_images_without_extent(tokenizer: OFATokenizer, size: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="holds no boxes"):
        tokenizer.encode_box([0, 0, 1, 1], *size)


def test_vocabularies_without_bins(folder: Path) -> None:
    with pytest.raises(InputError, match="no location bins"):
        OFATokenizer.from_pretrained(folder, num_bins=0).encode_box([0, 0, 1, 1], 10, 10)


@given(st.text(st.sampled_from("aB ,.!?*#:;~-/\n\t<person>É")), st.booleans(), st.none() | st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_cleaning_step_by_step(text: str, caption: bool, most: int | None) -> None:
    expected = text.lower()
    while expected and expected[0] in ",.!?*#:;~":
        expected = expected[1:]
    expected = " ".join(" ".join(expected.split("-")).split("/"))
    if caption:
        expected = "person".join(expected.split("<person>"))
    expected = "".join(run if len(run) < 2 or run.strip() else " " for run in re.split(r"(\s+)", expected))
    while expected.endswith("\n"):
        expected = expected[:-1]
    words = expected.strip(" ").split(" ")
    assert clean_text(text, caption=caption, max_words=most) == " ".join(words if most is None else words[:most])


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("?! What is a well-known  and/or  Thing?\n", "what is a well known and or thing?"),
        (" ...so", "...so"),
        ("", ""),
        ("<person> waits", "<person> waits"),
    ],
)
def test_cleaned_questions(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_nothing_heavy_is_imported_with_the_package() -> None:
    code = "import mibench, sys; sys.exit('transformers' in sys.modules or 'tokenizers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

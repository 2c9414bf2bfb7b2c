import json
import tracemalloc

import msgspec
import pytest

from mibench.data.official import documents
from mibench.data.official.documents import Document
from mibench.errors import InputError


class Pair(msgspec.Struct):
    answer: int


class Image(msgspec.Struct):
    name: str
    pairs: msgspec.Raw


class Whole(msgspec.Struct):
    images: msgspec.Raw
    version: str = ""


def document(path, content):
    file = path / "whole.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return Document(file, "Wholes")


def read(whole):
    """Return all pairs of a document with their places."""
    images = whole.decode(Whole).images
    return [
        (place, pair.answer)
        for where, image in whole.members(Image, images, "images")
        for place, pair in whole.members(Pair, image.pairs, f"{where}.pairs")
    ]


def image(*answers, name="é 漢 \U0001f600"):
    return {"name": name, "pairs": [{"answer": answer} for answer in answers], "more": [None, {"x": 1.5}]}


def test_members_of_members_are_read_in_order_with_their_places(tmp_path):
    whole = document(tmp_path, {"z": 1, "images": [image(5, 6), image(), image(7)], "last": {}})
    assert read(whole) == [("images[0].pairs[0]", 5), ("images[0].pairs[1]", 6), ("images[2].pairs[0]", 7)]
    names = [part.name for _, part in whole.members(Image, whole.decode(Whole).images, "images")]
    assert names == ["é 漢 \U0001f600"] * 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"  \n", "not a document of Wholes: Input data was truncated"),
        (b'{"images": [{"name": "x"', "not a document of Wholes: Input data was truncated"),
        (b'{"images": [1 2]}', r"not a document of Wholes: JSON is malformed: .* \(byte 14\)"),
        (b'{"images": []} {}', r"not a document of Wholes: JSON is malformed: trailing characters \(byte \d+\)"),
        (b'{"images": ' + b"[" * 100_000, "not a document of Wholes: maximum recursion depth"),
        (b'{"images": [], "version": "\xff"}', "not a document of Wholes: 'utf-8' codec"),
        ([], "not a document of Wholes: Expected `object`, got `array`"),
        ({"image": []}, "not a document of Wholes: Object missing required field `images`"),
        ({"images": [], "version": 1}, "version: Expected `str`, got `int`"),
        ({"images": {}}, "images: Expected `array`, got `object`"),
        ({"images": [image(1), 3]}, r"images\[1\]: Expected `object`, got `int`"),
        ({"images": [image(1), image(name=None)]}, r"images\[1\]\.name: Expected `str`, got `null`"),
        ({"images": [{"name": "x"}]}, r"images\[0\]: Object missing required field `pairs`"),
        ({"images": [{"name": "x", "pairs": None}]}, r"images\[0\]\.pairs: Expected `array`, got `null`"),
        ({"images": [image(1), image(1, "2")]}, r"images\[1\]\.pairs\[1\]\.answer: Expected `int`, got `str`"),
        (b'{"images": [{"name": "\xff", "pairs": []}]}', r"images\[0\]: 'utf-8' codec"),
    ],
)
def test_a_fault_is_told_with_file_place_and_remedy(tmp_path, content, message):
    with pytest.raises(InputError, match=f"^[^:]*whole.json: {message}") as caught:
        read(document(tmp_path, content))
    assert caught.value.file == tmp_path / "whole.json"
    assert caught.value.remedy in ("get the file anew", "get it anew")


def test_a_document_that_is_too_large_or_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "MAX_DOCUMENT", 100)
    assert read(document(tmp_path, b'{"images": []}'.ljust(100))) == []
    with pytest.raises(InputError, match="101 bytes, and Wholes has no document of over 100"):
        document(tmp_path, b'{"images": []}'.ljust(101))
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        Document(tmp_path, "Wholes")


def test_what_no_layout_names_takes_no_memory(tmp_path):
    filler = ["x" * 1000] * 500
    whole = document(tmp_path, {"images": [image(number) | {"more": filler} for number in range(40)]})
    assert whole.file.stat().st_size > 20_000_000
    tracemalloc.start()
    try:
        assert [answer for _, answer in read(whole)] == list(range(40))
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()

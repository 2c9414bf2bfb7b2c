import io

import pytest
from PIL import Image

from mibench.data.rows import Row
from mibench.data.statistics import Spread, describe_task
from mibench.data.store import DataFolder, store_task
from mibench.data.stored_pictures import PICTURES
from mibench.errors import InputError
from mibench.instances import Instance


def picture(width, height):
    content = io.BytesIO()
    Image.new("RGB", (width, height)).save(content, "PNG")
    return content.getvalue()


ROWS = [
    ("a", "images/0.png", picture(1, 1), "one two three", ("x", "y z"), ("x",)),
    ("a", "images/0.png", picture(1, 1), "one", ("x", "y z"), ("y z",)),
    ("b", "images/1.png", picture(3, 2), "one  two", ("x", "y z", "v"), ("x", "v")),
    ("c", None, None, "", (), ("x",)),
]


def spread(*values):
    return Spread(**dict(zip(("min", "median", "mean", "max"), values, strict=True)))


@pytest.fixture
def data(tmp_path):
    rows = [
        Row(
            Instance(id=str(number), image=image, fields={"text": text}, options=options, targets=targets, group=group),
            None if content is None else lambda content=content: content,
        )
        for number, (group, image, content, text, options, targets) in enumerate(ROWS)
    ]
    store_task(tmp_path, "nlvr", rows, world="official", source="test", reader="1")
    return DataFolder(tmp_path)


def test_the_numbers_are_those_counted_by_hand(data):
    found = describe_task(data, "nlvr")
    assert found.digest == data.entry("nlvr").digest
    assert (found.rows, found.groups, found.pictures) == (4, 3, 2)
    assert found.picture_width == spread(1, 2, 2, 3)
    assert found.picture_height == spread(1, 1.5, 1.5, 2)
    assert found.field_words == {"text": spread(0, 1.5, 1.5, 3)}
    assert found.option_words == spread(1, 1, 1.43, 2)
    assert found.target_words == spread(1, 1, 1.25, 2)
    assert found.options_a_row == spread(0, 2, 1.75, 3)
    assert found.references_a_row == spread(1, 1, 1.25, 2)
    assert found.distinct_answers == 2
    assert found.answers == {"x": 0.75, "y z": 0.25}


def test_without_the_list_sizes_are_read_from_the_pictures(data):
    whole = describe_task(data, "nlvr")
    (data.folder("nlvr") / PICTURES).unlink()
    assert describe_task(data, "nlvr") == whole
    (data.folder("nlvr") / "images" / "1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="of no known format"):
        describe_task(data, "nlvr")


def test_what_is_not_there_has_no_spread(tmp_path):
    row = Row(Instance(id="a", fields={}, targets=("x",), group="a"))
    store_task(tmp_path, "nlvr", [row], world="official", source="test", reader="1")
    found = describe_task(DataFolder(tmp_path), "nlvr")
    assert (found.picture_width, found.option_words, found.field_words) == (None, None, {})

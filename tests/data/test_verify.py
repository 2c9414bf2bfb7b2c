"""Each kind of damage is found, several at once, and what is whole has no fault."""

import json
import os

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.data.rows import Row
from mibench.data.store import INSTANCES, MANIFEST, DataFolder, store_task
from mibench.data.stored_pictures import PICTURES
from mibench.data.verify import verify_task
from mibench.faults import SHOWN, Faults
from mibench.instances import Instance
from tests.builders import PNG, make_data

CARDS = load_cards()
BOXES = ("0 0 1 1", "0.5 0 2 2", "-1 -1 1 1", "0 0 3 3")


def verified(data, task="nlvr", **options):
    faults = Faults()
    verify_task(DataFolder(data.path), CARDS[task], faults, **options)
    return faults


def told(data, task="nlvr", **options):
    """Return the messages of all faults, with their lines."""
    faults = verified(data, task, **options)
    assert len(faults) == len(list(faults))
    return [f"{fault.line}: {fault.message}" if fault.line else fault.message for fault in faults]


def change(data, task="nlvr", line=2, **changes):
    """Write one row anew, and the digest with it unless that is to be found out."""
    file = data.folder(task) / INSTANCES
    lines = file.read_bytes().splitlines(keepends=True)
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | changes).encode() + b"\n"
    file.write_bytes(b"".join(lines))


def say(data, task="nlvr", **changes):
    """Change what the manifest says."""
    whole = json.loads((data.path / MANIFEST).read_text())
    whole["tasks"][task] |= changes
    (data.path / MANIFEST).write_text(json.dumps(whole))


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path / "data", 6)


def boxed(path, **changes):
    fields = {"id": "row", "fields": {"question": "Which?"}, "options": BOXES, "targets": BOXES[:1], "group": "row"}
    row = Row(Instance(**fields | {"image": "images/0.png"} | changes), lambda: PNG)
    store_task(path, "grounded_vqa", [row], world="official", source="test", reader="1")
    return DataFolder(path)


def test_what_was_prepared_has_no_fault(data):
    assert not verified(data, "nlvr", published=6)
    assert not verified(data, "text_vqa")


def test_without_the_list_of_pictures_the_digest_still_holds(data):
    (data.folder("nlvr") / PICTURES).unlink()
    assert not verified(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "row-0"}, "2: instance 'row-0' occurs twice"),
        ({"fields": {}}, "2: instance 'row-1' lacks the field 'text'"),
        (
            {"fields": {"text": "x", "hint": "y"}},
            "2: instance 'row-1' has a field 'hint', which its card does not declare",
        ),
        ({"image": None}, "2: instance 'row-1' has no picture"),
        ({"targets": []}, "2: instance 'row-1' has no target"),
        ({"targets": ["maybe"]}, "2: instance 'row-1' has the target 'maybe', which is none of its options"),
        ({"options": ["yes", "no", "no"]}, "2: instance 'row-1' offers the same option twice"),
        ({"options": []}, "2: instance 'row-1' has no options"),
        (
            {"options": ["yes", "no", "maybe"]},
            "2: instance 'row-1' does not offer the options of its card, yes, no",
        ),
    ],
)
def test_a_row_that_its_card_does_not_want_is_told_by_its_line(data, changes, message):
    change(data, **changes)
    found = told(data)
    assert message in found
    assert found[-1].startswith("the content has the digest sha256:")


def test_quirks_may_be_odd(tmp_path):
    data = make_data(tmp_path / "data", 2, tasks=["nlvr"])
    change(data, options=["yes", "no", "no", "maybe"])
    say(data, quirks=True)
    assert [message[:30] for message in told(data)] == ["the content has the digest sha"]


def test_free_text_has_no_options(data):
    change(data, "text_vqa", options=["a", "b"])
    assert "2: instance 'row-1' offers options, and its answer is free text" in told(data, "text_vqa")


@pytest.mark.parametrize(
    "box", ["1 2 3", "1 2 3 4 5", "a b c d", "", "5 0 5 1", "0 5 1 5", "3 0 1 1", "0  0 1 1", "nan 0 1 1", "0 0 1 inf"]
)
def test_an_option_that_is_no_box_is_told(tmp_path, box):
    (message,) = told(boxed(tmp_path, options=(*BOXES[:2], box)), "grounded_vqa")
    assert (
        message == f"1: instance 'row' offers {box!r}, which is no box: left < right and top < bottom, as 10 20 60 80"
    )


def test_boxes_reach_over_the_edge_but_meet_their_picture(tmp_path):
    assert not verified(boxed(tmp_path / "whole"), "grounded_vqa")
    for number, box in enumerate(["1 0 2 1", "0 1 1 2", "-2 0 0 1", "0 -2 1 0"]):
        (message,) = told(boxed(tmp_path / str(number), options=(BOXES[0], box)), "grounded_vqa")
        assert message == f"1: instance 'row' offers the box {box!r} outside its picture of 1 x 1"
    without = boxed(tmp_path / "without", image=None, options=(BOXES[0], "5 5 6 6"))
    assert not verified(without, "grounded_vqa")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "the picture is missing"),
        (b"", "of no known format"),
        (b"no picture", "of no known format"),
        (PNG[:45], "no readable image"),
    ],
)
def test_a_picture_that_does_not_decode_is_told(data, content, words):
    file = data.folder("nlvr") / "images" / "1.png"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    (fault,) = verified(data)
    assert words in fault.message
    assert "instance 'row-2' shows it" in fault.message
    assert fault.file == file


def test_a_folder_in_place_of_a_picture_is_told(data):
    (data.folder("nlvr") / "images" / "1.png").unlink()
    (data.folder("nlvr") / "images" / "1.png").mkdir()
    assert told(data) == ["the picture is missing; instance 'row-2' shows it"]


def test_another_picture_in_its_place_is_told_by_name(data):
    file = data.folder("nlvr") / "images" / "1.png"
    file.write_bytes(PNG + b"more")
    named, whole = verified(data)
    assert (named.message, named.file) == (f"not the picture that {PICTURES} lists", file)
    assert whole.message.startswith("the content has the digest")


def test_a_damaged_list_of_pictures_is_told(data):
    (data.folder("nlvr") / PICTURES).write_bytes(b"{\n")
    (fault,) = verified(data)
    assert (fault.file, fault.line) == (data.folder("nlvr") / PICTURES, 1)


def test_rows_that_do_not_decode_are_all_told(data):
    file = data.folder("nlvr") / INSTANCES
    lines = file.read_bytes().splitlines()
    lines[1], lines[3] = b"no", b'{"id": 1}'
    file.write_bytes(b"\n".join([*lines, b""]))
    found = told(data, published=6)
    assert [message[:2] for message in found[:2]] == ["2:", "4:"]
    assert found[2:] == ["4 rows, and its owners publish 6"]


def test_counts_are_those_of_manifest_and_owners(data):
    say(data, rows=7, pictures=9)
    found = told(data, published=8)
    assert found == [
        "6 rows, the manifest says 7",
        "6 rows, and its owners publish 8",
        "3 pictures, the manifest says 9",
    ]


def test_pictures_are_there_where_the_manifest_says_so(data):
    say(data, images=False)
    assert told(data)[0] == "1: instance 'row-0' has a picture, and the manifest says none has"
    say(data, images=None)
    assert not verified(data)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: (data.folder("nlvr") / INSTANCES).unlink(), "cannot be read: No such file"),
        (lambda data: (data.folder("nlvr") / "images" / "x").symlink_to("/etc"), "leads out of the prepared folder"),
        (lambda data: os.mkfifo(data.folder("nlvr") / "images" / "x"), "neither a file nor a folder"),
    ],
)
def test_a_task_that_cannot_be_read_is_one_fault(data, damage, words):
    damage(data)
    (message,) = told(data)
    assert words in message


def test_many_faults_are_counted(tmp_path):
    data = make_data(tmp_path / "data", 60, tasks=["nlvr"])
    file = data.folder("nlvr") / INSTANCES
    file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in map(without_text, data.instances("nlvr"))))
    faults = verified(data)
    assert (len(faults), len(list(faults))) == (61, SHOWN)
    assert str(faults).endswith("\n... and 41 more")


def without_text(row):
    return msgspec.structs.replace(row, fields={})

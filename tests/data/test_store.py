import json

import msgspec
import pytest

from mibench.data.rows import Row
from mibench.data.store import INSTANCES, MANIFEST, DataFolder, store_task
from mibench.errors import InputError
from mibench.instances import Instance
from tests.builders import PNG, choice_rows, make_data, text_rows


def store(path, rows, task="nlvr", world="official"):
    return store_task(path, task, rows, world=world, source="test", reader="1")


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def row(name="row", picture=None, **changes):
    fields = {"id": name, "fields": {"text": "It is."}, "targets": ("yes",), "group": name}
    return Row(Instance(**fields | changes), picture)


def test_rows_and_pictures_come_back(tmp_path):
    entry = store(tmp_path, choice_rows(5))
    data = DataFolder(tmp_path)
    assert list(data.instances("nlvr")) == [instance for instance, _ in choice_rows(5)]
    assert data.entry("nlvr") == entry
    assert (entry.rows, entry.source, entry.reader, data.world) == (5, "test", "1", "official")
    assert sorted(files(data.folder("nlvr"))) == ["images/0.png", "images/1.png", "images/2.png", INSTANCES]
    assert (data.folder("nlvr") / "images" / "0.png").read_bytes() == PNG


def test_a_picture_that_rows_share_is_asked_for_once(tmp_path):
    asked = []

    def draw():
        asked.append(1)
        return PNG

    store(tmp_path, [row(f"row-{number}", draw, image="images/one.png") for number in range(3)])
    assert asked == [1]


def test_the_same_rows_have_the_same_bytes_and_digest(tmp_path):
    one, two = store(tmp_path / "one", choice_rows(5)), store(tmp_path / "two", choice_rows(5))
    assert one == two
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize(
    "other",
    [
        row("other", lambda: b"one", image="a.png"),
        row(picture=lambda: b"two", image="a.png"),
        row(picture=lambda: b"one", image="a.png", targets=("no",)),
        row(picture=lambda: b"one", image="a.png", options=("yes", "no")),
        row(picture=lambda: b"one", image="a.png", fields={"text": "It is not."}),
        row(picture=lambda: b"one", image="a.png", group="other"),
        row(),
    ],
    ids=["id", "picture", "target", "options", "field", "group", "no picture"],
)
def test_the_digest_sees_content(tmp_path, other):
    plain = row(picture=lambda: b"one", image="a.png")
    assert store(tmp_path / "one", [plain]).digest != store(tmp_path / "two", [other]).digest


def test_the_digest_sees_the_order_of_rows_but_not_the_place_of_pictures(tmp_path):
    rows = [row("a"), row("b")]
    assert store(tmp_path / "one", rows).digest != store(tmp_path / "two", rows[::-1]).digest
    here, there = (row(picture=lambda: PNG, image=place) for place in ("a.png", "images/b.png"))
    assert store(tmp_path / "three", [here]).digest == store(tmp_path / "four", [there]).digest


def test_tasks_are_added_and_replaced(tmp_path):
    first = store(tmp_path, choice_rows(5))
    store(tmp_path, text_rows(3), "text_vqa")
    assert DataFolder(tmp_path).entry("nlvr") == first
    store(tmp_path, choice_rows(2))
    assert DataFolder(tmp_path).entry("nlvr").rows == 2
    assert sorted(files(tmp_path / "nlvr")) == ["images/0.png", INSTANCES]
    assert DataFolder(tmp_path).entry("text_vqa").rows == 3


def failing_rows():
    yield from choice_rows(2)
    raise RuntimeError("the disk is full")


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        (failing_rows, RuntimeError, "full"),
        (lambda: [row(), row()], InputError, "the id 'row' occurs twice"),
        (lambda: [], InputError, "no rows"),
    ],
)
def test_a_failure_leaves_the_folder_as_it_was(tmp_path, rows, error, words):
    store(tmp_path, choice_rows(5))
    before = files(tmp_path)
    with pytest.raises(error, match=words):
        store(tmp_path, rows())
    assert files(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "nlvr"]


def test_a_missing_picture_is_told(tmp_path):
    with pytest.raises(InputError, match="the picture of instance 'row' cannot be read") as caught:
        store(tmp_path / "data", [row(picture=tmp_path / "absent.png", image="a.png")])
    assert caught.value.file == tmp_path / "absent.png"


def test_the_worlds_are_kept_apart(tmp_path):
    store(tmp_path, choice_rows(2))
    with pytest.raises(InputError, match="holds data of the official world"):
        store(tmp_path, choice_rows(2), world="mini")


def test_an_absent_task_is_told_with_the_command_that_prepares_it(tmp_path):
    with pytest.raises(InputError, match="mibench data prepare text_vqa"):
        make_data(tmp_path, tasks=["nlvr"]).entry("text_vqa")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "not a prepared data folder"),
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"[" * 100_000, "Expected `object`"),
        (b'{"world": "moon", "tasks": {}}', "world"),
        (b'{"world": "\xff", "tasks": {}}', "utf-8"),
        (b'{"format": 2, "world": "mini", "tasks": {}}', "format"),
        (b'{"world": "mini", "tasks": {"nlvr": {"rows": "5"}}}', "rows"),
    ],
)
def test_a_faulty_manifest_is_one_input_error(tmp_path, content, words):
    if content is not None:
        (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(InputError, match=words):
        DataFolder(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no", "truncated"),
        (b"yes", "malformed"),
        (b"", "truncated"),
        (b'{"id": "\xff"}', "utf-8"),
        (b"[" * 100_000, "Expected `object`"),
        (b'{"id": "x", "fields": {}, "targets": [], "group": "x", "more": 1}', "unknown field `more`"),
        (b'{"id": 1, "fields": {}, "targets": [], "group": "x"}', r"Expected `str`, got `int` - at `\$.id`"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, words):
    data = make_data(tmp_path, 3, tasks=["nlvr"])
    file = data.folder("nlvr") / INSTANCES
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], content, lines[2], b""]))
    with pytest.raises(InputError, match=words) as caught:
        list(data.instances("nlvr"))
    assert (caught.value.file, caught.value.line) == (file, 2)


def test_rows_that_the_manifest_does_not_count_are_told(tmp_path):
    data = make_data(tmp_path, 3, tasks=["nlvr"])
    file = data.folder("nlvr") / INSTANCES
    file.write_bytes(file.read_bytes() + msgspec.json.encode(row().instance) + b"\n")
    with pytest.raises(InputError, match="4 rows, the manifest says 3"):
        list(data.instances("nlvr"))
    file.unlink()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(data.instances("nlvr"))


def test_the_manifest_is_for_people_too(tmp_path):
    make_data(tmp_path, 3)
    text = (tmp_path / MANIFEST).read_text()
    assert text.startswith('{\n  "format": 1,\n  "world": "official",\n')
    assert list(json.loads(text)["tasks"]) == ["nlvr", "text_vqa"]

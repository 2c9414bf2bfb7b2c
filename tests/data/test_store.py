import hashlib
import json
import os
import struct
import tracemalloc
import zlib

import msgspec
import pytest

from mibench.data.bounded_lines import MAX_LINE
from mibench.data.rows import Row
from mibench.data.store import INSTANCES, LOCK, MANIFEST, DataFolder, store_task, writing_to
from mibench.data.stored_pictures import PICTURES
from mibench.errors import InputError
from mibench.instances import Instance
from tests.builders import PNG, choice_rows, make_data, text_rows

OTHER_PNG = PNG + b"other"


def store(path, rows, task="nlvr", world="official", **about):
    return store_task(path, task, rows, world=world, source="test", reader="1", **about)


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
    assert sorted(files(data.folder("nlvr"))) == ["images/0.png", "images/1.png", "images/2.png", INSTANCES, PICTURES]
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
        row("other", lambda: PNG, image="images/a.png"),
        row(picture=lambda: OTHER_PNG, image="images/a.png"),
        row(picture=lambda: PNG, image="images/a.png", targets=("no",)),
        row(picture=lambda: PNG, image="images/a.png", options=("yes", "no")),
        row(picture=lambda: PNG, image="images/a.png", fields={"text": "It is not."}),
        row(picture=lambda: PNG, image="images/a.png", group="other"),
        row(),
    ],
    ids=["id", "picture", "target", "options", "field", "group", "no picture"],
)
def test_the_digest_sees_content(tmp_path, other):
    plain = row(picture=lambda: PNG, image="images/a.png")
    assert store(tmp_path / "one", [plain]).digest != store(tmp_path / "two", [other]).digest


def test_the_digest_sees_the_order_of_rows_but_not_the_place_of_pictures(tmp_path):
    rows = [row("a"), row("b")]
    assert store(tmp_path / "one", rows).digest != store(tmp_path / "two", rows[::-1]).digest
    here, there = (row(picture=lambda: PNG, image=place) for place in ("images/a.png", "images/b.png"))
    assert store(tmp_path / "three", [here]).digest == store(tmp_path / "four", [there]).digest


def test_tasks_are_added_and_replaced(tmp_path):
    first = store(tmp_path, choice_rows(5))
    store(tmp_path, text_rows(3), "text_vqa")
    assert DataFolder(tmp_path).entry("nlvr") == first
    store(tmp_path, choice_rows(2))
    assert DataFolder(tmp_path).entry("nlvr").rows == 2
    assert sorted(files(tmp_path / "nlvr")) == ["images/0.png", INSTANCES, PICTURES]
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
    with pytest.raises(InputError, match="the picture of instance 'row': cannot be read") as caught:
        store(tmp_path / "data", [row(picture=tmp_path / "absent.png", image="images/a.png")])
    assert caught.value.file == tmp_path / "absent.png"


def bomb():
    """A PNG that says it has 50,000 x 50,000 pixels."""
    header = b"IHDR" + struct.pack(">II5B", 50_000, 50_000, 8, 2, 0, 0, 0)
    return PNG[:12] + header + struct.pack(">I", zlib.crc32(header)) + PNG[33:]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "of no known format"),
        (b"<html>not found</html>", "of no known format"),
        (PNG[:20], "no readable image"),
        (bomb(), "more than 89,478,485 pixels, too many to decode"),
    ],
)
def test_a_picture_that_does_not_open_is_told(tmp_path, content, words):
    file = tmp_path / "picture.png"
    file.write_bytes(content)
    for picture in (file, lambda: content):
        with pytest.raises(InputError, match=f"the picture of instance 'row': .*{words}") as caught:
            store(tmp_path / "data", [row(picture=picture, image="images/a.png")])
        assert caught.value.file == (file if picture is file else None)
        assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "image", ["/a.png", "images/../../a.png", "../images/a.png", "a.png", "images", "images/\0", ""]
)
def test_a_picture_is_stored_nowhere_else(tmp_path, image):
    with pytest.raises(InputError, match="is not inside images/"):
        store(tmp_path / "data", [row(picture=lambda: PNG, image=image)])
    assert list(tmp_path.iterdir()) == []


def test_an_instance_that_could_not_be_read_again_is_not_written(tmp_path):
    with pytest.raises(InputError, match="takes over 16 MiB"):
        store(tmp_path, [row(fields={"text": "a" * MAX_LINE})])


def test_the_list_tells_size_and_content_of_each_picture(tmp_path):
    store(tmp_path, choice_rows(4))
    lines = [json.loads(line) for line in (tmp_path / "nlvr" / PICTURES).read_text().splitlines()]
    whole = {"sha256": hashlib.sha256(PNG).hexdigest(), "size": len(PNG), "width": 1, "height": 1, "stamp": ""}
    assert lines == [{"image": f"images/{number}.png", **whole} for number in range(2)]


def test_links_take_no_space_and_have_the_digest_of_copies(tmp_path):
    (tmp_path / "raw.png").write_bytes(PNG)
    (tmp_path / "also.png").symlink_to("raw.png")
    rows = [row(name, tmp_path / f"{name}.png", image=f"images/{name}.png") for name in ("raw", "also")]
    copies, links = store(tmp_path / "copies", rows), store(tmp_path / "links", rows, link=True)
    assert links == copies
    assert list(DataFolder(tmp_path / "links").instances("nlvr")) == list(
        DataFolder(tmp_path / "copies").instances("nlvr")
    )
    for name in ("raw", "also"):
        assert (tmp_path / "links" / "nlvr" / "images" / f"{name}.png").samefile(tmp_path / "raw.png")
        assert not (tmp_path / "copies" / "nlvr" / "images" / f"{name}.png").samefile(tmp_path / "raw.png")
    store(tmp_path / "links", rows)
    assert not (tmp_path / "links" / "nlvr" / "images" / "raw.png").samefile(tmp_path / "raw.png")


def test_where_no_link_can_be_made_copies_are_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "raw.png").write_bytes(PNG)

    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    with pytest.raises(InputError, match=r"Invalid cross-device link \(--images copy\)"):
        store(tmp_path / "data", [row(picture=tmp_path / "raw.png", image="images/a.png")], link=True)


def test_the_manifest_tells_where_rows_come_from(tmp_path):
    entry = store(tmp_path, choice_rows(4), licence="CC-BY-4.0", quirks=True, seed=7)
    assert (entry.licence, entry.quirks, entry.seed, entry.pictures, entry.images) == ("CC-BY-4.0", True, 7, 2, True)
    assert store(tmp_path, [row()]).images is None
    assert store(tmp_path, [row()], without_pictures=True).images is False
    assert DataFolder(tmp_path).entry("nlvr").images is False


def test_a_manifest_of_an_earlier_version_is_read(tmp_path):
    known = make_data(tmp_path, 3, tasks=["nlvr"]).entry("nlvr")
    old = {"rows": 3, "digest": known.digest, "source": "x", "reader": "1"}
    (tmp_path / MANIFEST).write_text(json.dumps({"format": 1, "world": "official", "tasks": {"nlvr": old}}))
    (tmp_path / "nlvr" / PICTURES).unlink()
    data = DataFolder(tmp_path)
    entry = data.entry("nlvr")
    assert (entry.licence, entry.pictures, entry.images, entry.quirks, entry.seed) == (None, None, None, False, None)
    assert len(list(data.instances("nlvr"))) == 3
    assert store(tmp_path, choice_rows(3)).digest == known.digest


def test_what_is_no_prepared_task_is_not_replaced(tmp_path):
    (tmp_path / "nlvr").mkdir()
    (tmp_path / "nlvr" / "test.json").write_text("{}")
    (tmp_path / "text_vqa").write_text("notes")
    before = files(tmp_path)
    for task in ("nlvr", "text_vqa"):
        with pytest.raises(InputError, match="is there, and is no prepared task"):
            store(tmp_path, choice_rows(2), task)
    assert files(tmp_path) == before


@pytest.mark.parametrize("place", ["nlvr", ".nlvr.partial1", ".manifest.json.partial"])
def test_nothing_is_written_through_a_link(tmp_path, place):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    store(data, choice_rows(2))
    store(elsewhere, text_rows(2), "nlvr")
    if place == "nlvr":
        (data / "nlvr").rename(tmp_path / "old")
    (data / place).symlink_to(elsewhere / ("nlvr" if "nlvr" in place else MANIFEST))
    before = files(elsewhere)
    store(data, choice_rows(4))
    assert files(elsewhere) == before
    assert sorted(path.name for path in data.iterdir()) == [MANIFEST, "nlvr"]
    assert not (data / "nlvr").is_symlink()
    assert len(list(DataFolder(data).instances("nlvr"))) == 4


def test_two_do_not_write_into_one_folder(tmp_path):
    with (
        writing_to(tmp_path),
        pytest.raises(InputError, match="another process is preparing data here"),
        writing_to(tmp_path),
    ):
        pass
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / LOCK).unlink(missing_ok=True)
    (tmp_path / LOCK).symlink_to(tmp_path / "elsewhere")
    with writing_to(tmp_path):
        store(tmp_path, choice_rows(2))
    assert (tmp_path / "elsewhere").read_text() == "kept"


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


def test_a_line_without_end_is_told_in_little_memory(tmp_path):
    data = make_data(tmp_path, 3, tasks=["nlvr"])
    file = data.folder("nlvr") / INSTANCES
    with file.open("ab") as content:
        content.truncate(file.stat().st_size + (200 << 20))
    tracemalloc.start()
    with pytest.raises(InputError, match="the line is over 16 MiB") as caught:
        list(data.instances("nlvr"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.line == 4
    assert peak < 50 << 20


@pytest.mark.parametrize(
    "image", ["/etc/passwd", "../text_vqa/images/0.png", "images/../../x", "..\\x", "C:\\x", "", "a\0"]
)
def test_a_picture_outside_the_folder_is_told_by_its_line(tmp_path, image):
    data = make_data(tmp_path, 2, tasks=["nlvr"])
    file = data.folder("nlvr") / INSTANCES
    first, *_ = file.read_bytes().splitlines()
    file.write_bytes(first + b"\n" + msgspec.json.encode(row(image=image).instance) + b"\n")
    with pytest.raises(InputError, match="is not inside the task's folder") as caught:
        list(data.instances("nlvr"))
    assert (caught.value.file, caught.value.line) == (file, 2)


@pytest.mark.parametrize("place", ["nlvr", "nlvr/images", "nlvr/images/0.png", f"nlvr/{INSTANCES}", MANIFEST])
def test_a_link_out_of_the_folder_is_told(tmp_path, place):
    inside, outside = tmp_path / "data", tmp_path / "outside"
    make_data(inside, 3, tasks=["nlvr"])
    (inside / place).rename(outside)
    (inside / place).symlink_to(outside)
    with pytest.raises(InputError, match="the symbolic link leads out of the prepared folder") as caught:
        list(DataFolder(inside).instances("nlvr"))
    assert caught.value.file == inside / place


@pytest.mark.parametrize("place", ["nlvr/images/0.png", f"nlvr/{INSTANCES}", MANIFEST])
def test_a_pipe_is_not_waited_for(tmp_path, place):
    make_data(tmp_path, 3, tasks=["nlvr"])
    (tmp_path / place).unlink()
    os.mkfifo(tmp_path / place)
    with pytest.raises(InputError, match="neither a file nor a folder"):
        list(DataFolder(tmp_path).instances("nlvr"))


def test_a_link_within_the_folder_is_followed(tmp_path):
    data = make_data(tmp_path / "data", 4, tasks=["nlvr"])
    (data.folder("nlvr") / "images" / "1.png").unlink()
    (data.folder("nlvr") / "images" / "1.png").symlink_to("0.png")
    (tmp_path / "link").symlink_to("data")
    assert len(list(DataFolder(tmp_path / "link").instances("nlvr"))) == 4


def test_a_manifest_without_end_is_told(tmp_path):
    with (tmp_path / MANIFEST).open("wb") as content:
        content.truncate(17 << 20)
    with pytest.raises(InputError, match="over 16 MiB"):
        DataFolder(tmp_path)


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

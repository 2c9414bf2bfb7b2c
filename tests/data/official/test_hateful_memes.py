import json

import pytest

from mibench.cards import load_cards
from mibench.data.official.hateful_memes import VERSION, read_hateful_memes
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from tests.builders import PNG
from tests.data.official.official_code import official_rows

CARD = load_cards()["visual_text_extraction"]
FILE = "test_unseen.jsonl"
TEXTS = [
    *("when it rains", "ÉTÉ 漢字 \U0001f600", 'she said "no"\ttwice', "two\nlines"),
    *(" spaces ", "", "WHY?!", "a\u2028b"),
]


def line(number, **changes):
    row = {"id": number, "img": f"img/{number:05d}.png", "label": number % 2, "text": TEXTS[number % len(TEXTS)]}
    return json.dumps(row | changes, ensure_ascii=number % 3 == 0)


def make_raw(path, *lines, count=56):
    """Write the official layout, beside files of other splits."""
    (path / "img").mkdir(parents=True)
    for number in range(count):
        (path / "img" / f"{number:05d}.png").write_bytes(PNG + b"%d" % number)
    texts = lines or [line(number) for number in range(count)]
    (path / FILE).write_bytes(b"".join(text.encode() + b"\n" for text in texts))
    for split in ("test_seen", "dev_unseen", "train"):
        (path / f"{split}.jsonl").write_text(line(1000) + "\n", encoding="utf-8")
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_hateful_memes(raw, CARD, options)]


@pytest.mark.parametrize("faithful", [False, True])
def test_every_line_becomes_an_instance(tmp_path, faithful):
    raw = make_raw(tmp_path / "deep" / "hateful_memes")
    rows = list(read_hateful_memes(tmp_path, CARD, ReaderOptions(faithful_quirks=faithful)))
    assert len(rows) == 56
    for number, (instance, picture) in enumerate(rows):
        assert instance.id == f"hateful_memes_test_unseen_{number}"
        assert (instance.fields, instance.options) == ({}, ())
        assert instance.targets == (TEXTS[number % len(TEXTS)],)
        assert (instance.group, instance.image) == (f"img/{number:05d}.png", f"images/img/{number:05d}.png")
        assert picture == raw / "img" / f"{number:05d}.png"


def test_numbers_as_text_and_rows_without_a_label_are_read(tmp_path):
    row = json.dumps({"id": "00007", "img": "img/00007.png", "text": "hello"})
    (instance,) = read(make_raw(tmp_path / "raw", row))
    assert (instance.id, instance.targets) == ("hateful_memes_test_unseen_00007", ("hello",))


def test_rows_of_one_picture_share_a_group(tmp_path):
    rows = read(make_raw(tmp_path / "raw", line(1), line(2, img="img/00001.png"), line(3)))
    assert [row.group for row in rows] == ["img/00001.png", "img/00001.png", "img/00003.png"]


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path / "raw", line(900), line(901, img="../x.png"))
    rows = list(read_hateful_memes(raw, CARD, ReaderOptions(pictures=False)))
    assert {(row.instance.image, row.picture) for row in rows} == {(None, None)}
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("none", "not a row of Hateful Memes: JSON is malformed"),
        ("", "not a row of Hateful Memes: Input data was truncated"),
        (line(2)[:-4], "not a row of Hateful Memes"),
        ("[" * 100_000, "not a row of Hateful Memes"),
        ('{"id": 5, "img": "img/00005.png"}', "Object missing required field `text`"),
        (line(2, text=None), "Expected `str`, got `null` - at `\\$.text`"),
        (line(2, id=2.5), "Expected `int \\| str`, got `float` - at `\\$.id`"),
        (line(2, id=True), "Expected `int \\| str`, got `bool` - at `\\$.id`"),
        (line(1, img="img/00003.png"), "id '1' stands on line 1 already"),
        (line(1, id="1"), "id '1' stands on line 1 already"),
        (line(99), r"the picture .*/img/00099\.png is missing"),
        (line(2, img="img"), "the picture .*/img is missing"),
        (line(2, img="../img/00002.png"), r"the picture '\.\./img/00002\.png' is not inside"),
        (line(2, img="img/../../00002.png"), "is not inside"),
        (line(2, img="/img/00002.png"), "the picture '/img/00002.png' is not inside"),
        (line(2, img="img/" + "a" * 5000), "is missing"),
        (line(2, img="img/\0.png"), "is missing"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, message):
    raw = make_raw(tmp_path / "raw", line(1), content, line(3))
    with pytest.raises(InputError, match=message) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / FILE, 2)
    assert caught.value.remedy


def test_a_line_without_an_end_is_not_read_to_its_end(tmp_path):
    raw = make_raw(tmp_path / "raw", line(1))
    with (raw / FILE).open("ab") as file:
        file.write(b'{"id": 2, "img": "img/00002.png", "text": "')
        file.truncate(200 << 20)
    with pytest.raises(InputError, match="longer than 16 MiB") as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / FILE, 2)


def test_bytes_that_are_not_utf8_and_an_empty_file_are_told(tmp_path):
    raw = make_raw(tmp_path / "raw", line(1))
    (raw / FILE).write_bytes(line(1).encode() + b"\n" + b'{"id": 2, "img": "img/00002.png", "text": "\xff"}\n')
    with pytest.raises(InputError, match="not a row of Hateful Memes: 'utf-8' codec") as caught:
        read(raw)
    assert caught.value.line == 2
    (raw / FILE).write_bytes(b"")
    with pytest.raises(InputError, match="the file is empty"):
        read(raw)


def test_another_split_alone_is_not_read(tmp_path):
    raw = make_raw(tmp_path / "raw")
    (raw / FILE).unlink()
    with pytest.raises(InputError, match=f"no {FILE} at or below"):
        read(raw)


def test_the_published_row_is_read_back_from_its_raw_layout(tmp_path, real_data):
    lines = map(json.loads, (real_data / "official_examples" / "test.jsonl").read_text(encoding="utf-8").splitlines())
    (row,) = (row for row in lines if row["task_name"] == "visual_text_extraction")
    number = int(row["unique_id"].rpartition("_")[2])
    raw = make_raw(tmp_path / "raw", line(number, text=row["target"], label=1))
    (raw / "img" / f"{number}.png").write_bytes(PNG)
    rows = read_hateful_memes(raw, CARD, ReaderOptions())
    store_task(tmp_path / "data", CARD.name, rows, world="official", source="Hateful Memes", reader=VERSION)
    (instance,) = DataFolder(tmp_path / "data").instances(CARD.name)
    assert (instance.id, instance.targets) == (row["unique_id"], (row["target"],))
    assert (instance.fields, instance.options) == ({}, ())
    assert row["image_path"].endswith(instance.image.removeprefix("images"))


def test_the_official_preparation_agrees(tmp_path):
    raw = make_raw(tmp_path / "raw_datasets" / "hateful_memes")
    (tmp_path / "run").mkdir()
    rows = official_rows("hateful_memes.py", raw.parent, tmp_path / "run", task="visual_text_extraction")
    for row, ours, theirs in zip(rows, read(raw), read(raw, ReaderOptions(faithful_quirks=True)), strict=True):
        assert ours == theirs
        assert (ours.id, ours.targets) == (row["unique_id"], (row["target"],))
        assert (ours.fields, ours.options) == ({}, ())
        assert row["image_path"] == f"./raw_datasets/hateful_memes/{ours.group}"

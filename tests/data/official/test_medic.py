import csv
import io
import json
from collections import Counter
from pathlib import PurePosixPath

import pytest

from mibench.cards import load_cards
from mibench.data.official.medic import VERSION, read_medic
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from tests.builders import PNG
from tests.data.official.official_code import official_rows

CARD = load_cards()["disaster_type_classification"]
FILE = "MEDIC_test.tsv"
FAITHFUL = ReaderOptions(faithful_quirks=True)
HEADER = ["image_id", "event_name", "image_path", "damage_severity", "informative", "humanitarian", "disaster_types"]
LABELS = {
    "earthquake": "earthquake",
    "fire": "fire",
    "flood": "flood",
    "hurricane": "hurricane",
    "landslide": "landslide",
    "not_disaster": "not disaster",
    "other_disaster": "other disaster",
    "Not_Disaster": "not disaster",
}
"""As the file writes a class, and as the card does."""

TWELVE = [
    *("severe damage", "mild damage", "little or none damage", "informative", "not informative"),
    *("earthquake", "fire", "flood", "hurricane", "landslide", "not disaster", "other disaster"),
]
EVENTS = ["nepal_eq", 'a "quoted" event', "a\ttab", "two\nlines", "été 漢字", "", "it's", '"']
DAMAGE = ["severe", "mild", "little_or_none"]
NAMES = ["{}.jpg", "été {}.jpg", 'a "b" {}.png', "it's {}.JPG"]


def cells(number, **changes):
    row = {
        "image_id": f"id_{number}",
        "event_name": EVENTS[number % len(EVENTS)],
        "image_path": f"data/set_{number % 5}/{NAMES[number % len(NAMES)].format(number)}",
        "damage_severity": DAMAGE[number % 3],
        "informative": ["informative", "not_informative"][number % 2],
        "humanitarian": "not_humanitarian",
        "disaster_types": list(LABELS)[number % len(LABELS)],
    }
    return [(row | changes)[name] for name in HEADER]


def table(*rows):
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    return text.getvalue()


def make_raw(path, *rows, text=None, count=60):
    """Write the official layout; a picture for each of the first rows."""
    for number in range(count):
        file = path / cells(number)[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PNG + b"%d" % number)
    text = table(HEADER, *(rows or map(cells, range(count)))) if text is None else text
    (path / FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    (path / "MEDIC_train.tsv").write_text(table(HEADER, cells(900)), encoding="utf-8")
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_medic(raw, CARD, options)]


def test_every_row_becomes_an_instance(tmp_path):
    raw = make_raw(tmp_path / "deep" / "MEDIC")
    rows = list(read_medic(tmp_path, CARD, ReaderOptions()))
    assert len(rows) == 60
    for number, (instance, picture) in enumerate(rows):
        name = cells(number)[2]
        assert instance.id == f"medic_test_{number}_disaster_types"
        assert instance.options == CARD.answer.options == tuple(TWELVE[5:])
        assert instance.targets == (LABELS[cells(number)[-1]],)
        assert (instance.fields, instance.group, instance.image) == ({}, name, f"images/{name}")
        assert picture == raw / name
    assert set(Counter(row.instance.targets for row in rows)) == {(label,) for label in CARD.answer.options}


def test_the_official_preparation_offers_the_labels_of_other_tasks(tmp_path):
    raw = make_raw(tmp_path / "raw")
    plain, faithful = read(raw), read(raw, FAITHFUL)
    assert {row.options for row in faithful} == {tuple(TWELVE)}
    assert [(row.id, row.targets) for row in faithful] == [(row.id, row.targets) for row in plain]


def test_columns_are_found_by_name_and_blank_lines_passed_over(tmp_path):
    text = 'disaster_types\timage_path\textra\r\n\r\nflood\tdata/set_0/0.jpg\t"a\nb"\r\n\r\nfire\tdata/set_0/0.jpg\tc'
    rows = read(make_raw(tmp_path / "raw", text=text))
    assert [(row.id, *row.targets, row.group) for row in rows] == [
        ("medic_test_0_disaster_types", "flood", "data/set_0/0.jpg"),
        ("medic_test_1_disaster_types", "fire", "data/set_0/0.jpg"),
    ]


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path / "raw", cells(900), cells(901, image_path="/elsewhere/x.jpg"))
    rows = list(read_medic(raw, CARD, ReaderOptions(pictures=False)))
    assert {(row.instance.image, row.picture) for row in rows} == {(None, None)}
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (cells(1, disaster_types="tornado"), "the disaster type 'tornado' is none of earthquake, fire, flood, hurr"),
        (cells(1, disaster_types="informative"), "the disaster type 'informative' is none of"),
        (cells(1, disaster_types=""), "the disaster type '' is none of"),
        (cells(1, disaster_types="flood "), "the disaster type 'flood ' is none of"),
        (cells(1)[:-1], "6 columns, the header has 7"),
        ([*cells(1), "more"], "8 columns, the header has 7"),
        (["x"], "1 columns, the header has 7"),
        (cells(99), "the picture .*/data/set_4/it's 99.JPG is missing"),
        (cells(1, image_path=""), "the picture .* is missing"),
        (cells(1, image_path="data"), "the picture .*/data is missing"),
        (cells(1, image_path="../x.jpg"), r"the picture '\.\./x\.jpg' is not inside"),
        (cells(1, image_path="/x.jpg"), "the picture '/x.jpg' is not inside"),
        (cells(1, image_path="data/" + "a" * 5000), "is missing"),
        (cells(1, event_name="a" * 200_000), "not a row of MEDIC: field larger than field limit"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, row, message):
    raw = make_raw(tmp_path / "raw", cells(0), row, cells(2))
    with pytest.raises(InputError, match=message) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / FILE, 3)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "the file is empty"),
        ("\n", 1, "no column image_path"),
        (table(HEADER), 1, "no row after the header"),
        (table(HEADER[:-1], cells(0)[:-1]), 1, "no column disaster_types"),
        (table(HEADER, cells(0)).replace("\t", ","), 1, "no column image_path"),
        (table(HEADER, cells(3)) + '"' + table(cells(0), cells(4)), 4, "not a row of MEDIC: unexpected end of data"),
        (table(HEADER, cells(0)) + '"a"b\t\n', 3, "not a row of MEDIC: '\t' expected after '\"'"),
        (table(HEADER, cells(0)).encode() + b"\xff\t\n", 3, "not a row of MEDIC: 'utf-8' codec"),
        (table(HEADER, cells(0)).encode() + b"x" * (17 << 20), 3, "longer than 16 MiB"),
    ],
)
def test_a_file_that_is_no_table_is_told(tmp_path, text, line, message):
    raw = make_raw(tmp_path / "raw", text=text)
    with pytest.raises(InputError, match=message) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / FILE, line)
    assert caught.value.remedy


def test_a_folder_without_or_with_two_files_is_told(tmp_path):
    with pytest.raises(InputError, match=f"no {FILE} at or below"):
        read(tmp_path)
    make_raw(tmp_path / "one")
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=f"2 files match {FILE}: one/{FILE}, two/{FILE}"):
        read(tmp_path)


def test_the_published_row_is_read_back_from_its_raw_layout(tmp_path, real_data):
    lines = map(json.loads, (real_data / "official_examples" / "test.jsonl").read_text(encoding="utf-8").splitlines())
    (row,) = (row for row in lines if row["task_name"] == "medic_disaster_types")
    name = f"data/aidr/{PurePosixPath(row['image_path']).name}"
    raw = make_raw(tmp_path / "raw", cells(0, image_path=name, disaster_types=row["target"].replace(" ", "_")))
    (raw / name).parent.mkdir(parents=True)
    (raw / name).write_bytes(PNG)
    for options, offered in ((ReaderOptions(), row["meta_data"]["options"]), (FAITHFUL, row["options"])):
        rows = read_medic(raw, CARD, options)
        store_task(tmp_path / "data", CARD.name, rows, world="official", source="MEDIC", reader=VERSION)
        (instance,) = DataFolder(tmp_path / "data").instances(CARD.name)
        assert (instance.id, instance.targets) == (row["unique_id"], (row["target"],))
        assert (set(instance.options), len(instance.options)) == (set(offered), len(offered))
        assert PurePosixPath(instance.image).name == PurePosixPath(row["image_path"]).name


def test_the_official_preparation_agrees(tmp_path):
    raw = make_raw(tmp_path / "raw_datasets" / "MEDIC")
    (tmp_path / "run").mkdir()
    made = official_rows("medic.py", raw.parent, tmp_path / "run")
    rows = [row for row in made if row["task_name"] == "medic_disaster_types"]
    for row, ours, theirs in zip(rows, read(raw), read(raw, FAITHFUL), strict=True):
        assert ours.id == theirs.id == row["unique_id"]
        assert ours.targets == theirs.targets == (row["target"],)
        assert ours.fields == theirs.fields == {}
        assert row["image_path"] == f"raw_datasets/MEDIC/{ours.group}"
        assert sorted(theirs.options) == sorted(row["options"])
        assert sorted(ours.options) == sorted(row["meta_data"]["options"])

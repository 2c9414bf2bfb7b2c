import json
from collections import Counter

import pytest

from mibench.cards import load_cards
from mibench.data.official.visual7w import VERSION, read_visual7w
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from tests.builders import PNG
from tests.data.official.official_code import official_rows

CARD = load_cards()["grounded_vqa"]
FILE = "dataset_v7w_pointing.json"
FAITHFUL = ReaderOptions(faithful_quirks=True)

BOXES = {
    1: ((10, 20, 30, 40), "10 20 40 60"),
    2: ((-1, 5, 30, 40), "0 5 30 45"),
    3: ((7, -1, 30, 40), "7 0 37 40"),
    4: ((-1, -1, 1, 1), "0 0 1 1"),
    5: ((10, 20, 30, 40), "10 20 40 60"),
    6: ((0, 0, 640, 480), "0 0 640 480"),
    7: ((-2, 3, 5, 5), "-2 3 3 8"),
    8: ((1.5, 2, 3, 4.25), "1.5 2 4.5 6.25"),
    900_001: ((300, 200, 0, 10), "300 200 300 210"),
}
"""By number: left, top, width, height, and the box as an option."""

CHOICES = [
    (1, [2, 3, 4], ["0 5 30 45", "7 0 37 40", "0 0 1 1", "10 20 40 60"]),
    (2, [6, 1, 7], ["0 0 640 480", "10 20 40 60", "-2 3 3 8", "0 5 30 45"]),
    (8, [900_001, 3, 6], ["300 200 300 210", "7 0 37 40", "0 0 640 480", "1.5 2 4.5 6.25"]),
    (5, [1, 4, 6], ["10 20 40 60", "0 0 1 1", "0 0 640 480"]),
    (6, [1, 5, 5], ["10 20 40 60", "0 0 640 480"]),
    (3, [3, 3, 3], ["7 0 37 40"]),
]
"""Right box, wrong boxes, distinct options; in the last three, boxes are equal by number or by their edges."""

QUESTIONS = ["Which thing is red?", 'Which "thing" is été\t漢字?', " Which one ", "Which?\n\U0001f600"]
SPLITS = ["test", "train", "test", "val", "test", "test"]


def box(number, x, y, width, height, **changes):
    return {"box_id": number, "name": f"thing {number}", "x": x, "y": y, "width": width, "height": height} | changes


def pair(number, image_id, answer=1, choices=(2, 3, 4), question="Which?", **changes):
    fields = {"qa_id": number, "image_id": image_id, "question": question, "type": "which"}
    return fields | {"answer": answer, "multiple_choices": list(choices)} | changes


def image(number, pairs, split="test", **changes):
    return {"image_id": number, "filename": f"v7w_{number}.jpg", "split": split, "qa_pairs": pairs} | changes


def boxes():
    return [box(number, *edges) for number, (edges, _) in BOXES.items()]


def images():
    """18 pictures, 12 of them of the test split, with six questions each."""
    found = []
    for number in range(18):
        pairs = [
            pair(100 * number + rank, number, answer, choices, QUESTIONS[(number + rank) % len(QUESTIONS)])
            for rank, (answer, choices, _) in enumerate(CHOICES)
        ]
        found.append(image(number, pairs, SPLITS[number % len(SPLITS)]))
    return found


def make_raw(path, content=None, **changes):
    """Write the official layout; pictures of the test split only, for no other is needed."""
    whole = {"dataset": "v7w", "boxes": boxes(), "images": images()} | changes
    (path / "images").mkdir(parents=True)
    for number in range(18):
        if SPLITS[number % len(SPLITS)] == "test":
            (path / "images" / f"v7w_{number}.jpg").write_bytes(PNG + b"%d" % number)
    text = json.dumps(whole) if content is None else content
    (path / FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_visual7w(raw, CARD, options)]


def test_every_question_of_the_test_split_becomes_an_instance(tmp_path):
    raw = make_raw(tmp_path / "deep" / "visual7w")
    rows = iter(list(read_visual7w(tmp_path, CARD, ReaderOptions())))
    for number in (0, 2, 4, 5, 6, 8, 10, 11, 12, 14, 16, 17):
        for rank, (answer, _, offered) in enumerate(CHOICES):
            instance, picture = next(rows)
            assert instance.id == f"visual7w_pointing_{number}_{100 * number + rank}"
            assert instance.fields == {"question": QUESTIONS[(number + rank) % 4]}
            assert (instance.options, instance.targets) == (tuple(offered), (BOXES[answer][1],))
            assert (instance.group, instance.image) == (str(number), f"images/v7w_{number}.jpg")
            assert picture == raw / "images" / f"v7w_{number}.jpg"
    assert next(rows, None) is None


def test_equal_boxes_are_offered_once_unless_as_the_official_preparation_does(tmp_path):
    rows = read(make_raw(tmp_path / "raw"), FAITHFUL)[:6]
    assert [Counter(row.options) for row in rows] == [
        Counter(BOXES[number][1] for number in (*choices, answer)) for answer, choices, _ in CHOICES
    ]
    assert rows[5].options == ("7 0 37 40",) * 4


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path / "raw")
    pictured = read(raw)
    for file in (raw / "images").iterdir():
        file.unlink()
    rows = list(read_visual7w(raw, CARD, ReaderOptions(pictures=False)))
    assert {(row.instance.image, row.picture) for row in rows} == {(None, None)}
    assert [row.instance.id for row in rows] == [row.id for row in pictured]


def test_the_boxes_may_stand_after_the_pictures(tmp_path):
    raw = make_raw(tmp_path / "raw")
    turned = json.dumps({"images": images(), "boxes": boxes()})
    assert read(make_raw(tmp_path / "turned", turned)) == read(raw)


def faulty(number, **changes):
    """Return pictures of which the third has one faulty question."""
    found = images()
    found[2]["qa_pairs"][number] |= changes
    return {"images": found}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (faulty(3, answer=10), r"images\[2\]\.qa_pairs\[3\]\.answer: the list of boxes has no 10"),
        (faulty(3, answer=-1), r"images\[2\]\.qa_pairs\[3\]\.answer: the list of boxes has no -1"),
        (faulty(1, multiple_choices=[1, 2, 99]), r"qa_pairs\[1\]\.multiple_choices\[2\]: the list of boxes has no 99"),
        (faulty(1, multiple_choices=[1, "2"]), r"qa_pairs\[1\]\.multiple_choices\[1\]: Expected `int`, got `str`"),
        (faulty(0, answer="a chair"), r"images\[2\]\.qa_pairs\[0\]\.answer: Expected `int`, got `str`"),
        (faulty(0, question=None), r"images\[2\]\.qa_pairs\[0\]\.question: Expected `str`, got `null`"),
        (faulty(4, qa_id=203), r"images\[2\]\.qa_pairs\[4\]: the id 'visual7w_pointing_2_203' stands at images"),
        ({"images": [image(0, [{}])]}, r"images\[0\]\.qa_pairs\[0\]: Object missing required field `qa_id`"),
        ({"images": [image(0, [pair(1, 0)], "dev")]}, r"images\[0\]\.split: Invalid enum value 'dev'"),
        ({"images": [image(0, {})]}, r"images\[0\]\.qa_pairs: Expected `array`, got `object`"),
        ({"images": [image(3, [pair(1, 3)])]}, r"images\[0\]: the picture .*/images/v7w_3\.jpg is missing"),
        ({"images": [image(0, [], filename="../a.jpg")]}, r"images\[0\]: the picture '\.\./a\.jpg' is not inside"),
        ({"images": [image(0, [], filename="/a.jpg")]}, r"images\[0\]: the picture '/a\.jpg' is not inside"),
        ({"images": [image(0, [pair(1, 0)], "train")]}, "no question of the test split"),
        ({"images": []}, "no question of the test split"),
        ({"boxes": [*boxes(), box(3, 0, 0, 1, 1)]}, r"boxes\[9\]: the box 3 stands in the list already"),
        ({"boxes": [box(1, 0, 0, 1, "1")]}, r"boxes\[0\]\.height: Expected `int \| float`, got `str`"),
        ({"boxes": [box(1, 0, 0, 1, True)]}, r"boxes\[0\]\.height: Expected `int \| float`, got `bool`"),
        ({"boxes": {}}, "boxes: Expected `array`, got `object`"),
        ({"content": '{"images": []}'}, "not a document of Visual7W: Object missing required field `boxes`"),
        ({"content": json.dumps({"boxes": boxes(), "images": images()})[:-9]}, "Visual7W: Input data was truncated"),
        ({"content": ""}, "the file is empty"),
    ],
)
def test_a_fault_is_told_by_its_place(tmp_path, changes, message):
    raw = make_raw(tmp_path / "raw", **changes)
    with pytest.raises(InputError, match=message) as caught:
        read(raw)
    assert caught.value.file == raw / FILE
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
    (row,) = (row for row in lines if row["task_name"] == "grounded_VQA")
    image_id, qa_id = map(int, row["unique_id"].split("_")[-2:])
    shown = [[int(edge) for edge in text.split()] for text in row["options"]]
    numbered = [box(number, x, y, right - x, low - y) for number, (x, y, right, low) in enumerate(shown)]
    answer = row["options"].index(row["target"])
    choices = [number for number in range(len(shown)) if number != answer]
    question = pair(qa_id, image_id, answer, choices, row["question"])
    raw = make_raw(tmp_path / "raw", boxes=numbered, images=[image(image_id, [question])])
    (raw / "images" / f"v7w_{image_id}.jpg").write_bytes(PNG)
    rows = read_visual7w(raw, CARD, ReaderOptions())
    store_task(tmp_path / "data", CARD.name, rows, world="official", source="Visual7W", reader=VERSION)
    (instance,) = DataFolder(tmp_path / "data").instances(CARD.name)
    assert (instance.id, instance.targets) == (row["unique_id"], (row["target"],))
    assert set(instance.options) == set(row["options"])
    assert instance.fields["question"] == row["question"]
    assert instance.fields["question"] in row["prompt"]


DEPARTURES = {
    ("0 0 1 1", "0 0 640 480", "10 20 40 60", "10 20 40 60"): ("0 0 1 1", "0 0 640 480", "10 20 40 60"),
    ("0 0 640 480", "10 20 40 60", "10 20 40 60", "10 20 40 60"): ("0 0 640 480", "10 20 40 60"),
    ("7 0 37 40",) * 4: ("7 0 37 40",),
}
"""Options in sorted order: those of the official preparation, and those of this harness."""


def test_the_official_preparation_agrees(tmp_path):
    raw = make_raw(tmp_path / "raw_datasets" / "visual7w")
    (tmp_path / "run").mkdir()
    rows = official_rows("visual7W.py", raw.parent, tmp_path / "run", task="grounded_VQA")
    plain, faithful = read(raw), read(raw, FAITHFUL)
    departures = {}
    for row, ours, theirs in zip(rows, plain, faithful, strict=True):
        assert ours.id == theirs.id == row["unique_id"]
        assert ours.image == theirs.image == f"images/{row['image_path'].rpartition('/')[2]}"
        assert ours.fields == theirs.fields == {"question": row["question"]}
        assert ours.targets == theirs.targets == (row["target"],) == tuple(row["region"])
        assert row["question"] in row["prompt"]
        assert sorted(theirs.options) == sorted(row["options"])
        assert sorted(theirs.options) == sorted(row["prompt"].rpartition("[Options]: ")[2].split("||||"))
        if sorted(ours.options) != sorted(theirs.options):
            departures[tuple(sorted(theirs.options))] = tuple(sorted(ours.options))
    assert departures == DEPARTURES

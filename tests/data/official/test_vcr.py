import json
import re
from typing import NamedTuple

import pytest

from mibench.cards import load_cards
from mibench.data.official.vcr import read_vcr
from mibench.data.rows import ReaderOptions
from mibench.errors import InputError
from mibench.prompts import render_request
from tests.builders import PNG, write_lines
from tests.data.official.official_code import official_example, official_rows

CARD = load_cards()["commonsense_vqa"]
FAITHFUL = ReaderOptions(faithful_quirks=True)
TEXT_ALONE = ReaderOptions(pictures=False)


class Case(NamedTuple):
    """Rows as the owners write them and what they become; `official` is what the official code makes otherwise."""

    name: str
    objects: list
    question: list
    answers: list
    expected: tuple
    boxes: list = ()
    official: dict = {}  # noqa: RUF012


def boxes_of(count):
    return [[10.5 * number, 20, 10.5 * number + 8.25, 99.0, 0.875] for number in range(count)]


def box(number):
    return f"{10.5 * number} 20 {10.5 * number + 8.25} 99.0"


FILLERS = [["No", "."], ["Maybe", "."], ["Later", "."]]
FILLED = ("No .", "Maybe .", "Later .")

CASES = [
    Case(
        "one mention",
        ["person", "person"],
        ["Why", "does", [1], "run", "?"],
        [["The", "bus", "leaves", "."], *FILLERS],
        ("Why does person 2 run ?", ("The bus leaves .", *FILLED), f"person 2 is in {box(1)}."),
    ),
    Case(
        "an answer mentions another",
        ["person", "person", "person"],
        [[1], "looks", "up", "?"],
        [["At", [0], "."], ["Past", [2], "."], ["Up", "."], ["Away", "."]],
        (
            "person 2 looks up ?",
            ("At person 1 .", "Past person 3 .", "Up .", "Away ."),
            f"person 1 is in {box(0)}. person 2 is in {box(1)}. person 3 is in {box(2)}.",
        ),
    ),
    Case(
        "several in one mention",
        ["person", "person", "dog"],
        ["Are", [0, 1], "friends", "?"],
        [["Yes", ",", [2, 0, 1], "are", "."], *FILLERS],
        (
            "Are person 1 and person 2 friends ?",
            ("Yes , dog 1 and person 1 and person 2 are .", *FILLED),
            f"person 1 is in {box(0)}. person 2 is in {box(1)}. dog 1 is in {box(2)}.",
        ),
    ),
    Case(
        "person 1 beside person 10 and 11",
        ["person"] * 11,
        ["Does", [0], "know", [9], "?"],
        [[[10], "does", "."], [[0, 9], "do", "."], ["No", "."], ["Yes", "."]],
        (
            "Does person 1 know person 10 ?",
            ("person 11 does .", "person 1 and person 10 do .", "No .", "Yes ."),
            f"person 1 is in {box(0)}. person 10 is in {box(9)}. person 11 is in {box(10)}.",
        ),
    ),
    Case(
        "kinds are counted apart",
        ["person", "car", "person", "traffic light", "car"],
        ["Will", [2], "take", [4], "at", [3], "?"],
        [[[1], "too", "."], *FILLERS],
        (
            "Will person 2 take car 2 at traffic light 1 ?",
            ("car 1 too .", *FILLED),
            f"car 1 is in {box(1)}. person 2 is in {box(2)}. traffic light 1 is in {box(3)}. car 2 is in {box(4)}.",
        ),
    ),
    Case(
        "no mention",
        ["person"],
        ["Is", "it", "late", "?"],
        [["Yes", "."], *FILLERS],
        ("Is it late ?", ("Yes .", *FILLED), ""),
    ),
    Case(
        "no object",
        [],
        ["Where", "is", "everyone", "?"],
        [["Out", "."], *FILLERS],
        ("Where is everyone ?", ("Out .", *FILLED), ""),
    ),
    Case(
        "words of many scripts",
        ["café"],
        ["Où", "est", [0], "😀", "日本", "?"],
        [["naïve", "…"], *FILLERS],
        ("Où est café 1 😀 日本 ?", ("naïve …", *FILLED), f"café 1 is in {box(0)}."),
    ),
    Case(
        "empty words, mentions and answers",
        ["person"],
        ["", "Is", [], "it", [0], ""],
        [[], [""], ["  "], ["a", "", "b"]],
        ("Is  it person 1", ("", "", "", "a  b"), f"person 1 is in {box(0)}."),
    ),
    Case(
        "an edge of -1",
        ["person", "dog"],
        ["Whose", "is", [1], "?"],
        [[[0], "'", "s", "."], *FILLERS],
        ("Whose is dog 1 ?", ("person 1 ' s .", *FILLED), "person 1 is in 0 0 3 4.5. dog 1 is in 0 7 8 9."),
        boxes=[[-1, -1, 3, 4.5, 0.5], [-0.25, 7, 8, 9, 1]],
        official={"regions": "person 1 is in -1 -1 3 4.5. dog 1 is in -0.25 7 8 9."},
    ),
    Case(
        "edges of many digits",
        ["person"],
        [[0], "?"],
        [["Yes", "."], *FILLERS],
        (
            "person 1 ?",
            ("Yes .", *FILLED),
            "person 1 is in 955.7418212890625 1e-05 1920 0.1.",
        ),
        boxes=[[955.7418212890625, 0.00001, 1920, 0.1, 0.99]],
    ),
    Case(
        "a word that looks like a mention",
        ["person", "person"],
        ["Who", "wrote", "[person 1]", "or", "[person", "2]", "to", [0], "?"],
        [["[person 1]", "[[person 1]]", "."], *FILLERS],
        (
            "Who wrote [person 1] or [person 2] to person 1 ?",
            ("[person 1] [[person 1]] .", *FILLED),
            f"person 1 is in {box(0)}.",
        ),
        official={
            "question": "Who wrote person 1 or [person 2] to person 1 ?",
            "options": {"person 1 [person 1] .", *FILLED},
            "target": "person 1 [person 1] .",
        },
    ),
    Case(
        "an object beyond the eighth is mentioned before one below",
        ["person"] * 9,
        ["Does", [8], "hear", [1], "?"],
        [["Yes", "."], *FILLERS],
        (
            "Does person 9 hear person 2 ?",
            ("Yes .", *FILLED),
            f"person 2 is in {box(1)}. person 9 is in {box(8)}.",
        ),
        official={"regions": f"person 9 is in {box(8)}. person 2 is in {box(1)}."},
    ),
    Case(
        "two answers alike, and signs that prompts use",
        ["person"],
        ["{regions}", '"', "||||", "%s", "\\", "\n", "?"],
        [["Yes", [0], "."], ["Yes", [0], "."], ["{options}"], ["\t"]],
        (
            '{regions} " |||| %s \\ \n ?',
            ("Yes person 1 .", "Yes person 1 .", "{options}", ""),
            f"person 1 is in {box(0)}.",
        ),
    ),
]
LABELS = range(4)


def row(number=0, picture=0, **changes):
    fields = {
        "movie": "7",
        "objects": ["person"],
        "img_fn": f"film_7/7@{picture}.jpg",
        "metadata_fn": f"film_7/7@{picture}.json",
        "question": ["Why", "is", [0], "here", "?"],
        "answer_choices": [["Yes", "."], *FILLERS],
        "answer_label": 0,
        "rationale_choices": [["Because", "."]] * 4,
        "rationale_label": 0,
        "img_id": f"val-{picture}",
        "question_number": 0,
        "annot_id": f"val-{number}",
    }
    return fields | changes


def make_raw(path, *lines, boxes=((1, 2, 3, 4, 0.5),), pictures=True):
    """Write rows, or lines as they are, with one picture and its boxes for the rows that `row` makes."""
    film = path / "vcr1images" / "film_7"
    film.mkdir(parents=True)
    if pictures:
        (film / "7@0.jpg").write_bytes(PNG)
    write_metadata(film / "7@0.json", boxes)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (path / "val.jsonl").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def write_metadata(file, boxes):
    file.write_text(json.dumps({"boxes": boxes, "segms": [[]], "names": ["person"], "width": 10, "height": 10}))


def read(raw, options=TEXT_ALONE):
    return [instance for instance, _ in read_vcr(raw, CARD, options)]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """All cases, each with each of the four answers as the right one, in the layout of the official code."""
    folder = tmp_path_factory.mktemp("vcr") / "VCR"
    film = folder / "vcr1images" / "film_7"
    film.mkdir(parents=True)
    rows = []
    for picture, case in enumerate(CASES):
        (film / f"7@{picture}.jpg").write_bytes(PNG)
        write_metadata(film / f"7@{picture}.json", list(case.boxes) or boxes_of(len(case.objects)))
        rows += [
            row(
                len(LABELS) * picture + label,
                picture,
                objects=case.objects,
                question=case.question,
                answer_choices=case.answers,
                answer_label=label,
            )
            for label in LABELS
        ]
    write_lines(folder / "val.jsonl", rows)
    return folder


def test_rows_become_what_was_derived_by_hand(raw):
    instances = iter(read(raw, ReaderOptions()))
    for picture, case in enumerate(CASES):
        question, options, regions = case.expected
        for label in LABELS:
            found = next(instances)
            assert found.fields == {"question": question, "regions": regions}, case.name
            assert (found.options, found.targets) == (tuple(dict.fromkeys(options)), (options[label],)), case.name
            assert found.id == f"vcr_val-{picture}_val-{4 * picture + label}"
            assert (found.group, found.image) == (f"val-{picture}", f"images/film_7/7@{picture}.jpg")
    assert next(instances, None) is None


def compared(instance):
    return {
        "question": instance.fields["question"],
        "options": set(instance.options),
        "target": instance.targets[0],
        "regions": instance.fields["regions"],
    }


@pytest.fixture(scope="module")
def official(raw, tmp_path_factory):
    """What the official code makes of the cases, in the words of `compared`."""
    rows = official_rows("vcr.py", raw.parent, tmp_path_factory.mktemp("official"), task="commonsense_VQA")
    regions = [found["meta_data"]["object_regions"] for found in rows]
    assert all(text in found["prompt"] for found in rows for text in found["options"])
    return [
        {
            "question": found["question"],
            "options": set(found["options"]),
            "target": found["target"],
            "regions": " ".join(f"{name} is in {box}." for name, (box,) in boxes.items()),
        }
        for found, boxes in zip(rows, regions, strict=True)
    ]


def test_with_its_quirks_every_field_is_the_official_code_s(raw, official):
    assert [compared(found) for found in read(raw, FAITHFUL)] == official


def test_without_its_quirks_only_the_listed_departures_remain(raw, official):
    instances = read(raw)
    assert len(instances) == len(official) == 56
    for number, (found, theirs) in enumerate(zip(map(compared, instances), official, strict=True)):
        case = CASES[number // len(LABELS)]
        listed = case.official if number % len(LABELS) == 0 else case.official.keys() - {"target"}
        for field in ("question", "options", "target", "regions"):
            if field in listed:
                assert found[field] != theirs[field] == case.official[field], case.name
            else:
                assert theirs[field] == found[field], case.name


def test_the_official_example_read_from_its_raw_layout(tmp_path, real_data):
    example = official_example(real_data, "commonsense_VQA")
    regions = example["meta_data"]["object_regions"]
    boxes = [[0, 0, 0, 0, 0.5]] * 3
    for name, (text,) in regions.items():
        boxes[int(name.split()[1]) - 1] = [*map(float, text.split()), 0.5]

    def sentence(text):
        words = re.sub(r"person (\d)", r"\1", text).split()
        return [[int(word) - 1] if word.isdigit() else word for word in words]

    found = row(
        objects=["person"] * 3,
        question=sentence(example["question"]),
        answer_choices=list(map(sentence, example["options"])),
        answer_label=example["options"].index(example["target"]),
    )
    for options in (TEXT_ALONE, TEXT_ALONE._replace(faithful_quirks=True)):
        (instance,) = read(make_raw(tmp_path / str(options.faithful_quirks), found, boxes=boxes), options)
        assert instance.fields["question"] == example["question"]
        assert (instance.targets, set(instance.options)) == ((example["target"],), set(example["options"]))
        assert example["unique_id"] in instance.id
        assert render_request(CARD, instance, 1).prompt.startswith(f"{example['question']} person 1 is in 955.74")
        assert all(f"{name} is in {text}." in instance.fields["regions"] for name, (text,) in regions.items())


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path, row(), pictures=False)
    ((instance, picture),) = read_vcr(raw, CARD, TEXT_ALONE)
    assert (instance.image, picture) == (None, None)
    with pytest.raises(InputError, match=r"the picture .*7@0\.jpg is missing"):
        read(raw, ReaderOptions())


def test_annotations_may_lie_in_a_folder_of_their_own(tmp_path):
    make_raw(tmp_path, row())
    (tmp_path / "vcr1annots").mkdir()
    (tmp_path / "val.jsonl").rename(tmp_path / "vcr1annots" / "val.jsonl")
    assert read(tmp_path, ReaderOptions()) == read(tmp_path / "vcr1annots", ReaderOptions())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no", "not a row of VCR"),
        ("", "not a row of VCR"),
        (json.dumps(row(1))[:-9], "not a row of VCR: Input data was truncated"),
        ("[" * 100_000, "not a row of VCR"),
        (row(0), "the annot_id 'val-0' stands on line 1 already"),
        (row(1, annot_id="train-1"), "'train-1' is not of the validation split"),
        (row(1, objects="person"), r"Expected `array`, got `str` - at `\$.objects`"),
        (row(1, question=["Why", [0.5]]), "question"),
        (row(1, question=["Why", [-1]]), "question"),
        (row(1, question=["Why", 0]), "question"),
        (row(1, question=["Why", [1]]), "object 1 is mentioned, of 1 objects with 1 boxes"),
        (row(1, objects=["person"] * 2, question=[[1]]), "object 1 is mentioned, of 2 objects with 1 boxes"),
        (row(1, answer_choices=[["Yes"]] * 3), "length >= 4 - at `\\$.answer_choices`"),
        (row(1, answer_label=4), "answer_label"),
        (row(1, answer_label=True), "answer_label"),
        ({"annot_id": "val-1"}, "missing required field"),
        (row(1, img_fn="film_7/none.jpg"), "the picture .*none.jpg is missing"),
        (row(1, img_fn="../val.jsonl"), "the picture '../val.jsonl' is not inside"),
        (row(1, img_fn="/etc/passwd"), "is not inside"),
        (row(1, img_fn="long" * 2000), "is missing"),
        (row(1, img_fn="film_7/\0.jpg"), "is missing"),
        (row(1, metadata_fn="film_7/none.json"), "the file of boxes .*none.json is missing"),
        (row(1, metadata_fn="../../val.jsonl"), "the file of boxes '../../val.jsonl' is not inside"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, words):
    raw = make_raw(tmp_path, row(), content)
    with pytest.raises(InputError, match=words) as caught:
        read(raw, ReaderOptions())
    assert (caught.value.file, caught.value.line) == (raw / "val.jsonl", 2)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "truncated"),
        ('{"boxes": [[1, 2', "truncated"),
        ("{}", "missing required field `boxes`"),
        ('{"boxes": [[1, 2, 3, 4]]}', r"length 5 - at `\$.boxes\[0\]`"),
        ('{"boxes": [[1, 2, "3", 4, 5]]}', r"at `\$.boxes\[0\]\[2\]`"),
        ('{"boxes": [[1, 2, NaN, 4, 5]]}', "not the boxes of a VCR picture"),
        ('{"boxes": [null]}', r"at `\$.boxes\[0\]`"),
    ],
)
def test_faulty_boxes_are_told_by_their_file(tmp_path, content, words):
    raw = make_raw(tmp_path, row())
    file = raw / "vcr1images" / "film_7" / "7@0.json"
    file.write_text(content)
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert caught.value.file == file


def test_what_is_far_too_large_is_refused_before_it_is_read(tmp_path):
    raw = make_raw(tmp_path, row())
    for file, words in (("vcr1images/film_7/7@0.json", "longer than 64 MiB"), ("val.jsonl", "longer than 16 MiB")):
        with (raw / file).open("r+b") as content:
            content.truncate(200 << 20)
        with pytest.raises(InputError, match=words):
            read(raw)
        write_metadata(raw / "vcr1images/film_7/7@0.json", [[1, 2, 3, 4, 5]])


def test_an_empty_file_and_absent_or_ambiguous_files_are_told(tmp_path):
    with pytest.raises(InputError, match=r"no val\.jsonl"):
        read(tmp_path)
    raw = make_raw(tmp_path / "one")
    with pytest.raises(InputError, match="empty") as caught:
        read(raw)
    assert caught.value.file == raw / "val.jsonl"
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=r"2 files match val\.jsonl: one/val\.jsonl, two/val\.jsonl"):
        read(tmp_path)
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "val.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="no folder vcr1images beside it") as caught:
        read(tmp_path / "alone")
    assert "boxes" in caught.value.remedy

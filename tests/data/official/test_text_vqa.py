import json
import shutil

import pytest

from mibench.cards import load_cards
from mibench.data.official.text_vqa import read_text_vqa
from mibench.data.rows import ReaderOptions
from mibench.errors import InputError
from mibench.metrics.references import References
from mibench.metrics.vqa import vqa_accuracy
from tests.builders import PNG
from tests.data.official.official_code import official_example, official_rows

CARD = load_cards()["text_vqa"]
NAME = "TextVQA_0.5.1_val.json"
FAITHFUL = ReaderOptions(faithful_quirks=True)
TEXT_ALONE = ReaderOptions(pictures=False)

ANSWERS = {
    "one answer": (["shell"] * 10, "shell"),
    "most frequent last": (["a"] * 3 + ["b"] * 7, "b"),
    "equally frequent": (["stop", "halt"] * 5, "stop"),
    "equally frequent, turned": (["halt", "stop"] * 5, "halt"),
    "all different": (list("zyxwvutsrq"), "z"),
    "equal behind the first": (["c", "b", "b", "a", "a", "d", "d", "d", "d", "c"], "d"),
    "case and spaces count": (["Stop", "stop", "stop "] * 3 + ["stop"], "stop"),
    "words of many scripts": (["café"] * 6 + ["日本 😀"] * 4, "café"),
    "blank ones among others": ([""] * 3 + [" "] + ["no"] * 4 + ["yes"] * 2, "no"),
    "most are blank": ([""] * 6 + ["7"] * 4, "7"),
    "all are blank": ([""] * 10, ""),
}
"""What ten people say, and the reference that it becomes."""

TIED = {"equally frequent", "equally frequent, turned", "all different"}
"""Where the official target depends on Python's hash seed."""

BLANK = {"most are blank"}
"""Where the official target is blank, and ours is not."""

QUESTIONS = ("what does it say?", "", "Où ? 日本 😀", '"quoted" {question} ||||', "two\nlines\t?")


def question(number=0, image="003a8ae2ef43b901", **changes):
    fields = {
        "question": "what does it say?",
        "image_id": image,
        "image_classes": ["Sign"],
        "flickr_original_url": "",
        "flickr_300k_url": "",
        "image_width": 1024,
        "image_height": 683,
        "answers": ["shell"] * 10,
        "question_tokens": ["what"],
        "question_id": number,
        "set_name": "val",
    }
    return fields | changes


def all_questions():
    """Each set of answers with each question; two sets share a picture."""
    return [
        question(34602 + len(QUESTIONS) * number + turn, f"{number // 2:016x}", question=text, answers=answers)
        for number, (answers, _) in enumerate(ANSWERS.values())
        for turn, text in enumerate(QUESTIONS)
    ]


def make_raw(path, *rows, text=None, **changes):
    pictures = path / "train_images"
    pictures.mkdir(parents=True)
    for image in {row["image_id"] for row in rows if isinstance(row, dict) and "image_id" in row}:
        if isinstance(image, str) and image.isalnum() and len(image) == 16:
            (pictures / f"{image}.jpg").write_bytes(PNG)
    document = {"dataset_type": "val", "dataset_name": "textvqa", "dataset_version": "0.5.1", "data": rows}
    (path / NAME).write_text(json.dumps(document | changes) if text is None else text, encoding="utf-8")
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_text_vqa(raw, CARD, options)]


def kinds():
    return [kind for kind in ANSWERS for _ in QUESTIONS]


def test_rows_become_what_was_derived_by_hand(tmp_path):
    rows = all_questions()
    instances = read(make_raw(tmp_path, *rows))
    assert len(instances) == len({found.id for found in instances}) == len(rows) == 55
    for found, given, kind in zip(instances, rows, kinds(), strict=True):
        answers, reference = ANSWERS[kind]
        assert found.id == f"text_vqa_val_{given['image_id']}_{given['question_id']}"
        assert (found.group, found.image) == (given["image_id"], f"images/{given['image_id']}.jpg")
        assert found.fields == {"question": given["question"]}
        assert (found.options, found.targets, found.answers) == ((), (reference,), tuple(answers)), kind


def test_the_most_frequent_answer_agrees_with_most_people(tmp_path):
    for found in read(make_raw(tmp_path, *all_questions())):
        references = References(found.targets, answers=found.answers)
        best = vqa_accuracy(found.targets[0], references)
        written = [answer for answer in found.answers if answer.strip()] or [""]
        assert best == max(vqa_accuracy(answer, references) for answer in written)


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """The fixture's folder, and what the official code makes of it under two hash seeds."""
    folder = tmp_path_factory.mktemp("official")
    raw = make_raw(folder / "raw" / "TextVQA" / "train_val", *all_questions())
    runs = []
    for seed in (1, 2):
        (folder / str(seed)).mkdir()
        runs.append(official_rows("text_vqa.py", folder / "raw", folder / str(seed), task="text_vqa", hash_seed=seed))
    return raw, runs


@pytest.mark.parametrize("run", [0, 1])
@pytest.mark.parametrize("options", [ReaderOptions(), FAITHFUL])
def test_every_field_is_the_official_code_s_but_for_listed_departures(official, options, run):
    raw, runs = official
    for found, given, kind in zip(read(raw, options), runs[run], kinds(), strict=True):
        assert found.id.startswith(f"{given['unique_id']}_")
        assert found.image.rpartition("/")[2] == given["image_path"].rpartition("/")[2]
        assert found.fields["question"] == given["question"]
        assert given["question"] in given["prompt"]
        assert (list(found.answers), found.options) == (given["meta_data"]["answers"], tuple(given.get("options", ())))
        if kind in BLANK and not options.faithful_quirks:
            assert (given["target"], found.targets[0]) == ("", "7")
        elif kind in TIED:
            assert given["target"] in found.answers
        else:
            assert given["target"] == found.targets[0], kind


def test_officially_a_tie_falls_by_the_hash_seed(official):
    _, runs = official
    differing = {kind for kind, one, other in zip(kinds(), *runs, strict=True) if one["target"] != other["target"]}
    assert differing
    assert differing <= TIED


def test_the_official_example_read_from_its_raw_layout(tmp_path, real_data):
    example = official_example(real_data, "text_vqa")
    row = question(
        34602,
        example["unique_id"].rpartition("_")[2],
        question=example["question"],
        answers=example["meta_data"]["answers"],
    )
    (found,) = read(make_raw(tmp_path, row))
    assert found.id == f"{example['unique_id']}_34602"
    assert (found.fields["question"], found.targets[0]) == (example["question"], example["target"])
    assert found.options == ()


def test_pictures_may_lie_beside_the_folder_of_the_questions(tmp_path):
    raw = make_raw(tmp_path, question())
    (tmp_path / "annotations").mkdir()
    (tmp_path / NAME).rename(tmp_path / "annotations" / NAME)
    ((_, picture),) = read_text_vqa(raw / "annotations", CARD, ReaderOptions())
    assert picture == tmp_path / "train_images" / "003a8ae2ef43b901.jpg"


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path, question())
    shutil.rmtree(raw / "train_images")
    ((instance, picture),) = read_text_vqa(raw, CARD, TEXT_ALONE)
    assert (instance.image, picture) == (None, None)
    with pytest.raises(InputError, match="no folder train_images beside it") as caught:
        read(raw)
    assert caught.value.file == raw / NAME


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("no", r"data\[1\]: Expected `object`, got `str`"),
        (question(), r"data\[1\]\.question_id: the id 0 stands at data\[0\] already"),
        (question(1, answers=["a"] * 9), r"data\[1\]\.answers: Expected `array` of length >= 10"),
        (question(1, answers=["a"] * 11), r"data\[1\]\.answers: Expected `array` of length <= 10"),
        (question(1, answers=["a"] * 9 + [1]), r"data\[1\]\.answers\[9\]: Expected `str`, got `int`"),
        (question(1, answers="a"), r"data\[1\]\.answers: Expected `array`, got `str`"),
        (question(1, question=None), r"data\[1\]\.question: Expected `str`, got `null`"),
        (question("1"), r"data\[1\]\.question_id: Expected `int`, got `str`"),
        ({"question_id": 1}, r"data\[1\]: Object missing required field"),
        (question(1, set_name="test"), r"data\[1\]\.set_name: the split is 'test', not 'val'"),
        (question(1, "none"), r"data\[1\]: the picture .*none\.jpg is missing"),
        (question(1, "../x"), r"data\[1\]: the picture '\.\./x\.jpg' is not inside"),
        (question(1, "/x"), r"data\[1\]: the picture '/x\.jpg' is not inside"),
        (question(1, "long" * 2000), r"data\[1\]: the picture .* is missing"),
    ],
)
def test_a_faulty_question_is_told_by_its_path(tmp_path, row, words):
    raw = make_raw(tmp_path, question(), row)
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert caught.value.file == raw / NAME
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (json.dumps({"data": [question()]})[:-4], "truncated"),
        ("[" * 100_000, "not a document of TextVQA"),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field `data`"),
        ('{"data": {}}', "data: Expected `array`, got `object`"),
        ('{"data": []}', "data: no question"),
        ('{"data": 1}', "data: Expected `array`, got `int`"),
        ('{"data": [], "dataset_type": "test"}', "dataset_type: the split is 'test', not 'val'"),
    ],
)
def test_a_faulty_document_is_told(tmp_path, text, words):
    raw = make_raw(tmp_path, text=text)
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert caught.value.file == raw / NAME


def test_absent_and_ambiguous_files_are_told(tmp_path):
    with pytest.raises(InputError, match=r"no TextVQA_0\.5\.1_val\.json"):
        read(tmp_path)
    make_raw(tmp_path / "one")
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=r"2 files match TextVQA_0\.5\.1_val\.json: one/.*, two/"):
        read(tmp_path)

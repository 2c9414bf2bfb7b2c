import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from mibench.cards import load_cards
from mibench.data.official import vsr
from mibench.data.official.vsr import read_vsr
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from tests.builders import PNG
from tests.data.official.official_code import official_example, official_rows

CARD = load_cards()["visual_spatial_reasoning"]
TEXT_ALONE = ReaderOptions(pictures=False)
CAPTIONS = ("The cat is under the bed.", "", "  spaces  ", "Où ? 日本 😀", '"quoted" {text} ||||', "two\nlines\t.")
PICTURES = tuple(f"{number:012d}.jpg" for number in (7, 17697, 581929))
WORDS = {1: "yes", 0: "no"}


def row(image=PICTURES[0], caption=CAPTIONS[0], label=1, **changes):
    fields = {
        "image": image,
        "image_link": f"http://images.cocodataset.org/train2017/{image}",
        "caption": caption,
        "label": label,
        "relation": "under",
        "subj": "cat",
        "obj": "bed",
        "annotator_id": 2,
        "vote_true_validator_id": "[18, 2]",
        "vote_false_validator_id": "[]",
    }
    return fields | changes


def all_rows():
    """Each caption and its denial on each picture, true and false in turn."""
    return [
        row(image, f"{caption}{ending}", (number + turn) % 2)
        for image in PICTURES
        for number, caption in enumerate(CAPTIONS)
        for turn, ending in enumerate(("", " ", " Not."))
    ]


def make_raw(path, *lines, folder="trainval2017"):
    """Write the owners' folder `data`; the rows that `row` makes have pictures."""
    (path / folder).mkdir(parents=True)
    for name in PICTURES:
        (path / folder / name).write_bytes(PNG)
    file = path / "splits" / "zeroshot" / "test.jsonl"
    file.parent.mkdir(parents=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_vsr(raw, CARD, options)]


def test_rows_become_what_was_derived_by_hand(tmp_path):
    rows = all_rows()
    instances = read(make_raw(tmp_path, *rows))
    assert len(instances) == len({found.id for found in instances}) == len(rows) == 54
    for found, given in zip(instances, rows, strict=True):
        assert found.id.startswith(f"vsr_test_{given['image'][:12]}_")
        assert (found.group, found.image) == (given["image"], f"images/{given['image']}")
        assert found.fields == {"text": given["caption"]}
        assert (found.options, found.targets) == (("yes", "no"), (WORDS[given["label"]],))


def test_an_id_depends_on_the_row_alone(tmp_path):
    rows = all_rows()
    plain = {found.id: found for found in read(make_raw(tmp_path / "plain", *rows))}
    assert {found.id: found for found in read(make_raw(tmp_path / "turned", *rows[::-1]))} == plain
    assert read(make_raw(tmp_path / "one", row()))[0].id == "vsr_test_000000000007_d98b031c"


def test_the_real_rows_keep_their_share_of_each_class(real_data, tmp_path):
    rows = read_vsr(real_data / "vsr", CARD, TEXT_ALONE)
    store_task(tmp_path, CARD.name, rows, world="official", source="VSR", reader=vsr.VERSION)
    instances = list(DataFolder(tmp_path).instances(CARD.name))
    assert len(instances) == vsr.ROWS == 1222
    assert Counter(found.targets for found in instances) == {("yes",): 629, ("no",): 593}
    assert len({found.group for found in instances}) == 715
    file = real_data / "vsr" / "splits" / "zeroshot" / "test.jsonl"
    rows = list(map(json.loads, file.read_text(encoding="utf-8").splitlines()))
    assert [found.fields["text"] for found in instances] == [given["caption"] for given in rows]
    assert [found.targets[0] for found in instances] == [WORDS[given["label"]] for given in rows]


@pytest.mark.parametrize("faithful", [False, True])
def test_every_field_is_the_official_code_s(tmp_path, faithful):
    """The official code shuffles the rows, unseeded, and numbers them then: they are matched by what they say."""
    raw = make_raw(tmp_path / "raw" / "visual_spatial_reasoning/visual-spatial-reasoning/data", *all_rows())
    (tmp_path / "run").mkdir()
    task = "visual_spatial_reasoning"
    theirs = official_rows(
        "visual_spatial_reasoning.py", tmp_path / "raw", tmp_path / "run", task=task, every_row=False
    )
    assert all(given["text"] in given["prompt"] for given in theirs)
    assert sorted(
        (found.image.rpartition("/")[2], found.fields["text"], *sorted(found.options), *found.targets)
        for found in read(raw, ReaderOptions(faithful_quirks=faithful))
    ) == sorted(
        (given["image_path"].rpartition("/")[2], given["text"], *sorted(given["options"]), given["target"])
        for given in theirs
    )


def test_the_official_example_read_from_its_raw_layout(tmp_path, real_data):
    example = official_example(real_data, "visual_spatial_reasoning")
    label = {"yes": 1, "no": 0}[example["target"]]
    raw = make_raw(tmp_path, row(example["image_path"].rpartition("/")[2], example["text"], label))
    (found,) = read(raw, TEXT_ALONE)
    assert found.fields["text"] == example["text"]
    assert (found.targets, set(found.options)) == ((example["target"],), set(example["options"]))


@pytest.mark.parametrize("folder", ["trainval2017", "images", "train2017", "val2017", "splits/images"])
@pytest.mark.parametrize("below", ["", "splits", "splits/zeroshot"])
def test_the_pictures_are_found_from_any_folder_at_or_above_the_rows(tmp_path, monkeypatch, folder, below):
    raw = make_raw(tmp_path / "visual-spatial-reasoning" / "data", row(), folder=folder)
    ((_, picture),) = read_vsr(raw / below, CARD, ReaderOptions())
    assert picture.samefile(raw / folder / PICTURES[0])
    assert len(read(tmp_path)) == 1
    monkeypatch.chdir(raw / below)
    assert len(read(Path())) == 1


def test_pictures_may_lie_in_coco_s_two_folders(tmp_path):
    raw = make_raw(tmp_path, *map(row, PICTURES), folder="train2017")
    (raw / "val2017").mkdir()
    (raw / "train2017" / PICTURES[1]).rename(raw / "val2017" / PICTURES[1])
    assert [picture.parent.name for _, picture in read_vsr(raw, CARD, ReaderOptions())] == [
        "train2017",
        "val2017",
        "train2017",
    ]


def test_the_random_split_is_not_taken_for_the_zero_shot_one(tmp_path):
    raw = make_raw(tmp_path, row())
    (raw / "splits" / "random").mkdir()
    shutil.copy(raw / "splits" / "zeroshot" / "test.jsonl", raw / "splits" / "random")
    assert len(read(raw)) == 1
    with pytest.raises(InputError, match=r"no zeroshot/test\.jsonl"):
        read(raw / "splits" / "random")


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path, row())
    shutil.rmtree(raw / "trainval2017")
    ((instance, picture),) = read_vsr(raw, CARD, TEXT_ALONE)
    assert (instance.image, picture) == (None, None)
    with pytest.raises(InputError, match=r"no folder trainval2017 or images or .* beside it") as caught:
        read(raw)
    assert caught.value.file == raw / "splits" / "zeroshot" / "test.jsonl"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no", "not a row of VSR"),
        ("", "not a row of VSR"),
        (json.dumps(row(label=0))[:-9], "not a row of VSR: JSON is malformed"),
        (row(label=0), "stands on line 1 already"),
        (row(caption="b", label=2), "label"),
        (row(caption="b", label="1"), "label"),
        (row(caption="b", label=True), "label"),
        (row(caption=None), "caption"),
        ({"image": PICTURES[0], "label": 1}, "missing required field `caption`"),
        (row("000000000001.jpg"), "000000000001.jpg is missing"),
        (row("../splits/zeroshot/test.jsonl"), "'../splits/zeroshot/test.jsonl' is not inside"),
        (row("/etc/passwd"), "'/etc/passwd' is not inside"),
        (row(""), "is missing"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, words):
    raw = make_raw(tmp_path, row(), content)
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / "splits" / "zeroshot" / "test.jsonl", 2)
    assert caught.value.remedy


def test_empty_overlong_and_ambiguous_files_are_told(tmp_path):
    raw = make_raw(tmp_path / "one")
    with pytest.raises(InputError, match="empty"):
        read(raw)
    with (raw / "splits" / "zeroshot" / "test.jsonl").open("r+b") as content:
        content.truncate(200 << 20)
    with pytest.raises(InputError, match="longer than 16 MiB"):
        read(raw)
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=r"2 files match zeroshot/test\.jsonl: one/.*, two/"):
        read(tmp_path)

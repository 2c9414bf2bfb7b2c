import json
import shutil

import pytest

from mibench.cards import load_cards
from mibench.data.official.snli_ve import LABELS, read_snli_ve
from mibench.data.rows import ReaderOptions
from mibench.errors import InputError
from tests.builders import PNG
from tests.data.official.official_code import official_example, official_rows

CARD = load_cards()["visual_entailment"]
TEXT_ALONE = ReaderOptions(pictures=False)
SENTENCES = ("A dog runs.", "", "  spaces  ", "Où ? 日本 😀", '"quoted" {text} ||||', "two\nlines\t.", "\u2028")
WORDS = {"entailment": "yes", "contradiction": "no", "neutral": "not sure"}


def row(picture=100, pair="100.jpg#0r1e", **changes):
    fields = {
        "Flickr30K_ID": str(picture),
        "annotator_labels": ["neutral"],
        "captionID": "100.jpg#0",
        "gold_label": "neutral",
        "pairID": pair,
        "sentence1": "An animal moves.",
        "sentence1_parse": "(ROOT)",
        "sentence2": "A dog runs.",
    }
    return fields | changes


def all_rows():
    """Each sentence with each label on each of three pictures."""
    return [
        row(picture, f"{picture}.jpg#{number}r1{label[0]}", gold_label=label, sentence2=sentence)
        for picture in (100, 200, 300)
        for number, sentence in enumerate(SENTENCES)
        for label in WORDS
    ]


def make_raw(path, *lines, folder="Flickr30K/images"):
    pictures = path / folder
    pictures.mkdir(parents=True)
    for number in (100, 200, 300):
        (pictures / f"{number}.jpg").write_bytes(PNG)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (path / "snli_ve_test.jsonl").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_snli_ve(raw, CARD, options)]


def test_rows_become_what_was_derived_by_hand(tmp_path):
    rows = all_rows()
    instances = read(make_raw(tmp_path, *rows))
    assert len(instances) == len(rows) == 63
    for found, given in zip(instances, rows, strict=True):
        picture = given["Flickr30K_ID"]
        assert found.id == f"Flickr30K_ID_{picture}_{given['pairID']}"
        assert (found.group, found.image) == (picture, f"images/{picture}.jpg")
        assert found.fields == {"text": given["sentence2"]}
        assert (found.options, found.targets) == (("yes", "no", "not sure"), (WORDS[given["gold_label"]],))


def test_every_label_is_an_option_of_the_card():
    assert set(LABELS.values()) == set(CARD.answer.options)


@pytest.mark.parametrize("faithful", [False, True])
def test_every_field_is_the_official_code_s(tmp_path, faithful):
    raw = make_raw(tmp_path / "raw" / "SNLI-VE/SNLI-VE/data", *all_rows())
    (tmp_path / "run").mkdir()
    theirs = official_rows("snli_ve.py", tmp_path / "raw", tmp_path / "run", task="visual_nli")
    ours = read(raw, ReaderOptions(faithful_quirks=faithful))
    for found, given in zip(ours, theirs, strict=True):
        assert found.id == given["unique_id"]
        assert found.fields["text"] == given["text"]
        assert given["text"] in given["prompt"]
        assert (set(found.options), found.targets) == (set(given["options"]), (given["target"],))
        assert found.image.rpartition("/")[2] == given["image_path"].rpartition("/")[2]


def test_the_official_example_read_from_its_raw_layout(tmp_path, real_data):
    example = official_example(real_data, "visual_nli")
    _, _, picture, pair = example["unique_id"].split("_")
    label = {word: label for label, word in WORDS.items()}[example["target"]]
    raw = make_raw(tmp_path, row(picture, pair, gold_label=label, sentence2=example["text"]))
    (found,) = read(raw, TEXT_ALONE)
    assert (found.id, found.fields["text"]) == (example["unique_id"], example["text"])
    assert (found.targets, set(found.options)) == ((example["target"],), set(example["options"]))


@pytest.mark.parametrize("folder", ["Flickr30K/flickr30k_images", "flickr30k_images", "flickr30k-images"])
def test_the_pictures_may_lie_as_they_are_distributed(tmp_path, folder):
    raw = make_raw(tmp_path / "data", row(), folder=folder)
    ((_, picture),) = read_snli_ve(raw, CARD, ReaderOptions())
    assert picture == raw / folder / "100.jpg"


def test_the_pictures_may_lie_beside_the_folder_of_the_rows(tmp_path):
    make_raw(tmp_path / "snli_ve", row(), folder="../flickr30k-images")
    ((_, picture),) = read_snli_ve(tmp_path, CARD, ReaderOptions())
    assert picture == tmp_path / "flickr30k-images" / "100.jpg"


def test_without_pictures_none_is_looked_for(tmp_path):
    raw = make_raw(tmp_path, row())
    shutil.rmtree(raw / "Flickr30K")
    ((instance, picture),) = read_snli_ve(raw, CARD, TEXT_ALONE)
    assert (instance.image, picture) == (None, None)
    with pytest.raises(InputError, match=r"no folder Flickr30K/images or .* beside it") as caught:
        read(raw)
    assert caught.value.file == raw / "snli_ve_test.jsonl"
    assert "--no-images" in caught.value.remedy


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no", "not a row of SNLI-VE"),
        ("", "not a row of SNLI-VE"),
        (json.dumps(row())[:-9], "not a row of SNLI-VE: JSON is malformed"),
        (row(), "the pairID '100.jpg#0r1e' stands on line 1 already"),
        (row(pair="b", gold_label="-"), "gold_label"),
        (row(pair="b", gold_label=["neutral"]), "gold_label"),
        (row(pair="b", sentence2=None), "sentence2"),
        ({"Flickr30K_ID": "100", "pairID": "b", "gold_label": "neutral"}, "missing required field `sentence2`"),
        (row(400, "b"), "400.jpg is missing"),
        (row("../images/100", "b"), "'../images/100.jpg' is not inside"),
        (row("/100", "b"), "'/100.jpg' is not inside"),
        (row("long" * 2000, "b"), "is missing"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, words):
    raw = make_raw(tmp_path, row(), content)
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / "snli_ve_test.jsonl", 2)
    assert caught.value.remedy


def test_empty_overlong_absent_and_ambiguous_files_are_told(tmp_path):
    with pytest.raises(InputError, match=r"no snli_ve_test\.jsonl"):
        read(tmp_path)
    raw = make_raw(tmp_path / "one")
    with pytest.raises(InputError, match="empty"):
        read(raw)
    with (raw / "snli_ve_test.jsonl").open("r+b") as content:
        content.truncate(200 << 20)
    with pytest.raises(InputError, match="longer than 16 MiB"):
        read(raw)
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=r"2 files match snli_ve_test\.jsonl: one/.*, two/"):
        read(tmp_path)

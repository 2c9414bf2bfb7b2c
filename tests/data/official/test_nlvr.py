import json
import shutil
from collections import Counter
from fractions import Fraction

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.data.official.nlvr import read_nlvr
from mibench.data.prepare import prepare_official
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.scoring.score import score_submission
from tests.builders import PNG, make_submission, opened
from tests.data.official.official_code import official_example, official_rows

CARD = load_cards()["nlvr"]
ALL = ReaderOptions(all_permutations=True)


def line(identifier="1-0", **changes):
    row = {"sentence": "There is a tower.", "label": "true", "identifier": identifier, "directory": "0", "evals": {}}
    return json.dumps(row | changes)


def make_raw(path, *lines, identifiers=("1-0", "1-1", "2-0"), split="test"):
    pictures = path / "images" / "0"
    pictures.mkdir(parents=True)
    for identifier in identifiers:
        for permutation in range(6):
            (pictures / f"{split}-{identifier}-{permutation}.png").write_bytes(PNG)
    (path / "test.json").write_text("".join(f"{text}\n" for text in lines or map(line, identifiers)), encoding="utf-8")
    return path


def read(raw, options=ALL):
    return [instance for instance, _ in read_nlvr(raw, CARD, options)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, real_data):
    folder = tmp_path_factory.mktemp("nlvr")
    prepare_official(CARD, real_data / "nlvr", folder, ReaderOptions())
    return DataFolder(folder)


def constant(answer, data, folder):
    """Return the scores of one answer to everything."""
    make_submission(folder, data, lambda row, number: answer)
    return score_submission(opened(folder, data), load_cards())


@pytest.mark.parametrize(("answer", "right"), [("yes", 556), ("no", 434)])
def test_a_constant_answer_scores_its_exact_share_of_the_real_rows(tmp_path, prepared, answer, right):
    found = constant(answer, prepared, tmp_path / "out").tasks["nlvr"]
    share = float(Fraction(100 * right, 990))
    assert found.n == 990
    for metric in found.metrics.values():
        assert metric.per_instruction == [share] * 5
        assert (metric.mean, metric.max, metric.std, metric.sensitivity) == (share, share, 0, 0)


def test_the_real_test_split_has_990_rows_with_a_picture_each(prepared):
    rows = list(prepared.instances("nlvr"))
    assert Counter(row.targets for row in rows) == {("yes",): 556, ("no",): 434}
    assert all((prepared.folder("nlvr") / row.image).is_file() for row in rows)
    assert len({row.image for row in rows}) == 990
    assert max(Counter(row.id.rpartition("-")[2] for row in rows).values()) < 990 / 4


def test_all_permutations_of_the_real_split_are_5940_rows(real_data):
    rows = read(real_data / "nlvr")
    assert len(rows) == len({row.id for row in rows}) == 5940
    assert set(Counter(row.group for row in rows).values()) == {6}


def test_a_row_becomes_an_instance(tmp_path):
    raw = make_raw(tmp_path / "raw", line(label="false"))
    (instance,) = read(raw, ReaderOptions())
    assert instance.fields == {"text": "There is a tower."}
    assert (instance.options, instance.targets, instance.group) == (("yes", "no"), ("no",), "1-0")
    assert instance.id in {f"test-1-0-{number}" for number in range(6)}
    assert instance.image == f"images/{instance.id}.png"


def test_the_permutation_depends_on_the_row_and_the_seed_alone(tmp_path):
    identifiers = [f"{number}-0" for number in range(200)]
    raw = make_raw(tmp_path / "raw", identifiers=identifiers)
    turned = make_raw(tmp_path / "turned", *map(line, identifiers[::-1]), identifiers=identifiers)
    plain = [row.id for row in read(raw, ReaderOptions())]
    assert [row.id for row in read(turned, ReaderOptions())] == plain[::-1]
    other = [row.id for row in read(raw, ReaderOptions(seed=1))]
    assert sum(one != two for one, two in zip(plain, other, strict=True)) > 100
    assert len({name.rpartition("-")[2] for name in plain}) == 6


def test_all_six_share_a_group(tmp_path):
    rows = read(make_raw(tmp_path / "raw", line()))
    assert [row.id for row in rows] == [f"test-1-0-{number}" for number in range(6)]
    assert {row.group for row in rows} == {"1-0"}


def test_the_file_may_lie_deeper(tmp_path):
    make_raw(tmp_path / "nlvr" / "test")
    assert len(read(tmp_path)) == 18


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no", "not a row of NLVR"),
        ("", "not a row of NLVR"),
        ("[" * 100_000, "not a row of NLVR"),
        (line(label="maybe"), "label"),
        (line(label=True), "label"),
        (line(sentence=None), "sentence"),
        ('{"sentence": "x"}', "missing required field"),
        (line("1-0"), "identifier '1-0' stands on line 1 already"),
        (line("9-0"), "test-9-0-0.png is missing"),
        (line("2-0", directory="7"), "is missing"),
        (line("2-0", directory="../images/0"), "directory"),
        (line("../2-0"), "identifier"),
        (line("2-0", directory="a**"), "directory"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, words):
    raw = make_raw(tmp_path / "raw", line("1-0"), content, line("2-0"))
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / "test.json", 2)


def test_bytes_that_are_not_utf8_are_told_by_their_line(tmp_path):
    raw = make_raw(tmp_path / "raw")
    file = raw / "test.json"
    file.write_bytes(file.read_bytes().replace(b"tower", b"t\xffwer", 1))
    with pytest.raises(InputError, match="not a row of NLVR") as caught:
        read(raw)
    assert caught.value.line == 1


def test_rows_of_another_split_are_told(tmp_path):
    raw = make_raw(tmp_path / "raw", split="dev")
    with pytest.raises(InputError, match=r"belongs to another split: its picture is dev-1-0-0\.png") as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (raw / "test.json", 1)


def test_without_pictures_none_is_looked_for(tmp_path):
    plain, alone = make_raw(tmp_path / "plain"), make_raw(tmp_path / "alone")
    shutil.rmtree(alone / "images")
    rows = list(read_nlvr(alone, CARD, ALL._replace(pictures=False)))
    assert {(instance.image, picture) for instance, picture in rows} == {(None, None)}
    assert [instance for instance, _ in rows] == [msgspec.structs.replace(row, image=None) for row in read(plain)]


def test_an_empty_file_is_told(tmp_path):
    raw = make_raw(tmp_path)
    (raw / "test.json").write_bytes(b"")
    with pytest.raises(InputError, match="empty") as caught:
        read(raw)
    assert caught.value.file == raw / "test.json"


def test_a_line_far_too_long_is_refused(tmp_path):
    raw = make_raw(tmp_path)
    with (raw / "test.json").open("r+b") as content:
        content.seek(0, 2)
        content.truncate(200 << 20)
    with pytest.raises(InputError, match="longer than 16 MiB") as caught:
        read(raw)
    assert caught.value.line == 4


def compared(row):
    return (row.fields["text"], set(row.options), row.targets[0])


SENTENCES = ["There is a tower.", "", "Où ? 日本 😀", '"quoted" {text} ||||', "two\nlines"]


def test_every_field_is_the_official_code_s(tmp_path):
    """The official code draws order and picture anew each time: rows are matched by its id, any picture is right."""
    lines = [
        line(f"{number}-{number % 3}", sentence=SENTENCES[number % 5], label=("true", "false")[number % 2])
        for number in range(60)
    ]
    raw = make_raw(
        tmp_path / "raw" / "nlvr/nlvr/nlvr/test", *lines, identifiers=[json.loads(text)["identifier"] for text in lines]
    )
    (tmp_path / "run").mkdir()
    task = "natural_language_visual_reasoning"
    theirs = official_rows("nlvr.py", tmp_path / "raw", tmp_path / "run", task=task, every_row=False)
    ours = {row.group: row for row in read(raw, ReaderOptions(faithful_quirks=True))}
    pictures = {row.id for row in read(raw)}
    assert len(theirs) == len(ours) == 60
    for row in theirs:
        found = ours[row["unique_id"].removeprefix("nlvr_0_")]
        assert compared(found) == (row["text"], set(row["options"]), row["target"])
        assert row["image_path"].rpartition("/")[2].removesuffix(".png") in pictures
        assert row["text"] in row["prompt"]


def test_the_official_example_read_from_its_raw_layout(tmp_path, real_data):
    example = official_example(real_data, "natural_language_visual_reasoning")
    _, directory, identifier = example["unique_id"].split("_")
    label = {"yes": "true", "no": "false"}[example["target"]]
    raw = make_raw(tmp_path, line(identifier, sentence=example["text"], label=label, directory=directory))
    (found,) = read(raw, ReaderOptions(pictures=False))
    assert compared(found) == (example["text"], set(example["options"]), example["target"])


def test_a_failure_prepares_nothing(tmp_path):
    raw = make_raw(tmp_path / "raw", line("1-0"), "no")
    with pytest.raises(InputError):
        prepare_official(CARD, raw, tmp_path / "data", ReaderOptions())
    assert not (tmp_path / "data").exists()


def test_a_folder_without_or_with_two_splits_is_told(tmp_path):
    with pytest.raises(InputError, match="not a folder"):
        read(tmp_path / "absent")
    with pytest.raises(InputError, match=r"no test\.json"):
        read(tmp_path)
    make_raw(tmp_path / "one")
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=r"2 files match test\.json: one/test\.json, two/test\.json"):
        read(tmp_path)

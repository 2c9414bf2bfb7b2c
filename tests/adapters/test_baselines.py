import csv
import json
from collections import Counter

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mibench.adapters.baselines import Constant, Echo, FirstOption, Predictions, RandomOption
from mibench.errors import InputError
from mibench.instances import Request
from mibench.submissions.raw import COLUMNS


def request(**changes):
    fields = {
        "task": "nlvr",
        "instance": "1",
        "instruction": 1,
        "prompt": "It is.\n\n[Options]: no||||yes",
        "image": None,
        "options": ("no", "yes"),
        "max_new_tokens": 8,
    }
    return Request(**fields | changes)


def texts(adapter, requests):
    found = adapter.predict(requests)
    assert [(one.task, one.instance, one.instruction) for one in found] == [
        (one.task, one.instance, one.instruction) for one in requests
    ]
    return [one.text for one in found]


FREE = request(options=())


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        (Constant("maybe"), ["maybe", "maybe"]),
        (Echo(), [FREE.prompt, FREE.prompt]),
        (FirstOption(), ["no", ""]),
    ],
    ids=["constant", "echo", "first option"],
)
def test_simple_baselines_say_what_they_should(adapter, expected):
    assert texts(adapter, [request(), FREE]) == expected
    assert adapter.predict([]) == []


def test_a_baseline_says_what_its_answers_depend_on():
    assert (Constant("yes").model_name, Constant("yes").decoding) == ("constant (yes)", {"answer": "yes"})
    assert RandomOption("7").decoding == {"seed": "7"}


MANY = [request(instance=str(number), instruction=wording) for number in range(400) for wording in range(1, 6)]


def test_a_random_option_is_an_option_or_nothing():
    assert texts(RandomOption(), [FREE]) == [""]
    assert set(texts(RandomOption(), MANY)) == {"no", "yes"}


@given(st.lists(st.text(), min_size=1, max_size=6, unique=True), st.randoms(use_true_random=False), st.text())
def test_a_random_option_depends_on_content_and_not_on_order(options, random, seed):
    shuffled = random.sample(options, len(options))
    here, there = request(options=tuple(options)), request(options=tuple(shuffled), prompt="Other?", image="1.png")
    assert texts(RandomOption(seed), [here]) == texts(RandomOption(seed), [there])


def test_batches_do_not_matter_to_a_random_option():
    adapter = RandomOption()
    assert texts(adapter, MANY) == [texts(adapter, [one])[0] for one in MANY]
    assert texts(adapter, MANY[::-1]) == texts(adapter, MANY)[::-1]


@pytest.mark.parametrize(("size", "limit"), [(2, 10.8), (3, 13.8), (4, 16.3), (7, 22.5)])
def test_a_random_option_is_close_to_uniform(size, limit):
    options = tuple("abcdefg"[:size])
    asked = [request(instance=one.instance, instruction=one.instruction, options=options) for one in MANY]
    found = Counter(texts(RandomOption(), asked))
    expected = len(MANY) / size
    assert sum((found[option] - expected) ** 2 / expected for option in options) < limit


@pytest.mark.parametrize("change", [{"task": "other"}, {"instance": "x"}, {"instruction": 2}])
def test_a_random_option_depends_on_every_key(change):
    options = tuple(str(number) for number in range(1000))
    plain, other = request(options=options), request(options=options, **change)
    assert texts(RandomOption(), [plain]) != texts(RandomOption(), [other])
    assert texts(RandomOption(), [plain]) != texts(RandomOption("1"), [plain])


ROWS = [{"task": "nlvr", "instance": "1", "instruction": number, "prediction": f"answer {number}"} for number in (1, 2)]


def write(path, rows):
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(zstandard.compress(content) if path.suffix == ".zst" else content)
    return str(path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "jsonl.zst"])
def test_answers_come_from_a_file(tmp_path, suffix):
    adapter = Predictions(write(tmp_path / f"mine.{suffix}", ROWS))
    assert texts(adapter, [request(instruction=2), request()]) == ["answer 2", "answer 1"]
    assert adapter.decoding == {"file": f"mine.{suffix}"}


def test_option_scores_come_along(tmp_path):
    adapter = Predictions(write(tmp_path / "mine.jsonl", [ROWS[0] | {"option_scores": [-1.5, -0.25]}]))
    assert adapter.predict([request()])[0].option_scores == [-1.5, -0.25]


def test_a_missing_answer_is_told(tmp_path):
    path = write(tmp_path / "mine.jsonl", ROWS)
    with pytest.raises(InputError, match="no answer to instance '1' of nlvr, instruction 3") as caught:
        Predictions(path).predict([request(), request(instruction=3)])
    assert str(caught.value.file) == path


def test_two_answers_to_one_request_are_told(tmp_path):
    path = write(tmp_path / "mine.csv", [*ROWS, ROWS[0] | {"prediction": "another"}])
    with pytest.raises(InputError, match="instance '1' of nlvr, instruction 1 is answered twice") as caught:
        Predictions(path)
    assert (str(caught.value.file), caught.value.line) == (path, 4)


def test_a_faulty_file_is_told_at_once(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Predictions(str(tmp_path / "absent.jsonl"))
    (tmp_path / "mine.jsonl").write_text("no\n")
    with pytest.raises(InputError, match="not a prediction"):
        Predictions(str(tmp_path / "mine.jsonl"))

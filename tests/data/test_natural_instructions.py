import json

import pytest
from rouge_score.rouge_scorer import RougeScorer

from mibench.cards import load_cards
from mibench.data.natural_instructions import read_natural_instructions
from mibench.data.prepare import prepare_official
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.prompts import render_request
from mibench.scoring.score import score_submission
from tests.builders import REAL_NLP_TASKS, make_submission, opened

NAME = "task001_reading"
CARD = load_cards()["text_vqa"].model_copy(update={"name": NAME, "suite": "nlp"})
ROW = {"id": "a", "input": "Where?", "output": ["here", "there", "here"]}


def make_raw(path, *rows, split=(NAME,)):
    """Write a task of `rows`, each a JSON text or what becomes one, on a line of its own from line 3 on."""
    (path / "tasks").mkdir(parents=True)
    (path / "splits" / "default").mkdir(parents=True)
    (path / "splits" / "default" / "test_tasks.txt").write_text("\n".join(["task000_other", *split, ""]))
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    content = '{"Definition": ["Answer."],\n"Instances": [\n' + ",\n".join(texts) + "\n]}\n"
    (path / "tasks" / f"{NAME}.json").write_text(content, encoding="utf-8")
    return path


def read(raw):
    return [instance for instance, _ in read_natural_instructions(raw, CARD, ReaderOptions())]


@pytest.mark.parametrize("task", REAL_NLP_TASKS)
def test_echo_scores_what_rouge_score_says_on_real_rows(tmp_path, real_data, task):
    card = load_cards()[task]
    prepare_official(card, real_data / "natural_instructions", tmp_path / "data", ReaderOptions())
    data, scorer = DataFolder(tmp_path / "data"), RougeScorer(["rougeL"])

    def prompt(row, number):
        return render_request(card, row, number).prompt

    rows, expected = list(data.instances(task)), [0.0] * 5
    for row in rows:
        for number in range(1, 6):
            value = scorer.score_multi(row.targets, prompt(row, number))["rougeL"].fmeasure
            expected[number - 1] += 100 * value / len(rows)
    folder = make_submission(tmp_path / "out", data, prompt)
    found = score_submission(opened(folder, data), load_cards()).tasks[task]
    assert found.n == len(rows) == 100
    assert found.primary == "rouge_l"
    assert found.metrics["rouge_l"].per_instruction == pytest.approx(expected, abs=1e-9)
    assert 0 < found.metrics["rouge_l"].mean < 100


def test_a_row_becomes_an_instance_with_every_reference(tmp_path):
    (instance,) = read(make_raw(tmp_path, ROW))
    assert (instance.id, instance.group, instance.image, instance.options) == ("a", "a", None, ())
    assert instance.fields == {"input": "Where?"}
    assert instance.targets == ("here", "there")


def test_labels_of_the_card_become_options(tmp_path):
    answer = CARD.answer.model_copy(update={"kind": "choice", "options": ("here", "there")})
    card = CARD.model_copy(update={"answer": answer})
    ((instance, picture),) = read_natural_instructions(make_raw(tmp_path, ROW), card, ReaderOptions())
    assert (instance.options, picture) == (("here", "there"), None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"id": "b", "input": "x", "output": []}, "no output"),
        ({"id": "b", "input": "x", "output": "here"}, "Expected `array`, got `str`"),
        ({"id": "b", "input": "x", "output": [None]}, "Expected `str`, got `null`"),
        ({"id": "b", "input": 1, "output": ["x"]}, "Expected `str`, got `int`"),
        ({"id": "b", "output": ["x"]}, "missing required field `input`"),
        ({"input": "x", "output": ["x"]}, "missing required field `id`"),
        (ROW, "the id 'a' occurs twice"),
        ("null", "Expected `object`, got `null`"),
        ("no", "not a task of Natural Instructions"),
        ('{"id": "b", "input": "x"', "not a task of Natural Instructions"),
        ("[" * 100_000, "not a task of Natural Instructions"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, content, words):
    raw = make_raw(tmp_path, ROW, content, {"id": "c", "input": "x", "output": ["x"]})
    with pytest.raises(InputError, match=words) as caught:
        read(raw)
    assert caught.value.file == raw / "tasks" / f"{NAME}.json"
    if "not a task" not in words:
        assert caught.value.line == 4


def test_a_syntax_error_is_told_by_its_line(tmp_path):
    with pytest.raises(InputError) as caught:
        read(make_raw(tmp_path, ROW, "{no}", ROW))
    assert caught.value.line == 4


def test_bytes_that_are_not_utf8_are_told(tmp_path):
    raw = make_raw(tmp_path, ROW)
    file = raw / "tasks" / f"{NAME}.json"
    file.write_bytes(file.read_bytes().replace(b"Where?", b"Wher\xff?"))
    with pytest.raises(InputError) as caught:
        read(raw)
    assert (caught.value.file, caught.value.line) == (file, 3)


def test_the_line_is_that_of_the_row_and_not_of_an_equal_example(tmp_path):
    raw = make_raw(tmp_path, {"id": "b", "input": "x", "output": []})
    file = raw / "tasks" / f"{NAME}.json"
    example = json.dumps({"id": "b", "input": "x", "output": []})
    file.write_text(file.read_text().replace('"Definition": ["Answer."]', f'"Examples": [{example}]'))
    with pytest.raises(InputError, match="no output") as caught:
        read(raw)
    assert caught.value.line == 3


def test_a_task_outside_the_split_is_refused(tmp_path):
    raw = make_raw(tmp_path, ROW, split=[f"{NAME}_and_more"])
    with pytest.raises(InputError, match=f"{NAME} is not in the default test split") as caught:
        read(raw)
    assert caught.value.file == raw / "splits" / "default" / "test_tasks.txt"


@pytest.mark.parametrize("absent", ["tasks", "splits"])
def test_missing_files_are_told(tmp_path, absent):
    raw = make_raw(tmp_path / "raw", ROW)
    (raw / absent).rename(tmp_path / absent)
    with pytest.raises(InputError, match="at or below this folder") as caught:
        read(raw)
    assert caught.value.file == raw


def test_a_task_without_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match="no rows"):
        prepare_official(
            CARD.model_copy(update={"data": CARD.data.model_copy(update={"reader": "natural_instructions"})}),
            make_raw(tmp_path / "raw"),
            tmp_path / "data",
            ReaderOptions(),
        )

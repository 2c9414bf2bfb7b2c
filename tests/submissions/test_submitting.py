"""From files as users bring them to a submission folder, or to every fault with their own file and line."""

import csv
import json
from contextlib import suppress

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.submissions.description import Model, read_description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.lines import MAX_LINE
from mibench.submissions.raw import COLUMNS, read_raw
from mibench.submissions.reading import validate
from mibench.submissions.submitting import raw_tasks, submit
from mibench.submissions.writing import describe
from tests.builders import answers, make_data, opened

ROWS = 3
HEADER = "task,instance,instruction,prediction\n"
GOOD = {"task": "nlvr", "instance": "row-0", "instruction": 1, "prediction": "yes"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), ROWS)


def answered(data, *tasks, answer=lambda row, number: row.targets[0]):
    return [{"task": task, **row} for task in tasks or data.manifest.tasks for row in answers(data, task, answer)]


def write_raw(path, rows):
    """Write rows in the format that the file's name asks for."""
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(zstandard.compress(content) if path.suffix == ".zst" else content)
    return path


def submit_files(files, output, data):
    cards = raw_tasks(files, load_cards())
    submit(files, output, describe("Test", Model(name="test"), cards, data), load_cards(), data)


def texts(folder, data, task):
    submission = opened(folder, data)
    return {(found.row, found.instruction): found.text for found in submission.answers(task, submission.rows(task))}


def read_one(tmp_path, content, name="answers.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(line, answer.text) for line, answer in read_raw(path)]


def fault_of(tmp_path, content, name="answers.csv"):
    with pytest.raises(InputError) as caught:
        read_one(tmp_path, content, name)
    assert caught.value.file == tmp_path / name
    return caught.value.line, caught.value.message


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "csv"])
def test_each_format_becomes_a_valid_submission(tmp_path, data, suffix):
    file = write_raw(tmp_path / f"answers.{suffix}", answered(data))
    submit_files([file], tmp_path / "out", data)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["predictions", "submission.yaml"]
    assert list(read_description(tmp_path / "out").cards) == ["nlvr", "text_vqa"]
    validate(opened(tmp_path / "out", data))
    assert texts(tmp_path / "out", data, "text_vqa")[2, 4] == "north gate 2"


def test_one_task_may_stand_in_several_files_of_several_formats(tmp_path, data):
    rows = answered(data)
    names = ("a.jsonl", "b.csv", "c.jsonl.zst")
    files = [write_raw(tmp_path / name, rows[part::3]) for part, name in enumerate(names)]
    submit_files(files, tmp_path / "out", data)
    assert len(texts(tmp_path / "out", data, "nlvr")) == 5 * ROWS
    validate(opened(tmp_path / "out", data))


def test_only_the_answered_tasks_are_submitted(tmp_path, data):
    file = write_raw(tmp_path / "answers.jsonl", answered(data, "text_vqa"))
    submit_files([file], tmp_path / "out", data)
    assert list(read_description(tmp_path / "out").cards) == ["text_vqa"]


ODD = [
    'two\nlines, "quoted"',
    "crlf\r\nhere",
    " spaces ",
    "",
    "naïve 雪 🦊",
    "a\tb",
    "'",
    "=1+1",
    "NA",
    "null",
    "a\u2028b",
]


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_answers_survive_to_the_letter(tmp_path, data, suffix):
    rows = answered(data, "nlvr", answer=lambda row, number: ODD[(number + 5 * int(row.id[-1])) % len(ODD)])
    submit_files([write_raw(tmp_path / f"answers.{suffix}", rows)], tmp_path / "out", data)
    expected = {(row, number): ODD[(number + 1 + 5 * row) % len(ODD)] for row in range(ROWS) for number in range(5)}
    assert texts(tmp_path / "out", data, "nlvr") == expected


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_survives_csv(tmp_path_factory, text):
    file = write_raw(tmp_path_factory.mktemp("raw") / "answers.csv", [GOOD | {"prediction": text}])
    assert [answer.text for _, answer in read_raw(file)] == [text]


def test_csv_columns_may_stand_in_any_order_beside_others(tmp_path):
    content = "note,prediction,task,instruction,instance\nx,yes,nlvr, 1 ,row-0\n"
    assert read_one(tmp_path, content) == [(2, "yes")]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_as_spreadsheets_save_it(tmp_path, mark, end):
    content = f"{HEADER.strip()}{end}nlvr,row-0,1,yes{end}nlvr,row-0,2,no"
    assert read_one(tmp_path, mark + content.encode()) == [(2, "yes"), (3, "no")]


def test_extra_keys_of_a_line_are_passed_over(tmp_path):
    assert read_one(tmp_path, json.dumps(GOOD | {"model": "x"}), "answers.jsonl") == [(1, "yes")]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "the column 'task' is missing"),
        ("task,instance,instruction\nnlvr,row-0,1\n", 1, "the column 'prediction' is missing"),
        ("Task,instance,instruction,prediction\n", 1, "the column 'task' is missing"),
        ("nlvr,row-0,1,yes\n", 1, "the column 'task' is missing"),
        ("task,instance,instruction,prediction,prediction\n", 1, "the column 'prediction' stands twice"),
        ("task;instance;instruction;prediction\nnlvr;row-0;1;yes\n", 1, "the column 'task' is missing"),
        (HEADER + "nlvr,row-0,1\n", 2, "fewer cells than columns"),
        (HEADER + "nlvr,row-0,1,yes\nnlvr,row-0,2,no, it is not\n", 3, "more cells than columns"),
        (HEADER + "nlvr,row-0,one,yes\n", 2, "the instruction 'one' is not a number"),
        (HEADER + "nlvr,row-0,1.0,yes\n", 2, "the instruction '1.0' is not a number"),
        (HEADER + "nlvr,row-0,-1,yes\n", 2, "the instruction '-1' is not a number"),
        (HEADER + "nlvr,row-0,²,yes\n", 2, "the instruction '²' is not a number"),
        (HEADER + f"nlvr,row-0,{'9' * 5000},yes\n", 2, "is not a number"),
        (HEADER + 'nlvr,row-0,1,"yes\n', 2, "not CSV"),
        (HEADER + 'nlvr,row-0,1,"two\nlines"\nnlvr,row-0,2,"yes" no\n', 4, "not CSV"),
        (HEADER + f"nlvr,row-0,1,{'x' * MAX_LINE}x\n", 2, "not CSV"),
        ('"task,instance', 1, "not CSV"),
        ("x" * (MAX_LINE + 1), 1, "not CSV"),
    ],
)
def test_a_faulty_csv_is_told_by_its_line(tmp_path, content, line, words):
    at, message = fault_of(tmp_path, content)
    assert (at, words in message) == (line, True), message
    assert len(message) < 500


def test_csv_that_is_not_utf8_is_told(tmp_path):
    _, message = fault_of(tmp_path, HEADER.encode() + "nlvr,row-0,1,café\n".encode("latin-1"))
    assert "not UTF-8" in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"yes", "not a prediction"),
        (b"", "not a prediction"),
        (b"[" * 100_000, "not a prediction"),
        (json.dumps({**GOOD, "instruction": "1"}).encode(), "Expected `int`, got `str`"),
        (json.dumps({**GOOD, "prediction": None}).encode(), "Expected `str`, got `null`"),
        (json.dumps({"instance": "row-0"}).encode(), "missing required field `task`"),
        (b'{"task": "\xff"}', "not a prediction"),
        (b'"' + b"x" * MAX_LINE + b'"', "the line is over 1 MiB"),
    ],
)
def test_a_faulty_json_line_is_told_by_its_number(tmp_path, content, words):
    good = json.dumps(GOOD).encode()
    line, message = fault_of(tmp_path, b"\n".join([good, content, good]), "answers.jsonl")
    assert (line, words in message) == (2, True), message


@pytest.mark.parametrize("name", ["absent.csv", "absent.jsonl", "absent.jsonl.zst"])
def test_a_missing_file_is_told(tmp_path, name):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(read_raw(tmp_path / name))


def test_another_kind_of_file_is_refused(tmp_path):
    line, message = fault_of(tmp_path, "", "answers.xlsx")
    assert (line, message) == (None, "unknown kind of file")


def test_an_unknown_task_is_told_by_its_line(tmp_path):
    file = write_raw(tmp_path / "answers.csv", [GOOD, GOOD | {"task": "moon"}])
    with pytest.raises(InputError, match="unknown task 'moon'") as caught:
        raw_tasks([file], load_cards())
    assert (caught.value.file, caught.value.line) == (file, 3)


def test_files_without_predictions_are_refused(tmp_path):
    files = [write_raw(tmp_path / "answers.csv", []), write_raw(tmp_path / "answers.jsonl", [])]
    with pytest.raises(InputError, match="no predictions"):
        raw_tasks(files, load_cards())


def test_faults_are_told_by_the_users_own_file_and_line(tmp_path, data):
    rows = answered(data, "nlvr")
    first = write_raw(tmp_path / "first.csv", [rows[0], rows[1] | {"prediction": "two\nlines"}, rows[0], *rows[4:]])
    second = write_raw(tmp_path / "second.jsonl", [rows[2] | {"instruction": 6}, rows[3] | {"instance": "row-9"}])
    with pytest.raises(InvalidSubmissionError) as caught:
        submit_files([first, second], tmp_path / "out", data)
    found = [(fault.file.name, fault.line, fault.message) for fault in caught.value.faults]
    assert found == [
        ("first.csv", 5, "instance 'row-0', instruction 1 is answered twice"),
        ("second.jsonl", 1, "instruction 6 is not 1 to 5"),
        ("second.jsonl", 2, "unknown instance 'row-9'"),
        ("nlvr", None, "2 of 15 rows missing, the first: instance 'row-0', instruction 3"),
    ]


def test_a_failure_leaves_nothing_behind(tmp_path, data):
    good, raw = answered(data), tmp_path / "raw"
    raw.mkdir()
    faulty = {
        "short.csv": good[:-1],
        "twice.jsonl": [*good, good[0]],
        "type.jsonl": [*good, good[0] | {"instruction": None}],
        "long.csv": [good[0] | {"prediction": "\\" * MAX_LINE}, *good[1:]],
    }
    for name, rows in faulty.items():
        with pytest.raises(InputError):
            submit_files([write_raw(raw / name, rows)], tmp_path / "out", data)
        assert [path.name for path in tmp_path.iterdir()] == ["raw"], name


def test_an_existing_folder_is_never_overwritten(tmp_path, data):
    file = write_raw(tmp_path / "answers.csv", answered(data))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("Dear all")
    with pytest.raises(InputError, match="exists already"):
        submit_files([file], tmp_path / "out", data)
    assert (tmp_path / "out" / "letter.txt").read_text() == "Dear all"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=200) | st.text(st.sampled_from('nlvr,"\n\r;1\0é'), max_size=60).map(str.encode),
    headed=st.booleans(),
    name=st.sampled_from(["answers.csv", "answers.jsonl", "answers.jsonl.zst"]),
)
def test_random_files_raise_nothing_but_an_input_error(tmp_path_factory, content, headed, name):
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(HEADER.encode() + content if headed else content)
    with suppress(InputError):
        assert all(line >= 1 for line, _ in read_raw(path))

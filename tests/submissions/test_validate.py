"""Every fault that a submission can have is told with its file and line."""

import json

import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.faults import SHOWN
from mibench.submissions.description import FILE_NAME, read_description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.lines import MAX_LINE
from mibench.submissions.reading import validate
from tests.builders import make_data, make_submission, opened

GOOD = {"instance": "row-0", "instruction": 1, "prediction": "yes"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), tasks=["nlvr"])


@pytest.fixture
def folder(tmp_path, data):
    return make_submission(tmp_path / "submission", data)


def faults(folder, data):
    """Return (name, line, message) of each fault shown."""
    try:
        validate(opened(folder, data))
    except InvalidSubmissionError as error:
        return [(fault.file.name, fault.line, fault.message) for fault in error.faults]
    return []


def replace_line(folder, number, content):
    """Put other bytes in place of a line of the NLVR predictions, counted from 1."""
    file = folder / "predictions" / "nlvr.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[number - 1] = content + b"\n"
    file.write_bytes(b"".join(lines))


def line(**changes):
    return json.dumps(GOOD | changes).encode()


def test_a_complete_submission_has_no_faults(folder, data):
    assert faults(folder, data) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"yes", "not JSON"),
        (b"", "blank line"),
        (b'{"instance": "row-0", "instruction": 1', "not JSON"),
        (b'{"instance": "row-0", "instruction": 1, "prediction": "\xff"}', "not UTF-8"),
        (b'{"instance": "row-0", "instruction": 1, "prediction": "\\ud800"}', "half of a surrogate pair"),
        (b"\xef\xbb\xbf" + line(), "not JSON"),
        (line(instance="row-99"), "unknown instance 'row-99'"),
        (line(instance="x" * 10_000), "unknown instance"),
        (line(instance=0), "Expected `str`, got `int` - at `$.instance`"),
        (line(instruction=6), "instruction 6 is not 1 to 5"),
        (line(instruction=0), "instruction 0 is not 1 to 5"),
        (line(instruction=10**30), "is not 1 to 5"),
        (line(instruction="1"), "Expected `int`, got `str` - at `$.instruction`"),
        (line(instruction=1.0), "Expected `int`, got `float`"),
        (line(instruction=True), "Expected `int`, got `bool`"),
        (line(prediction=None), "Expected `str`, got `null` - at `$.prediction`"),
        (line(prediction=1), "Expected `str`, got `int`"),
        (line(prediction=float("nan")), "not JSON"),
        (line(option_scores=[float("inf")]), "not JSON"),
        (line(option_scores=["a"]), "at `$.option_scores[0]`"),
        (line(option_scores=[0.0]), "1 option_scores for the 2 options of instance 'row-0'"),
        (line(option_scores=[]), "0 option_scores for the 2 options of instance 'row-0'"),
        (line(option_scores=[0.0, 0.0, 0.0]), "3 option_scores for the 2 options of instance 'row-0'"),
        (line(option_scores_per_token=[0.0, 0.0]), "option_scores_per_token without option_scores of instance"),
        (
            line(option_scores=[0.0, 0.0], option_scores_per_token=[0.0]),
            "1 option_scores_per_token for the 2 options of instance 'row-0'",
        ),
        (line(option_scores=[0.0, 0.0], option_scores_per_token=[True, 0.0]), "at `$.option_scores_per_token[0]`"),
        (line(failed=1), "Expected `str | null`, got `int` - at `$.failed`"),
        (line(failed=True), "Expected `str | null`, got `bool` - at `$.failed`"),
        (line(extra=1), "unknown field `extra`"),
        (b'{"instance": "row-0"}', "missing required field"),
        (b"[1]", "Expected `object`, got `array`"),
        (line()[:-1] + b', "option_scores": ' + b"[" * 100_000, "not a prediction"),
        (b"[" * 100_000, "not a prediction"),
        (b'{"a":' * 100_000, "not a prediction"),
        (b'"' + b"x" * MAX_LINE + b'"', "over 1 MiB"),
    ],
)
def test_a_faulty_line_is_told_by_its_number(folder, data, content, words):
    replace_line(folder, 1, content)
    found = faults(folder, data)
    assert any(file == "nlvr.jsonl" and number == 1 and words in message for file, number, message in found), found
    assert any("1 of 30 rows missing, the first: instance 'row-0', instruction 1" in message for *_, message in found)
    assert len(found) == 2


@pytest.mark.parametrize(
    "content",
    [
        line(prediction="", failed="no reply"),
        line(prediction="", failed=""),
        line(option_scores=[0.0, -1]),
        line(option_scores=[0.0, -1.5], option_scores_per_token=[0.0, -0.5]),
        line(option_scores=None, option_scores_per_token=None, failed=None),
    ],
)
def test_a_line_may_hold_more_than_the_answer(folder, data, content):
    replace_line(folder, 1, content)
    assert faults(folder, data) == []


def keep_wordings(folder, described, answered):
    """Say in the description which wordings were asked, and keep the answers to some."""
    with (folder / FILE_NAME).open("a") as file:
        file.write(f"wordings: {described}\n")
    file = folder / "predictions" / "nlvr.jsonl"
    lines = [one for one in file.read_text().splitlines(keepends=True) if json.loads(one)["instruction"] in answered]
    file.write_text("".join(lines))


def test_wordings_that_were_not_asked_are_not_missing(folder, data):
    keep_wordings(folder, [2, 5], [2, 5])
    assert faults(folder, data) == []


def test_an_answer_to_a_wording_that_was_not_asked_is_a_fault(folder, data):
    keep_wordings(folder, [2], [2, 5])
    message = "instruction 5 is not one of the wordings in submission.yaml"
    assert faults(folder, data) == [("nlvr.jsonl", number, message) for number in range(2, 13, 2)]


def test_a_wording_that_was_asked_and_is_not_answered_is_missing(folder, data):
    keep_wordings(folder, [2, 5], [2])
    (message,) = [message for *_, message in faults(folder, data)]
    assert message.startswith("6 of ")
    assert message.endswith("rows missing, the first: instance 'row-0', instruction 5")


def test_a_duplicate_is_told_on_its_second_line(folder, data):
    with (folder / "predictions" / "nlvr.jsonl").open("ab") as file:
        file.write(line() + b"\n")
    assert faults(folder, data) == [("nlvr.jsonl", 31, "instance 'row-0', instruction 1 is answered twice")]


def test_a_duplicate_over_two_files_is_found(folder, data):
    (folder / "predictions" / "nlvr.more.jsonl").write_bytes(line() + b"\n")
    assert [message for *_, message in faults(folder, data)] == ["instance 'row-0', instruction 1 is answered twice"]


def test_an_empty_file_is_told(folder, data):
    (folder / "predictions" / "nlvr.jsonl").write_bytes(b"")
    messages = [message for *_, message in faults(folder, data)]
    assert messages[0] == "empty file"
    assert messages[1].startswith("30 of 30 rows missing")


def test_a_missing_file_is_missing_rows(folder, data):
    (folder / "predictions" / "nlvr.jsonl").unlink()
    assert [message[:24] for *_, message in faults(folder, data)] == ["30 of 30 rows missing, t"]


def test_a_file_of_an_unknown_task_is_told(folder, data):
    (folder / "predictions" / "nvlr.jsonl").write_bytes(line())
    (folder / "predictions" / "text_vqa.jsonl").write_bytes(line())
    (folder / "predictions" / "notes.txt").write_bytes(b"")
    found = {file: message for file, _, message in faults(folder, data)}
    assert found == {
        "nvlr.jsonl": "unknown task 'nvlr'",
        "text_vqa.jsonl": "the task 'text_vqa' is not in submission.yaml",
        "notes.txt": "not a file of predictions",
    }


def test_symbolic_links_are_refused(folder, data, tmp_path):
    outside = tmp_path / "outside.jsonl"
    file = folder / "predictions" / "nlvr.jsonl"
    file.rename(outside)
    file.symlink_to(outside)
    (folder / "notes").symlink_to(tmp_path)
    found = faults(folder, data)
    assert ("nlvr.jsonl", None, "a symbolic link") in found
    assert ("notes", None, "a symbolic link") in found


def test_a_linked_folder_or_description_is_refused(folder, data, tmp_path):
    (folder / "predictions").rename(tmp_path / "elsewhere")
    (folder / "predictions").symlink_to(tmp_path / "elsewhere")
    assert ("predictions", None, "no folder of predictions") in faults(folder, data)
    (folder / FILE_NAME).rename(tmp_path / "description")
    (folder / FILE_NAME).symlink_to(tmp_path / "description")
    with pytest.raises(InputError, match="a symbolic link"):
        read_description(folder)


def test_a_damaged_or_hostile_zstd_file_is_a_fault(folder, data):
    file = folder / "predictions" / "nlvr.jsonl"
    content = file.read_bytes()
    file.unlink()
    packed = file.with_name("nlvr.jsonl.zst")
    packed.write_bytes(zstandard.compress(content))
    assert faults(folder, data) == []
    packed.write_bytes(zstandard.compress(content)[:-20])
    assert faults(folder, data)
    packed.write_bytes(b"no zstd")
    assert any("damaged zstd file" in message for *_, message in faults(folder, data))
    packed.write_bytes(zstandard.compress(b"x" * (64 << 20)))
    assert any("over 1 MiB" in message for *_, message in faults(folder, data))


def test_twenty_faults_are_shown_and_the_rest_counted(folder, data):
    (folder / "predictions" / "nlvr.jsonl").write_bytes(b"no\n" * 100)
    with pytest.raises(InvalidSubmissionError) as caught:
        validate(opened(folder, data))
    assert len(caught.value.faults) == 101
    lines = str(caught.value).splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "... and 81 more"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("format: 1", "format: 2", "format"),
        ("name: Test", "name: ''", "name"),
        ("world: official", "world: moon", "world"),
        ("seed: 0", "seed: zero", "seed"),
        ("seed: 0", "sead: 0", "sead"),
        ("created: ", "created: on ", "created"),
        ("model:\n  name: test", "model:\n  name: test\n  url: javascript:alert(1)", "model.url"),
        ("format: 1", "format: [", "not YAML"),
        ("format: 1", "format: !!python/object/apply:os.system [x]", "not YAML"),
        ("format: 1", "[" * 3000, "not YAML"),
    ],
)
def test_a_faulty_description_is_told(folder, data, old, new, words):
    file = folder / FILE_NAME
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        opened(folder, data)
    assert words in str(caught.value)
    assert caught.value.file == file


def test_other_data_or_another_card_is_a_fault(folder, data):
    file = folder / FILE_NAME
    text = file.read_text()
    file.write_text(text.replace("nlvr: sha256:", "nlvr: sha256:0"))
    messages = [message for *_, message in faults(folder, data)]
    assert messages == ["the card of nlvr has changed since", "the data of nlvr is not what was answered"]


def test_an_unknown_task_in_the_description_is_a_fault(folder, data):
    with (folder / FILE_NAME).open("a") as file:
        file.write("limit: 6\n")
    text = (folder / FILE_NAME).read_text().replace("cards:\n", "cards:\n  moon: sha256:0\n")
    (folder / FILE_NAME).write_text(text)
    messages = [message for *_, message in faults(folder, data)]
    assert messages == ["unknown task 'moon'", "the task 'moon' stands under one of data and cards only"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
near_misses = st.fixed_dictionaries(
    {"instance": st.just("row-0") | json_values, "instruction": st.integers(-1, 7) | json_values},
    optional={
        **dict.fromkeys(["prediction", "option_scores", "option_scores_per_token"], json_values),
        "failed": st.text(max_size=8) | json_values,
    },
)
lines = st.binary(max_size=200) | (json_values | near_misses).map(lambda value: json.dumps(value).encode())


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.lists(lines, max_size=5).map(b"\n".join), packed=st.booleans(), whole=st.booleans())
@example(content=b"\x28\xb5\x2f\xfd", packed=False, whole=True)
def test_random_bytes_and_random_json_never_break_validate(tmp_path_factory, data, content, packed, whole):
    folder = tmp_path_factory.mktemp("fuzz") / "submission"
    make_submission(folder, data)
    file = folder / "predictions" / "nlvr.jsonl"
    content = content if whole else file.read_bytes() + content
    if packed:
        file.unlink()
        file = file.with_name("nlvr.jsonl.zst")
    file.write_bytes(content)
    for _, _, message in faults(folder, data):
        assert message


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_random_descriptions_raise_one_input_error(tmp_path_factory, data, content):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(InputError):
        read_description(folder)

import json
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mibench import __version__
from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.instances import Failure, Prediction
from mibench.submissions.description import Model
from mibench.submissions.lines import MAX_LINE, read_lines
from mibench.submissions.writing import (
    PredictionWriter,
    describe,
    finished_file,
    prediction_line,
    write_predictions,
)
from tests.builders import make_data


def prediction(text="yes", **changes):
    fields = {"task": "nlvr", "instance": "row-0", "instruction": 1, "text": text}
    return Prediction(**fields | changes)


def failure(reason="no reply"):
    return Failure(task="nlvr", instance="row-0", instruction=1, reason=reason)


def test_a_description_holds_what_the_answers_depend_on(tmp_path):
    data, card = make_data(tmp_path), load_cards()["nlvr"]
    found = describe("Test", Model(name="test"), iter([card]), data, adapter="echo", decoding={"a": 1}, seed=2, limit=3)
    assert found.data == {"nlvr": data.entry("nlvr").digest}
    assert found.cards == {"nlvr": card.digest}
    assert (found.harness, found.world, found.seed, found.limit) == (__version__, "official", 2, 3)
    assert (found.adapter, found.decoding, found.instructions) == ("echo", {"a": 1}, "builtin")
    assert (found.wordings, found.blind) == (None, False)
    made = datetime.strptime(found.created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta() <= datetime.now(UTC) - made < timedelta(minutes=5)


def test_a_description_holds_what_was_not_asked(tmp_path):
    data, card = make_data(tmp_path), load_cards()["nlvr"]
    found = describe("Test", Model(name="test"), [card], data, wordings=(1, 3), blind=True)
    assert (found.wordings, found.blind) == ((1, 3), True)


def test_a_task_without_data_cannot_be_described(tmp_path):
    data = make_data(tmp_path, tasks=["nlvr"])
    with pytest.raises(InputError, match="no data for task 'text_vqa'"):
        describe("Test", Model(name="test"), [load_cards()["text_vqa"]], data)


def test_a_line_holds_the_three_keys_and_more_where_there_is_more():
    scored = prediction(option_scores=[-0.5, -1.25])
    per_token = prediction(option_scores=[-0.5, -1.25], option_scores_per_token=[-0.25, -1.25])
    assert [prediction_line(one) for one in (prediction(), scored, per_token, failure())] == [
        b'{"instance":"row-0","instruction":1,"prediction":"yes"}\n',
        b'{"instance":"row-0","instruction":1,"prediction":"yes","option_scores":[-0.5,-1.25]}\n',
        b'{"instance":"row-0","instruction":1,"prediction":"yes","option_scores":[-0.5,-1.25],'
        b'"option_scores_per_token":[-0.25,-1.25]}\n',
        b'{"instance":"row-0","instruction":1,"prediction":"","failed":"no reply"}\n',
    ]


def test_a_failure_without_a_reason_is_one_all_the_same():
    assert json.loads(prediction_line(failure("")))["failed"] == ""


def test_writing_appends(tmp_path):
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([prediction("one")])
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([])
        writer.write([prediction("two")])
    assert writer.path == tmp_path / "predictions" / "nlvr.jsonl"
    assert [json.loads(line)["prediction"] for line in writer.path.read_text().splitlines()] == ["one", "two"]


@given(st.text(st.characters()), st.booleans())
def test_any_text_is_one_line_of_utf8(text, failed):
    content = prediction_line(failure(text) if failed else prediction(text))
    assert content.splitlines(keepends=True) == [content]
    assert content.index(b"\n") == len(content) - 1
    expected = "".join("?" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    assert json.loads(content)["failed" if failed else "prediction"] == expected


def test_the_longest_line_that_readers_take_can_be_written_and_no_longer_one(tmp_path):
    room = MAX_LINE - len('{"instance":"row-0","instruction":1,"prediction":""}\n')
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([prediction("x" * room)])
        with pytest.raises(InputError, match="the answer to instance 'row-0' of nlvr, instruction 1 is over 1 MiB"):
            writer.write([prediction("x" * (room + 1))])
    assert [len(line) for _, line in read_lines(writer.path)] == [MAX_LINE]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("key", ["option_scores", "option_scores_per_token"])
def test_an_option_score_that_json_cannot_hold_is_refused(key, value):
    with pytest.raises(InputError, match="an option score of instance 'row-0' of nlvr, instruction 1 is not finite"):
        prediction_line(prediction(**{"option_scores": [-1.0, -2.0], key: [-1.0, value]}))


LINES = [prediction_line(prediction(str(number))) for number in range(10_000)]


def written(folder, *, compressed, lines=LINES):
    write_predictions(folder, "nlvr", iter(lines), compressed=compressed)
    (file,) = (folder / "predictions").iterdir()
    return file


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("lines", [[], LINES[:1], LINES], ids=len)
def test_all_predictions_of_a_task_are_written_in_one_go(tmp_path, compressed, lines):
    assert finished_file(tmp_path, "nlvr") is None
    file = written(tmp_path, compressed=compressed, lines=lines)
    assert file == finished_file(tmp_path, "nlvr")
    assert file.name == ("nlvr.jsonl.zst" if compressed else "nlvr.jsonl")
    assert [line for _, line in read_lines(file)] == lines


def test_compressing_makes_them_small_and_the_same_bytes_each_time(tmp_path):
    one, two = (written(tmp_path / name, compressed=True).read_bytes() for name in ("one", "two"))
    assert one == two
    assert len(one) < sum(map(len, LINES)) / 5
    assert zstandard.ZstdDecompressor().stream_reader(one).readall() == b"".join(LINES)


@pytest.mark.parametrize("compressed", [False, True])
def test_what_was_there_before_is_replaced_however_it_was_written(tmp_path, compressed):
    written(tmp_path, compressed=not compressed, lines=LINES[:5])
    assert [line for _, line in read_lines(written(tmp_path, compressed=compressed))] == LINES


def test_an_error_while_writing_leaves_what_was_there(tmp_path):
    def broken():
        yield LINES[0]
        raise InputError("request 1 has no answer")

    with pytest.raises(InputError):
        write_predictions(tmp_path, "nlvr", broken(), compressed=False)
    assert finished_file(tmp_path, "nlvr") is None
    write_predictions(tmp_path, "nlvr", LINES[:5], compressed=False)
    with pytest.raises(InputError):
        write_predictions(tmp_path, "nlvr", broken(), compressed=False)
    assert [line for _, line in read_lines(finished_file(tmp_path, "nlvr"))] == LINES[:5]

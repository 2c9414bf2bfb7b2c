import json
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mibench import __version__
from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.instances import Prediction
from mibench.submissions.description import Model
from mibench.submissions.lines import MAX_LINE, read_lines
from mibench.submissions.writing import PredictionWriter, compress, describe, packed_path
from tests.builders import make_data


def prediction(text="yes", **changes):
    fields = {"task": "nlvr", "instance": "row-0", "instruction": 1, "text": text}
    return Prediction(**fields | changes)


def test_a_description_holds_what_the_answers_depend_on(tmp_path):
    data, card = make_data(tmp_path), load_cards()["nlvr"]
    found = describe("Test", Model(name="test"), iter([card]), data, adapter="echo", decoding={"a": 1}, seed=2, limit=3)
    assert found.data == {"nlvr": data.entry("nlvr").digest}
    assert found.cards == {"nlvr": card.digest}
    assert (found.harness, found.world, found.seed, found.limit) == (__version__, "official", 2, 3)
    assert (found.adapter, found.decoding, found.instructions) == ("echo", {"a": 1}, "builtin")
    made = datetime.strptime(found.created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta() <= datetime.now(UTC) - made < timedelta(minutes=5)


def test_a_task_without_data_cannot_be_described(tmp_path):
    data = make_data(tmp_path, tasks=["nlvr"])
    with pytest.raises(InputError, match="no data for task 'text_vqa'"):
        describe("Test", Model(name="test"), [load_cards()["text_vqa"]], data)


def test_a_line_holds_the_three_keys_and_scores_where_there_are_any(tmp_path):
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([prediction(), prediction(option_scores=[-0.5, -1.25])])
    assert writer.path == tmp_path / "predictions" / "nlvr.jsonl"
    assert writer.path.read_text() == (
        '{"instance":"row-0","instruction":1,"prediction":"yes"}\n'
        '{"instance":"row-0","instruction":1,"prediction":"yes","option_scores":[-0.5,-1.25]}\n'
    )


def test_writing_appends_and_flushing_hands_over(tmp_path):
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([prediction("one")])
        writer.flush()
        assert writer.path.read_bytes().count(b"\n") == 1
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([])
        writer.write([prediction("two")])
    assert [json.loads(line)["prediction"] for line in writer.path.read_text().splitlines()] == ["one", "two"]


@given(st.text(st.characters()))
def test_any_text_is_one_line_of_utf8(tmp_path_factory, text):
    with PredictionWriter(tmp_path_factory.mktemp("out"), "nlvr") as writer:
        writer.write([prediction(text)])
    content = writer.path.read_bytes()
    assert content.index(b"\n") == len(content) - 1
    expected = "".join("?" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    assert json.loads(content)["prediction"] == expected


def test_the_longest_line_that_readers_take_can_be_written_and_no_longer_one(tmp_path):
    room = MAX_LINE - len('{"instance":"row-0","instruction":1,"prediction":""}\n')
    with PredictionWriter(tmp_path, "nlvr") as writer:
        writer.write([prediction("x" * room)])
        with pytest.raises(InputError, match="the answer to instance 'row-0' of nlvr, instruction 1 is over 1 MiB"):
            writer.write([prediction("x" * (room + 1))])
    assert [len(line) for _, line in read_lines(writer.path)] == [MAX_LINE]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_an_option_score_that_json_cannot_hold_is_refused(tmp_path, value):
    with PredictionWriter(tmp_path, "nlvr") as writer, pytest.raises(InputError, match="is not finite"):
        writer.write([prediction(option_scores=[-1.0, value])])
    assert writer.path.read_bytes() == b""


def test_compressing_replaces_the_file_and_keeps_its_lines(tmp_path):
    path = tmp_path / "nlvr.jsonl"
    path.write_bytes(b"a\n" * 10_000)
    packed = compress(path)
    assert packed == packed_path(path) == tmp_path / "nlvr.jsonl.zst"
    assert [file.name for file in tmp_path.iterdir()] == ["nlvr.jsonl.zst"]
    assert zstandard.ZstdDecompressor().stream_reader(packed.read_bytes()).readall() == b"a\n" * 10_000
    assert sum(1 for _ in read_lines(packed)) == 10_000


def test_compressing_is_the_same_bytes_each_time(tmp_path):
    contents = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(b"a\nb\n" * 1000)
        contents.append(compress(path).read_bytes())
    assert contents[0] == contents[1]

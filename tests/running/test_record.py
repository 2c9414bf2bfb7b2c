import json
import re
import sys
from types import SimpleNamespace

import pytest

from mibench import __version__
from mibench.errors import InputError
from mibench.running.record import FILE_NAME, MAX_BYTES, RunRecord, TaskRecord, read_record


def record(folder, command="mibench run --model echo"):
    return RunRecord(folder, command=command, engine="local", batch_size=64, seed=3)


def sessions(folder):
    content = json.loads((folder / FILE_NAME).read_text())
    assert content["format"] == 1
    return content["sessions"]


def test_a_session_says_how_the_answers_came_about(tmp_path):
    kept = record(tmp_path)
    kept.session.tasks["nlvr"] = TaskRecord(answered=30, failed=2, seconds=1.5, model_seconds=1.25)
    kept.session.usage = {"tokens": 12.0}
    kept.close("finished")
    (found,) = sessions(tmp_path)
    assert (found["command"], found["engine"], found["batch_size"], found["seed"], found["end"]) == (
        *("mibench run --model echo", "local", 64, 3, "finished"),
    )
    assert found["tasks"] == {"nlvr": {"answered": 30, "failed": 2, "seconds": 1.5, "model_seconds": 1.25}}
    assert found["usage"] == {"tokens": 12.0}
    assert found["packages"]["mibench"] == __version__
    assert {"pillow", "numpy"} <= found["packages"].keys()
    assert re.match(r"3\.\d+\.\d+ on \w+ \w+", found["python"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["started"])
    assert found["started"] <= found["ended"]
    assert 0 <= found["seconds"] < 60
    assert 10 < found["peak_memory_mib"] < 100_000


def test_sessions_follow_each_other(tmp_path):
    record(tmp_path, "first").close("interrupted")
    record(tmp_path, "killed").write()
    record(tmp_path, "last").close("finished")
    assert [(one["command"], one.get("end"), "ended" in one) for one in sessions(tmp_path)] == [
        ("first", "interrupted", True),
        ("killed", None, False),
        ("last", "finished", True),
    ]
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    ("cards", "device", "memory"), [([], "CPU, 3 of 8 threads", None), (["H100", "H100"], "H100, H100", 1.5)]
)
def test_the_device_is_told_where_torch_is_in_use(tmp_path, monkeypatch, cards, device, memory):
    cuda = SimpleNamespace(
        is_available=lambda: bool(cards),
        device_count=lambda: len(cards),
        get_device_name=cards.__getitem__,
        max_memory_allocated=lambda: 3 * 2**19,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda, get_num_threads=lambda: 3))
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    record(tmp_path).close("finished")
    (found,) = sessions(tmp_path)
    assert (found["device"], found.get("peak_gpu_memory_mib")) == (device, memory)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sessions": 1}', b'{"format": 2, "sessions": []}', b"\xff"])
def test_another_file_of_that_name_is_told_and_left_alone(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(InputError, match="not a record of runs") as caught:
        record(tmp_path)
    assert caught.value.file == tmp_path / FILE_NAME
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_what_a_later_version_adds_is_no_hindrance(tmp_path):
    record(tmp_path).close("finished")
    content = json.loads((tmp_path / FILE_NAME).read_text())
    content["sessions"][0]["weather"] = "fair"
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    record(tmp_path).close("finished")
    assert len(sessions(tmp_path)) == 2


def test_sessions_are_read_again(tmp_path):
    assert read_record(tmp_path) == []
    record(tmp_path, "first").close("interrupted")
    last = record(tmp_path, "last")
    last.session.tasks["nlvr"] = TaskRecord(answered=30)
    last.close("finished")
    found = read_record(tmp_path)
    assert [session.command for session in found] == ["first", "last"]
    assert found[-1] == last.session


def test_what_is_no_record_is_told_when_it_is_read(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / FILE_NAME).mkdir()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "long").mkdir()
    with (tmp_path / "long" / FILE_NAME).open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / FILE_NAME).write_text("[" * 100_000)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / FILE_NAME).write_text('{"format": 1, "sessions": [{}]}')
    for folder in ("folder", "link", "long", "deep", "broken"):
        with pytest.raises(InputError, match="not a record of runs") as caught:
            read_record(tmp_path / folder)
        assert caught.value.file == tmp_path / folder / FILE_NAME

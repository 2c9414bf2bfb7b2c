"""Real signals to a real run: it says how to go on, and goes on to the same submission."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mibench.cli.stopping import graceful_stop
from tests.builders import install_adapters, make_data
from tests.cli.program import mibench

GOES_ON = "and the same command goes on from there"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def adapters(tmp_path_factory):
    return install_adapters(tmp_path_factory.mktemp("adapters"))


def command(data, output, *arguments):
    fixed = ["--tasks", "nlvr,text_vqa", "--data", data.path, "--batch-size", "5", "--output", output]
    return ["run", "--model", "slow", *fixed, *arguments]


@pytest.fixture
def begun(tmp_path, data, adapters):
    """Start a run that sleeps in each batch after the second, and wait until it does."""
    running = []

    def begin(seconds):
        flag = tmp_path / "begun"
        slow = ["--model-args", f"seconds={seconds},after=2,begun={flag}"]
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "mibench", *map(str, command(data, tmp_path / "out", *slow))],
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(adapters)},
            )
        )
        until = time.monotonic() + 30
        while not flag.exists():
            assert time.monotonic() < until
            assert running[-1].poll() is None, running[-1].stderr.read()
            time.sleep(0.01)
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def ended(process):
    """Return the exit status and what went to stderr."""
    return process.communicate(timeout=30)[1], process.returncode


def same_as_a_whole_run(tmp_path, data, adapters, monkeypatch):
    monkeypatch.syspath_prepend(str(adapters))
    assert sorted(path.name for path in (tmp_path / "out" / "journal").glob("*.blocks")) == ["nlvr.blocks"]
    mibench(*command(data, tmp_path / "out"))
    mibench(*command(data, tmp_path / "whole"))
    for name in ("scores.json", "predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    names = [sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("out", "whole")]
    assert names[0] == names[1]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_when_the_batch_is_done(tmp_path, data, adapters, begun, monkeypatch, number, status):
    process = begun(0.4)
    process.send_signal(number)
    said, code = ended(process)
    assert code == status
    assert said.splitlines() == [
        "stopping when this batch is done; once more to stop at once",
        f"stopped; every answer so far is in {tmp_path / 'out'}, {GOES_ON}",
    ]
    same_as_a_whole_run(tmp_path, data, adapters, monkeypatch)


def test_a_second_signal_ends_the_run_at_once(tmp_path, data, adapters, begun, monkeypatch):
    process = begun(60)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith("stopping when this batch is done")
    process.send_signal(signal.SIGINT)
    said, code = ended(process)
    assert code == 130
    assert said == f"stopped; what is on disk stays, {GOES_ON}\n"
    same_as_a_whole_run(tmp_path, data, adapters, monkeypatch)


def test_a_run_that_was_killed_goes_on(tmp_path, data, adapters, begun, monkeypatch):
    process = begun(60)
    process.kill()
    assert ended(process) == ("", -signal.SIGKILL)
    same_as_a_whole_run(tmp_path, data, adapters, monkeypatch)


def test_two_processes_do_not_write_to_one_folder(tmp_path, data, adapters, begun, monkeypatch):
    process = begun(1)
    monkeypatch.syspath_prepend(str(adapters))
    result = mibench(*command(data, tmp_path / "out"), status=2)
    assert result.stderr == f"error: {tmp_path / 'out'}: another run is writing here (wait for it, or choose another)\n"
    process.send_signal(signal.SIGINT)
    assert ended(process)[1] == 130


def test_the_first_signal_is_a_wish_and_the_second_an_interrupt(capsys):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with graceful_stop() as stopping:
        assert not stopping()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping()
        assert stopping.status == 143
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert stopping.status == 143
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert capsys.readouterr().err == "stopping when this batch is done; once more to stop at once\n"


@pytest.fixture
def interruptible():
    """Let SIGINT interrupt, which is ignored where the tests run in a shell's background."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


def test_afterwards_signals_do_what_they_did(interruptible, capsys):
    with pytest.raises(ZeroDivisionError), graceful_stop() as stopping:
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert not stopping()

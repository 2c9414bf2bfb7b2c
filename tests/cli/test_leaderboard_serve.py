"""`mibench leaderboard serve`: a real server in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from mibench.cards import load_cards
from mibench.scoring.report import write_scores
from mibench.scoring.score import score_submission
from tests.builders import make_data, make_submission, opened
from tests.cli.program import mibench


@pytest.fixture
def folder(tmp_path):
    data = make_data(tmp_path / "data")
    submission = make_submission(tmp_path / "submissions" / "mine", data)
    write_scores(submission, score_submission(opened(submission, data), load_cards()))
    return tmp_path


@pytest.fixture
def serving(folder):
    """Start the server, and return its process and its address once it answers."""
    arguments = ["--submissions", folder / "submissions", "--data", folder / "data", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mibench", "leaderboard", "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MIBENCH_CACHE": str(folder / "cache"), "TMPDIR": str(folder)},
    )
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def page(address, place):
    with urllib.request.urlopen(address + place, timeout=10) as answer:
        return answer.read().decode()


def wait_for(process, words):
    """Read what the server tells until these words come."""
    line = ""
    while words not in line:
        line = process.stderr.readline()
        assert line, process.poll()
    return line


@pytest.mark.slow
def test_a_change_shows_and_a_fault_does_not(folder, serving):
    process, address = serving
    description = folder / "submissions" / "mine" / "submission.yaml"
    assert "Test" in page(address, "submissions/mine.html")
    text = description.read_text()
    description.write_text(text.replace("name: Test", "name: Renamed", 1))
    assert wait_for(process, "built again").endswith(": 1 submission\n")
    assert "Renamed" in page(address, "submissions/mine.html")
    description.write_text("broken")
    assert "submission.yaml" in wait_for(process, "the site stays as it was: ")
    assert "Renamed" in page(address, "index.html")
    description.write_text(text)
    wait_for(process, "built again")
    assert "Renamed" not in page(address, "index.html")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_leaves_nothing(folder, serving, number, status):
    process, address = serving
    assert address.startswith("http://127.0.0.1:")
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told.splitlines()[-1]) == (status, "stopping")
    assert not list(folder.glob("mibench-*"))


def test_a_taken_port_is_told_before_anything_is_built(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["--submissions", folder / "submissions", "--data", folder / "data", "--output", folder / "site"]
        result = mibench("leaderboard", "serve", *arguments, "--port", port, status=2)
    assert result.stderr == f"error: port {port} is taken (--port 0 takes a free one)\n"
    assert not (folder / "site").exists()


def test_a_faulty_submission_ends_the_start(folder):
    (folder / "submissions" / "mine" / "scores.json").unlink()
    arguments = ["--submissions", folder / "submissions", "--data", folder / "data", "--port", "0"]
    assert "the submission has no scores" in mibench("leaderboard", "serve", *arguments, status=2).stderr

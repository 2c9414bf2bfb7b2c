"""Whatever happens to the file, the blocks that are whole hold, and no answer is taken for another."""

import errno
import itertools
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.running import journal as module
from mibench.running.journal import Journal
from mibench.submissions.writing import prediction_line
from tests.builders import request

SIZE = 9
BLOCKS = [[0, 3], [1], [2, 5, 4]]
HEADER = "#block 3 00000000\n"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """No power is cut here; the disk need not be waited for."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


def answer(number, text=None):
    return number, request(number).answered(f"answer {number}" if text is None else text)


def failure(number, reason="broken"):
    return number, request(number).failed(reason)


def write(path, blocks=BLOCKS, size=SIZE):
    """Write a journal of these numbers, and return where each block ends."""
    ends = []
    with Journal(path, size) as journal:
        for block in blocks:
            journal.append(map(answer, block))
            ends.append(path.stat().st_size)
    return ends


def held(path, size=SIZE):
    """Return the numbers that a journal has answers to."""
    with Journal(path, size) as journal:
        return [number for number in range(size) if not journal.lacks(number)]


def rest(path, size=SIZE):
    """Answer what a journal lacks, and return its lines."""
    with Journal(path, size) as journal:
        journal.append(answer(number) for number in range(size) if journal.lacks(number))
    with Journal(path, size) as journal:
        assert (journal.answered, journal.failed) == (size, 0)
        return list(journal.lines())


WHOLE = [prediction_line(answer(number)[1]) for number in range(SIZE)]


def test_answers_come_back_in_the_order_of_the_plan(tmp_path):
    path = tmp_path / "made" / "nlvr.blocks"
    write(path)
    assert held(path) == [0, 1, 2, 3, 4, 5]
    assert rest(path) == WHOLE


def test_a_new_journal_lacks_everything(tmp_path):
    with Journal(tmp_path / "a", 3) as journal:
        assert (journal.answered, journal.failed) == (0, 0)
        assert all(journal.lacks(number) for number in range(3))
        with pytest.raises(InputError, match="request 0 has no answer"):
            next(journal.lines())


def test_a_plan_without_requests_has_no_lines(tmp_path):
    with Journal(tmp_path / "a", 0) as journal:
        assert list(journal.lines()) == []


def test_wherever_the_file_is_cut_the_blocks_before_hold(tmp_path):
    whole, path = tmp_path / "whole", tmp_path / "cut"
    ends, content = write(whole), whole.read_bytes()
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        count = sum(end <= cut for end in ends)
        assert held(path) == sorted(itertools.chain(*BLOCKS[:count])), cut
        assert path.stat().st_size == max([0, *ends[:count]])
        assert rest(path) == WHOLE


@pytest.mark.parametrize("byte", [b"\0", b"9", b"#"])
def test_wherever_a_byte_is_damaged_the_other_blocks_hold(tmp_path, byte):
    whole, path = tmp_path / "whole", tmp_path / "damaged"
    ends, content = write(whole), whole.read_bytes()
    for place in range(len(content)):
        damaged = sum(end <= place for end in ends)
        if content[place : place + 1] == byte:
            continue
        path.write_bytes(content[:place] + byte + content[place + 1 :])
        others = BLOCKS[:damaged] + BLOCKS[damaged + 1 :]
        assert held(path) == sorted(itertools.chain(*others)), place
        assert rest(path) == WHOLE


@pytest.mark.parametrize(
    "end",
    [
        b"\0" * 5000,
        b"\0" * 5000 + b"\n",
        b"\n\n",
        b"#block",
        b"#block 9 00000000\n",
        b"#block 0 0000000g\n",
        b"\xff{}\r",
    ],
)
def test_what_a_crash_left_at_the_end_is_cut_off(tmp_path, end):
    path = tmp_path / "a"
    *_, whole = write(path)
    with path.open("ab") as file:
        file.write(end)
    assert held(path) == [0, 1, 2, 3, 4, 5]
    assert path.stat().st_size == whole
    assert rest(path) == WHOLE


@pytest.mark.parametrize("damage", [b"\0" * 300 + b"\n", b"garbage\n", b"#block 70000 00000000\n", b"#block 1 0"])
def test_what_stands_between_blocks_is_passed_over(tmp_path, damage):
    path = tmp_path / "a"
    first, *_ = write(path)
    content = path.read_bytes()
    path.write_bytes(content[:first] + damage.rstrip(b"\n") + b"\n" + content[first:])
    assert held(path) == [0, 1, 2, 3, 4, 5]
    assert rest(path) == WHOLE


@pytest.mark.parametrize("text", [HEADER, "\n" + HEADER, HEADER * 2, f"\r{HEADER}abc", "\u2028\x85\x0b\x0c\x1c\0\r\n"])
def test_a_text_is_never_taken_for_a_header(tmp_path, text):
    path = tmp_path / "a"
    with Journal(path, SIZE) as journal:
        journal.append([answer(0), failure(1, text), answer(2, text)])
        journal.append([answer(3)])
    content = path.read_bytes()
    with Journal(path, SIZE) as journal:
        journal.append(map(answer, range(4, SIZE)))
        found = [msgspec.json.decode(line) for line in journal.lines()]
    assert (found[2]["prediction"], found[1]["failed"]) == (text, text)
    path.write_bytes(content.replace(b"answer 0", b"answer X"))
    assert held(path) == [3]


def test_a_damaged_line_longer_than_what_is_read_at_once_hides_nothing(tmp_path):
    path = tmp_path / "a"
    with Journal(path, SIZE) as journal:
        journal.append([answer(0, "x" * 200_000 + HEADER + "x" * 200_000)])
        journal.append([answer(1)])
    path.write_bytes(path.read_bytes().replace(b'"x', b'"y'))
    assert held(path) == [1]
    assert rest(path) == WHOLE


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.lists(st.text(st.characters()), min_size=1, max_size=3), max_size=4),
    cut=st.floats(0, 1),
    end=st.binary(max_size=40),
)
def test_any_texts_survive_any_cut(tmp_path_factory, texts, cut, end):
    path = tmp_path_factory.mktemp("journal") / "a"
    count, numbers, ends, blocks = sum(map(len, texts)), iter(range(99)), [0], [[]]
    with Journal(path, count) as journal:
        for block in texts:
            blocks.append([answer(next(numbers), text) for text in block])
            journal.append(blocks[-1])
            ends.append(path.stat().st_size)
    place = int(cut * ends[-1])
    path.write_bytes(path.read_bytes()[:place] + end)
    whole = [one for block, end in zip(blocks, ends, strict=True) if end <= place for one in block]
    with Journal(path, count) as journal:
        assert [number for number in range(count) if not journal.lacks(number)] == [number for number, _ in whole]
        journal.append(one for block in blocks for one in block if journal.lacks(one[0]))
        assert list(journal.lines()) == [prediction_line(one) for block in blocks for _, one in block]


def test_a_failure_is_no_answer_and_gives_way_to_one(tmp_path):
    path = tmp_path / "a"
    with Journal(path, 3) as journal:
        journal.append([answer(0), failure(1), failure(2)])
        assert (journal.answered, journal.failed) == (1, 2)
        assert [journal.lacks(number) for number in range(3)] == [False, True, True]
        assert [msgspec.json.decode(line).get("failed") for line in journal.lines()] == [None, "broken", "broken"]
        journal.append([answer(2), failure(1, "broken again")])
    with Journal(path, 3) as journal:
        assert (journal.answered, journal.failed) == (2, 1)
        assert [msgspec.json.decode(line).get("failed") for line in journal.lines()] == [None, "broken again", None]
        journal.append([answer(1)])
        assert list(journal.lines()) == WHOLE[:3]


def open_files():
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_numbers_that_the_plan_has_not_are_told(tmp_path):
    path = tmp_path / "a"
    write(path)
    before, files = path.read_bytes(), open_files()
    with pytest.raises(InputError, match="answers request 5 of 5") as caught:
        Journal(path, 5)
    assert (caught.value.file, caught.value.remedy) == (path, "choose another --output")
    assert path.read_bytes() == before
    assert open_files() == files


@pytest.mark.parametrize("written", [0, 1, 30, 10_000])
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch, written):
    path, pwrite = tmp_path / "a", os.pwrite
    write(path)
    before = path.read_bytes()

    def full(file, content, place):
        if place > len(before):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(file, content[:written], place) if written else full(file, content, place + 1)

    with Journal(path, SIZE) as journal:
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", full)
            with pytest.raises(OSError, match="No space left") as caught:
                journal.append([answer(6, "x" * 20_000), answer(7)])
            assert caught.value.filename == str(path)
        assert path.read_bytes() == before
        assert journal.lacks(6)
        journal.append(map(answer, [6, 7, 8]))
        assert list(journal.lines()) == WHOLE
    assert rest(path) == WHOLE


def test_an_answer_that_no_submission_can_hold_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a"
    write(path)
    before = path.read_bytes()
    with Journal(path, SIZE) as journal:
        with pytest.raises(InputError, match="is over 1 MiB"):
            journal.append([answer(6), answer(7, "x" * (1 << 20))])
        assert path.read_bytes() == before
        assert journal.lacks(6)
    assert rest(path) == WHOLE


def test_a_stop_in_the_midst_of_writing_loses_that_block_alone(tmp_path, monkeypatch):
    path, pwrite = tmp_path / "a", os.pwrite
    write(path)

    def stopped(file, content, place):
        pwrite(file, content[:40], place)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", stopped)
        with pytest.raises(KeyboardInterrupt), Journal(path, SIZE) as journal:
            journal.append([answer(6), answer(7)])
    assert held(path) == [0, 1, 2, 3, 4, 5]
    assert rest(path) == WHOLE


LIMITED = """
import resource, sys
from mibench.running.journal import Journal
from mibench.instances import Request
from pathlib import Path

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

path = Path(sys.argv[1])
ask = lambda n: Request(task="t", instance=str(n), instruction=1, prompt="", image=None, options=(), max_new_tokens=1)
limit(1000)
with Journal(path, 100) as journal:
    for number in range(100):
        try:
            journal.append([(number, ask(number).answered("x" * 50))])
        except OSError as error:
            assert error.filename == str(path), error
            break
    assert 5 < number < 20 and path.stat().st_size < 1000, (number, path.stat().st_size)
    limit(resource.RLIM_INFINITY)
    journal.append((rest, ask(rest).answered("x" * 50)) for rest in range(number, 100))
    lines = list(journal.lines())
with Journal(path, 100) as journal:
    assert journal.answered == 100 and lines == list(journal.lines())
"""


def test_a_file_that_may_not_grow_goes_on_when_it_may(tmp_path):
    subprocess.run([sys.executable, "-c", LIMITED, tmp_path / "a"], check=True, timeout=60)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file" / "a", 3)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_only_read_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            Journal(tmp_path / "a", 3)
    finally:
        tmp_path.chmod(0o700)


def test_the_disk_is_waited_for_now_and_then_and_at_the_end(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with Journal(tmp_path / "a", 100) as journal:
        for number in range(50):
            journal.append([answer(number)])
        assert synced == []
        monkeypatch.setattr(module, "SYNC_SECONDS", 0)
        journal.append([answer(50)])
        assert len(synced) == 1
    assert len(synced) == 2


def test_memory_holds_a_block_and_little_a_request(tmp_path):
    path, size = tmp_path / "a", 30_000
    with Journal(path, size) as journal:
        for first in range(0, size, 100):
            journal.append(answer(number, "x" * 100) for number in range(first, first + 100))
    assert path.stat().st_size > 4_000_000
    tracemalloc.start()
    with Journal(path, size) as journal:
        assert sum(1 for _ in journal.lines()) == size
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 9 * size + 400_000

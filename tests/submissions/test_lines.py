"""Lines are read in bounded memory, however hostile the file."""

import tracemalloc

import pytest
import zstandard

from mibench.submissions.lines import (
    ANSWER_BYTES,
    MAX_LINE,
    MAX_WINDOW,
    SPARE_BYTES,
    SPARE_LINES,
    Allowance,
    LineFault,
    read_lines,
)

TOO_LONG = LineFault("the line is over 1 MiB")


def lines_of(path, content):
    path.write_bytes(content)
    return list(read_lines(path))


def peak(path):
    """Return the most memory that reading a file took, in bytes."""
    tracemalloc.start()
    for _ in read_lines(path):
        pass
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [(1, b"a\n"), (2, b"b\n")]),
        (b"a\nb", [(1, b"a\n"), (2, b"b")]),
        (b"a\r\nb\r\n", [(1, b"a\r\n"), (2, b"b\r\n")]),
        (b"\n\na", [(1, b"\n"), (2, b"\n"), (3, b"a")]),
        ("a\u2028b\x0bc\n".encode(), [(1, "a\u2028b\x0bc\n".encode())]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_numbered_and_whole(tmp_path, content, expected, packed):
    if packed:
        assert lines_of(tmp_path / "lines.jsonl.zst", zstandard.compress(content)) == expected
    else:
        assert lines_of(tmp_path / "lines.jsonl", content) == expected


def test_a_line_of_exactly_one_mib_is_read(tmp_path):
    longest = b"x" * (MAX_LINE - 1) + b"\n"
    assert lines_of(tmp_path / "lines.jsonl", longest + b"a\n") == [(1, longest), (2, b"a\n")]


@pytest.mark.parametrize("length", [MAX_LINE, 2 * MAX_LINE - 1, 2 * MAX_LINE, 2 * MAX_LINE + 1, 5 * MAX_LINE])
def test_a_longer_line_is_passed_over_and_the_next_is_read(tmp_path, length):
    content = b"a\n" + b"x" * length + b"\nb\n"
    assert lines_of(tmp_path / "lines.jsonl", content) == [(1, b"a\n"), (2, TOO_LONG), (3, b"b\n")]


def test_a_longer_last_line_needs_no_newline(tmp_path):
    assert lines_of(tmp_path / "lines.jsonl", b"x" * 3 * MAX_LINE) == [(1, TOO_LONG)]


def test_a_missing_file_or_a_folder_is_a_fault_of_the_file(tmp_path):
    (number, fault), *rest = read_lines(tmp_path / "absent.jsonl")
    assert (number, rest) == (0, [])
    assert fault == LineFault("cannot be read: No such file or directory")
    assert next(read_lines(tmp_path))[1] == LineFault("cannot be read: Is a directory")


def test_several_frames_are_one_file(tmp_path):
    content = zstandard.compress(b"a\nb") + zstandard.compress(b"c\nd\n")
    assert lines_of(tmp_path / "lines.jsonl.zst", content) == [(1, b"a\n"), (2, b"bc\n"), (3, b"d\n")]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_torn_zstd_file_never_passes_for_a_whole_one(tmp_path, share):
    content = b"".join(b"%d\n" % (number * 7919 % 10007) for number in range(20_000))
    packed = zstandard.compress(content)
    found = lines_of(tmp_path / "lines.jsonl.zst", packed[: int(share * len(packed))])
    assert isinstance(found[-1][1], LineFault)
    assert "damaged zstd file" in found[-1][1].message


def test_a_flipped_bit_is_a_fault(tmp_path):
    content = b"".join(b"%d\n" % (number * 7919 % 10007) for number in range(20_000))
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(content))
    packed[len(packed) // 2] ^= 1
    assert isinstance(lines_of(tmp_path / "lines.jsonl.zst", bytes(packed))[-1][1], LineFault)


def test_rubbish_after_the_last_frame_is_a_fault(tmp_path):
    content = zstandard.compress(b"a\n") + b"rubbish"
    *_, (_, last) = lines_of(tmp_path / "lines.jsonl.zst", content)
    assert isinstance(last, LineFault)


def test_a_window_that_asks_for_too_much_memory_is_refused(tmp_path):
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=MAX_WINDOW.bit_length())
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    content = compressor.compress(b"a\n" * 100) + compressor.flush()
    ((_, fault),) = lines_of(tmp_path / "lines.jsonl.zst", content)
    assert "damaged zstd file" in fault.message


@pytest.mark.parametrize("piece", [b"x" * 4096, b"\n" + b"x" * 4095], ids=["one endless line", "many lines"])
def test_a_bomb_takes_no_more_memory_than_a_line(tmp_path, piece):
    path = tmp_path / "bomb.jsonl.zst"
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    with path.open("wb") as file:
        file.writelines(compressor.compress(piece * 256) for _ in range(128))
        file.write(compressor.flush())
    assert path.stat().st_size < MAX_LINE // 4
    assert peak(path) < 6 * MAX_LINE


SPENT = LineFault("far more than there are answers to give; from here on, nothing was read")


def allowed(path, content, answers=0):
    path.write_bytes(content)
    allowance = Allowance(answers)
    return list(read_lines(path, allowance)), allowance.spent


@pytest.mark.parametrize("answers", [0, 7])
def test_as_many_lines_are_read_as_there_are_answers_and_some_more(tmp_path, answers):
    most = answers + SPARE_LINES
    lines = [(number, b"\n") for number in range(1, most + 1)]
    assert allowed(tmp_path / "lines.jsonl", b"\n" * most, answers) == (lines, False)
    assert allowed(tmp_path / "lines.jsonl", b"\n" * (most + 9), answers) == ([*lines, (most + 1, SPENT)], True)


@pytest.mark.parametrize("line", [b"x" * (MAX_LINE - 1) + b"\n", b"x" * (3 * MAX_LINE - 1) + b"\n"])
def test_as_many_bytes_are_read_as_answers_have_and_some_more(tmp_path, line):
    count = SPARE_BYTES // len(line)
    found, spent = allowed(tmp_path / "lines.jsonl", line * count)
    assert (len(found), spent) == (count, False)
    found, spent = allowed(tmp_path / "lines.jsonl", line * (count + 2))
    assert (found[-1], spent) == ((count + 1, SPENT), True)
    found, spent = allowed(tmp_path / "lines.jsonl", line * (count + 2), 3 * MAX_LINE // ANSWER_BYTES + 400)
    assert (len(found), spent) == (count + 2, False)


def test_the_allowance_is_of_all_files_of_a_task(tmp_path):
    allowance = Allowance(0)
    for number in range(3):
        (tmp_path / f"{number}.jsonl").write_bytes(b"\n" * 400)
        lines = list(read_lines(tmp_path / f"{number}.jsonl", allowance))
        assert allowance.spent is (number == 2)
    assert lines[-1] == (201, SPENT)


def test_an_endless_line_is_given_up(tmp_path):
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    content = b"".join(packer.compress(b"x" * MAX_LINE) for _ in range(1000)) + packer.flush()
    assert allowed(tmp_path / "lines.jsonl.zst", content) == ([(1, SPENT)], True)

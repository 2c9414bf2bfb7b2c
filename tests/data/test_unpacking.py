import bz2
import errno
import gzip
import io
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import namedtuple
from contextlib import suppress
from pathlib import Path

import pytest

from mibench.data import unpacking
from mibench.data.sources import Archive
from mibench.data.unpacking import unpack
from mibench.errors import InputError

KINDS = ("zip", "tar", "tar.gz", "tar.bz2")
PACKERS = {"tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress}
ALL = Archive(("data",))


@pytest.fixture(autouse=True)
def only_the_folder(tmp_path):
    """Nothing but the test's folder `out` is written to."""
    (tmp_path / "beside").write_text("as it was")
    yield
    assert {path.name for path in tmp_path.iterdir()} == {"beside", "out"}
    assert (tmp_path / "beside").read_text() == "as it was"


def info_of(name, **attributes):
    info = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def make_tar(path, *entries):
    """Write a tar of (TarInfo or name, content)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for entry, content in entries:
            info = info_of(entry) if isinstance(entry, str) else entry
            info.size = info.size or len(content)
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(PACKERS[path.name.partition(".")[2]](packed.getvalue()))


def make_zip(path, *entries):
    """Write a zip of (ZipInfo or name, content)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)


def make(tmp_path, kind, *entries):
    (tmp_path / "out").mkdir(exist_ok=True)
    path = tmp_path / "out" / f"a.{kind}"
    (make_zip if kind == "zip" else make_tar)(path, *entries)
    return path


def unpacked(path, archive=ALL):
    """Unpack beside the archive, and return what is there then: content by name."""
    unpack(path, path.parent, archive, lambda *progress: None)
    assert not list(path.parent.glob(".*"))
    files = {str(file.relative_to(path.parent)): file for file in path.parent.rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in files.items() if file != path}


def refused(path, archive=ALL):
    """Try to unpack, and return the one message; nothing is there then."""
    with pytest.raises(InputError) as raised:
        unpacked(path, archive)
    assert list(path.parent.iterdir()) == [path]
    assert str(raised.value).startswith(f"{path}: ")
    assert str(raised.value).isprintable()
    return str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_unpacked_with_plain_rights_and_the_archive_stays(tmp_path, kind):
    if kind == "zip":
        executable = zipfile.ZipInfo("data/é/run")
        executable.external_attr = (stat.S_IFREG | 0o6777) << 16
    else:
        executable = info_of("data/é/run", mode=0o6777)
    path = make(tmp_path, kind, ("data/a.txt", b"text"), (executable, b"#!"), ("./data//b", b"x" * 200_000))
    assert unpacked(path) == {"data/a.txt": b"text", "data/é/run": b"#!", "data/b": b"x" * 200_000}
    assert not any(file.stat().st_mode & 0o7111 for file in (path.parent / "data").rglob("*") if file.is_file())


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_wanted_is_unpacked(tmp_path, kind):
    names = ["top-1/a/test/x", "top-1/a/test.json", "top-1/a/test2", "top-1/a/train/x", "top-1/b/test/x", "test/x", "a"]
    path = make(tmp_path, kind, *((name, name.encode()) for name in names))
    archive = Archive(("test", "test.json"), inside="top-1/a", contents=(2, 31))
    assert unpacked(path, archive) == {"test/x": b"top-1/a/test/x", "test.json": b"top-1/a/test.json"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_already_stays_as_it_is(tmp_path, kind):
    path = make(tmp_path, kind, ("data/a", b"new"), ("more/b", b"new"))
    (path.parent / "data").mkdir()
    (path.parent / "data" / "mine").write_bytes(b"old")
    assert unpacked(path, Archive(("data", "more/b"))) == {"data/mine": b"old", "more/b": b"new"}


@pytest.mark.parametrize("kind", KINDS)
def test_another_archive_is_told(tmp_path, kind):
    path = make(tmp_path, kind, ("data/a", b"1"), ("data/b", b"22"))
    assert "it holds no other" in refused(path, Archive(("data", "other")))
    assert "it holds no top/data" in refused(path, Archive(("data",), inside="top"))
    message = refused(path, Archive(("data",), contents=(2, 4)))
    assert "it unpacks to 2 files of 3 bytes, not 2 files of 4 bytes" in message


ESCAPES = [
    "../evil",
    "data/../../evil",
    "data/..",
    "/evil",
    "//host/evil",
    "C:/evil",
    "c:evil",
    "data\\..\\..\\evil",
    "..\\evil",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_that_leads_out_is_refused_wanted_or_not(tmp_path, kind, name):
    path = make(tmp_path, kind, ("data/a", b"good"), (name, b"evil"))
    assert f"entry {name!r}: a name that leads out of the folder" in refused(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("data/a\nb", "signs that cannot be shown"),
        ("data/\x1b[31m", "signs that cannot be shown"),
        ("data/\x7f", "signs that cannot be shown"),
        ("data/\u202egnp.exe", "signs that cannot be shown"),
        ("data/" + "x" * 256, "too long"),
        ("data/" + "é" * 128, "too long"),
        ("data/" + "x/" * 600 + "y", "too long"),
    ],
)
def test_a_name_that_no_owner_gives_is_refused(tmp_path, kind, name, told):
    path = make(tmp_path, kind, (name, b"evil"))
    assert told in refused(path)
    path = make(tmp_path, kind, ("data/a", b"good"), (name.replace("data", "other"), b"passed over"))
    assert unpacked(path) == {"data/a": b"good"}


def test_a_name_with_nul_is_refused(tmp_path):
    path = make(tmp_path, "zip", ("data/aXb", b"evil"))
    path.write_bytes(path.read_bytes().replace(b"aXb", b"a\0b"))
    assert "a name that leads out of the folder" in refused(path)


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_name_that_is_no_text_is_refused(tmp_path, kind):
    info = info_of("data/\udcff")
    path = make(tmp_path, kind, (info, b"evil"))
    assert "signs that cannot be shown" in refused(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("data/a", "data/./a"),
        ("data/a", "data/A"),
        ("data/straße", "data/STRASSE"),
        ("data/\u00e9", "data/e\u0301"),
        ("data/x/a", "data/X/A"),
    ],
)
def test_an_entry_never_overwrites_another_not_even_where_case_does_not_count(tmp_path, kind, one, two):
    path = make(tmp_path, kind, (one, b"good"), (two, b"evil"))
    assert f"entry {two!r}: there is an entry of this name already" in refused(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", [("data/a", "data/a/b"), ("data/a/b", "data/a")])
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path, kind, names):
    path = make(tmp_path, kind, *((name, b"text") for name in names))
    assert f"entry {names[1]!r}: there is an entry in its place already" in refused(path)


SPECIAL = [
    (tarfile.SYMTYPE, "a link"),
    (tarfile.LNKTYPE, "a link"),
    (tarfile.CHRTYPE, "a device, pipe or socket"),
    (tarfile.BLKTYPE, "a device, pipe or socket"),
    (tarfile.FIFOTYPE, "a device, pipe or socket"),
    (tarfile.GNUTYPE_SPARSE, "a sparse file"),
]


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize(("type_", "told"), SPECIAL)
def test_special_entries_of_tar_are_refused_where_they_are_wanted(tmp_path, kind, type_, told):
    info = info_of("data/x", type=type_, linkname="../../beside")
    assert f"entry 'data/x': {told}" in refused(make(tmp_path, kind, ("data/a", b"good"), (info, b"")))
    info = info_of("other/x", type=type_, linkname="../../beside")
    assert unpacked(make(tmp_path, kind, (info, b""), ("data/a", b"good"))) == {"data/a": b"good"}


def test_a_file_written_through_a_link_stays_inside(tmp_path):
    link = info_of("data/x", type=tarfile.SYMTYPE, linkname="../..")
    assert "a link" in refused(make(tmp_path, "tar", (link, b""), ("data/x/beside", b"evil")))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (stat.S_IFLNK, "a link"),
        (stat.S_IFCHR, "a device, pipe or socket"),
        (stat.S_IFIFO, "a device, pipe or socket"),
        (stat.S_IFSOCK, "a device, pipe or socket"),
    ],
)
def test_special_entries_of_zip_are_refused(tmp_path, kind, told):
    info = zipfile.ZipInfo("data/x")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    assert f"entry 'data/x': {told}" in refused(make(tmp_path, "zip", (info, b"../../beside")))


def test_an_encrypted_zip_is_told(tmp_path):
    path = make(tmp_path, "zip", ("data/a", b"secret"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "entry 'data/a': encrypted: unpack it by hand" in refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_compression_is_told(tmp_path, method):
    info = zipfile.ZipInfo("data/a")
    info.compress_type = method
    with zipfile.ZipFile(make(tmp_path, "zip"), "w") as archive:
        archive.writestr(info, b"text")
    assert f"compressed by method {method}, which is not read here" in refused(tmp_path / "out" / "a.zip")


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2"])
def test_a_bomb_is_refused_before_it_is_written(tmp_path, kind, monkeypatch):
    path = make(tmp_path, kind, ("data/a", bytes(3 << 20)))
    assert path.stat().st_size < 5_000
    assert "it unpacks to more than 1,048,576 bytes, which no honest archive" in refused(path)
    path = make(tmp_path, kind, *((f"data/{number}", bytes(1 << 18)) for number in range(12)))
    assert "it unpacks to more than 1,048,576 bytes" in refused(path)
    monkeypatch.setattr(unpacking, "SMALL", 4 << 20)
    assert len(unpacked(path)) == 12


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2"])
def test_a_bomb_that_is_not_wanted_is_refused_as_well_for_it_must_be_read(tmp_path, kind):
    path = make(tmp_path, kind, ("other", bytes(3 << 20)), ("data/a", b"good"))
    assert "it unpacks to more than" in refused(path)


def test_an_entry_larger_than_any_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_FILE", 100)
    for kind in KINDS:
        path = make(tmp_path, kind, ("data/a", bytes(101)))
        assert "entry 'data/a': 101 bytes, more than 100" in refused(path)
        path.unlink()


@pytest.mark.parametrize("kind", KINDS)
def test_more_entries_than_any_archive_has_are_refused(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_ENTRIES", 10)
    path = make(tmp_path, kind, *((f"other/{number}", b"") for number in range(11)))
    assert "it has more than 10 entries" in refused(path)


def test_archives_within_are_not_unpacked(tmp_path):
    inner = make(tmp_path, "zip", ("data/evil", b"evil")).read_bytes()
    assert unpacked(make(tmp_path, "zip", ("data/inner.zip", inner))) == {"data/inner.zip": inner}


def test_a_wrong_crc_is_told(tmp_path):
    path = tmp_path / "out" / "a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/a", b"some text")
    path.write_bytes(path.read_bytes().replace(b"some text", b"some tent"))
    assert "entry 'data/a': damaged: Bad CRC-32" in refused(path)


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2"])
def test_a_wrong_checksum_at_the_end_is_told(tmp_path, kind):
    path = make(tmp_path, kind, ("data/a", b"text"))
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)
    assert "damaged: " in refused(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_torn_archive_is_told_wherever_it_is_torn(tmp_path, kind):
    path = make(tmp_path, kind, *((f"data/{number}", bytes([number]) * 700) for number in range(4)))
    content = path.read_bytes()
    end = content.rindex(b"\3") + 1 if kind == "tar" else len(content)
    for length in range(0, end, 97 if kind == "tar" else 7):
        path.write_bytes(content[:length])
        assert "damaged" in refused(path), length


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_anywhere_is_told_or_does_no_harm(tmp_path, kind):
    path = make(tmp_path, kind, ("data/a", b"some text " * 30), ("data/b", b"more"))
    content = path.read_bytes()
    for place in range(0, min(len(content), 3_000), 5):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with suppress(InputError):
            assert sum(map(len, unpacked(path).values())) < 1_000
            shutil.rmtree(path.parent / "data")
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x05\x06", bytes(100)])
def test_a_file_that_is_no_archive_is_told(tmp_path, content):
    for kind in KINDS:
        path = make(tmp_path, kind)
        path.write_bytes(content)
        assert refused(path)
        path.unlink()


def test_a_zip_that_lies_about_an_entry_is_told(tmp_path):
    path = make(tmp_path, "zip", ("data/a", bytes(1_000)))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02") + 24
    for size in (10, 5_000):
        content[place : place + 4] = struct.pack("<I", size)
        path.write_bytes(content)
        assert "entry 'data/a'" in refused(path)


def test_a_tar_with_an_endless_header_is_told(tmp_path):
    info = info_of("data/a", pax_headers={"comment": "x" * 200_000})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    path = make(tmp_path, "tar.gz")
    path.write_bytes(gzip.compress(packed.getvalue()))
    assert "damaged: a header of" in refused(path)


Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told_before_a_file_is_written(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, unpacking.RESERVE + 99))
    path = make(tmp_path, kind, ("data/a", bytes(100)))
    with pytest.raises(InputError, match=f"a.{kind} unpacks to more than the 67,108,963 bytes that are free"):
        unpacked(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, monkeypatch):
    path, real = make(tmp_path, "zip", ("data/a", bytes(100))), Path.open

    def opens(self, mode="r", *arguments, **options):
        if mode == "xb":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", opens)
    with pytest.raises(OSError, match="No space left"):
        unpacked(path)
    assert list(path.parent.iterdir()) == [path]


def test_progress_is_told(tmp_path):
    told = []
    path = make(tmp_path, "zip", ("data/a", b"1"), ("data/b", b"22"))
    unpack(path, path.parent, ALL, lambda *progress: told.append(progress))
    assert told == [("unpacking a.zip", 1, None), ("unpacking a.zip", 3, None)]


def test_a_killed_unpacking_is_done_anew(tmp_path):
    path = make(tmp_path, "zip", *((f"data/{number}", b"text") for number in range(50)))
    code = (
        "import sys, time; from pathlib import Path; path = Path(sys.argv[1]); "
        "from mibench.data.unpacking import unpack; from mibench.data.sources import Archive; "
        "unpack(path, path.parent, Archive(('data',)), lambda name, done, total: done < 100 or time.sleep(30))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    beside, until = path.parent / ".a.zip.unpacking", time.monotonic() + 10
    while not (beside / "data" / "24").exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert beside.is_dir()
    assert not (path.parent / "data").exists()
    (beside / "data" / "99").write_text("left over")
    assert len(unpacked(path)) == 50


def test_a_link_in_the_place_of_the_folder_beside_is_not_followed(tmp_path):
    path = make(tmp_path, "zip", ("data/a", b"text"))
    (path.parent / ".a.zip.unpacking").symlink_to(tmp_path)
    with pytest.raises(OSError, match="symbolic link"):
        unpack(path, path.parent, ALL, lambda *progress: None)

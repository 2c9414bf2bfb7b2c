import errno
import hashlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.error import URLError

import pytest
from filelock import FileLock

from mibench.cards import load_cards, select_cards
from mibench.data import download
from mibench.data.download import fetch, obtain
from mibench.data.prepare import READERS
from mibench.data.sources import (
    SNLI_PARTS,
    SOURCES,
    Archive,
    DataSet,
    File,
    Source,
    data_sets,
    is_loopback,
    make_snli_ve_test,
)
from mibench.errors import InputError
from tests.data.loopback_server import (
    LoopbackServer,
    announces,
    breaks_off,
    changes,
    hangs_at,
    ignores_ranges,
    in_chunks,
    leads_to,
    never_ends,
    resets,
    says,
    serves,
)

CONTENT = bytes(range(256)) * 1_000
OTHER = CONTENT[::-1]
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Take no time between tries, and note how long it would have been."""
    found = []
    monkeypatch.setattr(download, "time", _Time(found.append))
    return found


class _Time(namedtuple("_Time", ["sleep"])):
    monotonic = staticmethod(time.monotonic)


@pytest.fixture(autouse=True)
def only_the_folder(tmp_path):
    """Nothing but the test's folder `out` is written to."""
    (tmp_path / "beside").write_text("as it was")
    yield
    assert {path.name for path in tmp_path.iterdir()} <= {"beside", "out"}
    assert (tmp_path / "beside").read_text() == "as it was"


def fetched(tmp_path, server, **attributes):
    """Fetch the server's file, and return its content."""
    place = tmp_path / "out" / "file"
    fetch(File("file", server.address, **attributes), place)
    assert [path.name for path in place.parent.iterdir()] == ["file"]
    return place.read_bytes()


def refused(tmp_path, server, **attributes):
    """Try to fetch the server's file, and return the one message."""
    place = tmp_path / "out" / "file"
    with pytest.raises(InputError) as raised:
        fetch(File("file", server.address, **attributes), place)
    assert not place.exists()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def left(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("attributes", [{}, {"size": len(CONTENT)}, {"digest": DIGEST}])
def test_a_file_is_fetched_and_progress_told(tmp_path, attributes):
    told = []
    with LoopbackServer(CONTENT) as server:
        file = File("name", server.address, **attributes)
        fetch(file, tmp_path / "out" / "deep" / "file", lambda *progress: told.append(progress))
        assert (tmp_path / "out" / "deep" / "file").read_bytes() == CONTENT
        assert told[-1] == ("name", len(CONTENT), len(CONTENT))
        (handler,) = server.asked
        assert handler.headers["User-Agent"].startswith("mibench/")
        assert handler.headers["Accept-Encoding"] == "identity"
        fetch(file, tmp_path / "out" / "deep" / "file")
        assert len(server.asked) == 1


@pytest.mark.parametrize("content", [b"", b"x"])
def test_a_tiny_file_is_fetched(tmp_path, content):
    with LoopbackServer(content) as server:
        assert fetched(tmp_path, server) == content


@pytest.mark.parametrize("break_", [breaks_off(70_000), breaks_off(0), resets])
def test_a_broken_connection_is_taken_up_again(tmp_path, break_, pauses, caplog):
    with LoopbackServer(CONTENT, breaks_off(50_000), break_, breaks_off(200_000)) as server:
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT
        assert server.ranges[:2] == [None, "bytes=50000-"]
        assert server.ranges[-1] == "bytes=200000-"
        assert server.asked[1].headers["If-Range"] == '"one"'
    assert pauses == [1.0, 2.0, 4.0]
    assert caplog.messages[0] == "file: the connection ended at byte 50,000 of 256,000; once more in 1 seconds"


def test_another_call_goes_on_where_the_first_was_given_up(tmp_path):
    with LoopbackServer(CONTENT, breaks_off(50_000), otherwise=resets) as server:
        assert "7 times" in refused(tmp_path, server)
        assert left(tmp_path) == ["file.part", "file.part.json"]
        server.otherwise = serves
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges[-1] == "bytes=50000-"


def test_failures_with_progress_between_them_do_not_add_up(tmp_path):
    content = bytes(12 << 20)
    with LoopbackServer(content, *(breaks_off(part << 20) for part in range(1, 12))) as server:
        assert fetched(tmp_path, server) == content
        assert len(server.asked) == 12


def test_a_server_that_breaks_off_at_the_same_byte_is_given_up(tmp_path):
    with LoopbackServer(CONTENT, otherwise=breaks_off(50_000)) as server:
        assert "the connection ended at byte 50,000 of 256,000, and so 7 times" in refused(tmp_path, server)


def test_a_server_that_ignores_ranges_begins_anew(tmp_path):
    with LoopbackServer(CONTENT, breaks_off(50_000), otherwise=ignores_ranges) as server:
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT
        assert server.ranges == [None, "bytes=50000-"]


@pytest.mark.parametrize("validator", [None, 'W/"one"', '"a\tb"', '"é"', '"' + "x" * 2_000 + '"'])
def test_without_a_strong_validator_it_begins_anew(tmp_path, validator):
    with LoopbackServer(CONTENT, breaks_off(50_000), validator=validator) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges == [None, None]


def test_the_date_of_change_is_a_validator(tmp_path):
    date = "Mon, 03 Jun 2024 10:00:00 GMT"

    def serves_dated(handler, end=None):
        assert handler.headers.get("If-Range", date) == date
        handler.server.validator = date
        serves(handler, end, ETag='W/"weak"', Last_Modified=date)

    with LoopbackServer(CONTENT, lambda handler: serves_dated(handler, 50_000), otherwise=serves_dated) as server:
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT
        assert server.ranges == [None, "bytes=50000-"]


def test_a_file_that_changes_between_tries_begins_anew(tmp_path):
    with LoopbackServer(CONTENT, breaks_off(50_000), changes(OTHER, '"two"', serves)) as server:
        assert fetched(tmp_path, server) == OTHER
        assert server.ranges == [None, "bytes=50000-"]


def test_a_part_of_another_file_is_not_taken(tmp_path):
    def serves_the_part_all_the_same(handler):
        handler.server.content, handler.server.validator = OTHER, handler.headers["If-Range"]
        serves(handler, ETag='"two"')

    with LoopbackServer(CONTENT, breaks_off(50_000), serves_the_part_all_the_same) as server:
        assert fetched(tmp_path, server) == OTHER
        assert server.ranges == [None, "bytes=50000-", None]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Range": None},
        {"Content_Range": "bytes 0-255999/256000"},
        {"Content_Range": "bytes 50000-255999/999999"},
        {"Content_Range": "bytes 50000-1/256000"},
        {"Content_Range": "bytes 50000-" + "9" * 40 + "/*"},
        {"Content_Length": 5},
        {"Content_Length": 300_000},
    ],
)
def test_another_part_than_was_asked_for_is_not_taken(tmp_path, headers):
    with LoopbackServer(CONTENT, breaks_off(50_000), lambda handler: serves(handler, **headers)) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges == [None, "bytes=50000-", None]


def test_a_part_that_nobody_asked_for_is_not_taken(tmp_path):
    with LoopbackServer(CONTENT, lambda handler: handler.head(206, Content_Length=0)) as server:
        assert fetched(tmp_path, server) == CONTENT


def test_416_begins_anew(tmp_path):
    with LoopbackServer(CONTENT, breaks_off(50_000), says(416, Content_Type="text/html")) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges == [None, "bytes=50000-", None]


def test_416_for_ever_is_given_up(tmp_path):
    with LoopbackServer(CONTENT, otherwise=says(416)) as server:
        assert "7 times" in refused(tmp_path, server)


def test_what_was_whole_when_the_process_was_killed_is_not_fetched_again(tmp_path):
    with LoopbackServer(CONTENT, breaks_off(200_000), otherwise=resets) as server:
        refused(tmp_path, server)
        (tmp_path / "out" / "file.part").write_bytes(CONTENT)
        count = len(server.asked)
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT
        assert len(server.asked) == count


@pytest.mark.parametrize("note", ["", "{", "[]", '{"address": "elsewhere", "validator": "\\"one\\"", "total": 256000}'])
def test_a_part_of_which_nothing_is_known_is_not_continued(tmp_path, note):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file.part").write_bytes(b"something")
    (tmp_path / "out" / "file.part.json").write_text(note)
    with LoopbackServer(CONTENT) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges == [None]


def test_a_part_longer_than_the_file_is_not_continued(tmp_path):
    with LoopbackServer(CONTENT, breaks_off(50_000), otherwise=resets) as server:
        refused(tmp_path, server)
        (tmp_path / "out" / "file.part").write_bytes(CONTENT + b"x")
        server.otherwise = serves
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges[-1] is None


def test_fewer_bytes_than_announced_are_noticed(tmp_path):
    with LoopbackServer(CONTENT, otherwise=announces(300_000)) as server:
        assert "the connection ended at byte 256,000 of 300,000" in refused(tmp_path, server)


def test_more_bytes_than_announced_are_noticed(tmp_path):
    with LoopbackServer(CONTENT, otherwise=announces(100_000)) as server:
        assert "sends more than the 100,000 bytes that it may" in refused(tmp_path, server)
    assert left(tmp_path) == []


@pytest.mark.parametrize("length", [100_000, 300_000])
def test_another_length_than_published_is_refused_before_it_is_fetched(tmp_path, length):
    with LoopbackServer(CONTENT, otherwise=announces(length)) as server:
        message = refused(tmp_path, server, size=len(CONTENT))
        assert f"announces {length:,} bytes, which must be 256,000" in message
        assert len(server.asked) == 1
    assert left(tmp_path) == []


def test_more_than_is_taken_of_anybody_is_refused(tmp_path):
    with LoopbackServer(CONTENT) as server:
        assert "must be at most 255,999" in refused(tmp_path, server, at_most=len(CONTENT) - 1)


@pytest.mark.parametrize("attributes", [{"at_most": 1 << 20}, {"size": 1 << 20}])
def test_a_file_that_never_ends_is_bounded(tmp_path, attributes):
    with LoopbackServer(CONTENT, otherwise=never_ends(bytes(1 << 16))) as server:
        assert "sends more than the 1,048,576 bytes that it may" in refused(tmp_path, server, **attributes)
    assert left(tmp_path) == []


def test_a_file_in_chunks_is_fetched_and_a_broken_one_begun_anew(tmp_path):
    with LoopbackServer(CONTENT, in_chunks(50_000), in_chunks()) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges == [None, "bytes=50000-"]


def test_a_server_that_says_no_length_is_believed_only_where_the_file_can_be_checked(tmp_path):
    with LoopbackServer(CONTENT, otherwise=announces(None)) as server:
        assert "does not say how long it is" in refused(tmp_path, server)
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT


def test_a_short_file_of_no_announced_length_is_noticed(tmp_path):
    with LoopbackServer(CONTENT[:100], otherwise=announces(None)) as server:
        assert "it has 100 bytes, not 256,000" in refused(tmp_path, server, size=len(CONTENT))


def test_silence_is_given_up_and_the_file_continued(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    with LoopbackServer(CONTENT, hangs_at(50_000), hangs_at(0)) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert server.ranges == [None, "bytes=50000-", "bytes=50000-"]


def test_a_connection_that_stays_open_after_the_last_byte_does_no_harm(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    with LoopbackServer(CONTENT, hangs_at(None)) as server:
        assert fetched(tmp_path, server) == CONTENT
        assert len(server.asked) == 1


def test_a_trickle_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(download, "RETRIES", 1)
    with LoopbackServer(CONTENT, otherwise=never_ends(b"x", pause=0.01)) as server:
        assert re.search(r"only \d+ bytes came within \d+ seconds, and so 2 times", refused(tmp_path, server))


def test_no_connection_is_tried_again_and_told(tmp_path):
    with LoopbackServer(CONTENT) as server:
        pass
    message = refused(tmp_path, server, by_hand="see https://example.org")
    assert "Connection refused, and so 7 times" in message
    assert "the same command goes on from here; or see https://example.org" in message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 599])
def test_a_refusal_is_told_at_once(tmp_path, status):
    with LoopbackServer(CONTENT, otherwise=says(status)) as server:
        message = refused(tmp_path, server, by_hand="see https://example.org")
        assert f"{server.address}: the server says {status}" in message
        assert "(see https://example.org)" in message
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_cannot_now_is_asked_again(tmp_path, status):
    with LoopbackServer(CONTENT, says(status), says(status)) as server:
        assert fetched(tmp_path, server) == CONTENT


def test_a_server_that_cannot_for_long_is_given_up(tmp_path, pauses):
    with LoopbackServer(CONTENT, otherwise=says(503)) as server:
        assert "the server says 503, service unavailable, and so 7 times" in refused(tmp_path, server)
    assert pauses == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [("7", 7), ("0", 0), ("-5", 0), ("99999", 120), ("nan", 1), ("inf", 1), ("soon", 1), ("", 1)],
)
def test_the_pause_is_the_one_that_the_server_asks_for(tmp_path, retry_after, pause, pauses):
    with LoopbackServer(CONTENT, says(503, Retry_After=retry_after)) as server:
        fetched(tmp_path, server)
    assert pauses == [pause]


def test_the_pause_may_be_a_date(tmp_path, pauses):
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    with LoopbackServer(CONTENT, says(429, Retry_After=then)) as server:
        fetched(tmp_path, server)
    assert 45 < pauses[0] <= 50


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_each_time_and_the_part_asked_for_there(tmp_path, status):
    with LoopbackServer(CONTENT, breaks_off(50_000)) as there:
        with LoopbackServer(b"", otherwise=leads_to(there.address, status)) as here:
            assert fetched(tmp_path, here) == CONTENT
            assert len(here.asked) == 2
        assert there.ranges == [None, "bytes=50000-"]


def test_a_redirect_in_circles_ends(tmp_path):
    with LoopbackServer(CONTENT, otherwise=leads_to("/file")) as server:
        assert "leads on more than 5 times" in refused(tmp_path, server)
        assert len(server.asked) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://example.org/file",
        "http://127.0.0.1.example.org/",
        "ftp://127.0.0.1/file",
        "file:///etc/passwd",
        "https://user:password@example.org/",
        "https://",
        "https://[half/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\u00e9",
        "//example.org/file",
    ],
)
def test_a_redirect_to_anything_but_https_is_not_followed(tmp_path, location):
    with LoopbackServer(CONTENT, otherwise=leads_to(location)) as server:
        assert "is no address of https" in refused(tmp_path, server)


@pytest.mark.parametrize("location", ["http://127.0.0.1/file", "http://localhost/", "http://example.org/"])
def test_https_never_leads_to_plain_http(location):
    file = File("file", "https://example.org/file")
    download._check_address(file.address, file)
    download._check_address("https://elsewhere.example.org/file", file)
    with pytest.raises(InputError, match="no address of https"):
        download._check_address(location, file)


def test_plain_http_needs_a_digest_and_a_word_in_the_table():
    address = "http://example.org/file"
    download._check_address(address, File("file", address, plain_http=True, digest=DIGEST))
    for attributes in ({}, {"plain_http": True}, {"digest": DIGEST}):
        with pytest.raises(ValueError, match="plain http"):
            File("file", address, **attributes)


def test_a_certificate_that_is_not_trusted_ends_it(tmp_path, monkeypatch):
    error = download.ssl.SSLCertVerificationError()
    error.verify_message = "self-signed certificate"

    class Opener:
        def open(self, request, timeout):
            raise URLError(error)

    monkeypatch.setattr(download, "_opener", lambda direct: Opener())
    with LoopbackServer(CONTENT) as server:
        assert "certificate is not trusted: self-signed certificate" in refused(tmp_path, server)


def test_a_proxy_of_the_environment_is_used(tmp_path, monkeypatch):
    with LoopbackServer(CONTENT) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        file = File("file", "http://example.org/file", plain_http=True, digest=DIGEST)
        fetch(file, tmp_path / "out" / "file")
        assert [handler.path for handler in proxy.asked] == [file.address]


def test_this_machine_is_reached_without_a_proxy(tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with LoopbackServer(CONTENT) as server:
        assert fetched(tmp_path, server) == CONTENT


@pytest.mark.parametrize("headers", [{"Content_Type": "text/html; charset=utf-8"}, {"Content_Encoding": "gzip"}])
def test_a_page_in_place_of_the_file_is_refused(tmp_path, headers):
    with LoopbackServer(CONTENT, otherwise=lambda handler: serves(handler, **headers)) as server:
        assert "sends something else than the file" in refused(tmp_path, server)


def test_a_wrong_digest_is_refused_and_nothing_is_kept(tmp_path):
    with LoopbackServer(OTHER) as server:
        message = refused(tmp_path, server, digest=DIGEST)
        assert f"its sha256 is {hashlib.sha256(OTHER).hexdigest()}, not {DIGEST[7:]}" in message
        assert left(tmp_path) == []
        server.content = CONTENT
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT


def test_md5_is_a_digest_as_well(tmp_path):
    with LoopbackServer(CONTENT) as server:
        assert fetched(tmp_path, server, digest="md5:" + hashlib.md5(CONTENT).hexdigest()) == CONTENT


@pytest.mark.parametrize("attributes", [{"digest": DIGEST}, {"size": len(CONTENT)}])
def test_a_wrong_file_in_its_place_is_fetched_again_and_replaced_when_the_right_one_is_whole(tmp_path, attributes):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_bytes(b"old")
    with LoopbackServer(CONTENT, says(404)) as server:
        with pytest.raises(InputError, match="404"):
            fetch(File("file", server.address, **attributes), tmp_path / "out" / "file")
        assert (tmp_path / "out" / "file").read_bytes() == b"old"
        assert fetched(tmp_path, server, **attributes) == CONTENT


Usage = namedtuple("Usage", ["total", "used", "free"])


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, download.RESERVE + len(CONTENT) - 1))
    with LoopbackServer(CONTENT) as server:
        assert "256,000 bytes are to come, and 67,364,863 are free" in refused(tmp_path, server)
    assert (tmp_path / "out" / "file.part").stat().st_size == 0


def test_only_what_is_still_to_come_needs_room(tmp_path, monkeypatch):
    with LoopbackServer(CONTENT, breaks_off(200_000), otherwise=resets) as server:
        refused(tmp_path, server)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, download.RESERVE + 56_000))
        server.otherwise = serves
        assert fetched(tmp_path, server) == CONTENT


def data_set(*files, makes=None):
    return DataSet("set", Source("Set", (), files, makes), ("task",))


def test_a_disk_that_fills_up_is_one_message_and_the_file_is_continued(tmp_path, monkeypatch):
    class Full(io.BufferedWriter):
        def write(self, piece):
            if self.tell() > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(piece)

    real = Path.open

    def opens(path, mode="r", *arguments, **options):
        full = path.suffix == ".part" and mode == "ab"
        return Full(io.FileIO(path, mode)) if full else real(path, mode, *arguments, **options)

    with LoopbackServer(CONTENT) as server:
        wanted = data_set(File("file", server.address))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", opens)
            with pytest.raises(InputError, match=r"No space left on device.*the same command goes on from here"):
                obtain(wanted, tmp_path / "out")
        assert 100_000 < (tmp_path / "out" / "set" / "file.part").stat().st_size < len(CONTENT)
        assert obtain(wanted, tmp_path / "out") == ()
        assert (tmp_path / "out" / "set" / "file").read_bytes() == CONTENT
        assert server.ranges[1].startswith("bytes=1")


def test_a_killed_process_is_continued(tmp_path):
    code = (
        "import sys, pathlib; from mibench.data.download import fetch; from mibench.data.sources import File; "
        "fetch(File('file', sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    place = tmp_path / "out" / "file"
    with LoopbackServer(CONTENT, hangs_at(200_000)) as server:
        process = subprocess.Popen([sys.executable, "-c", code, server.address, str(place)])
        part, until = place.with_name("file.part"), time.monotonic() + 10
        while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        have = part.stat().st_size
        assert 0 < have <= 200_000
        assert fetched(tmp_path, server, digest=DIGEST) == CONTENT
        assert server.ranges == [None, f"bytes={have}-"]


def zipped(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_archive_is_unpacked_and_then_not_needed_any_more(tmp_path):
    with LoopbackServer(zipped(kept="text", other="more")) as server:
        wanted = data_set(File("a.zip", server.address, archive=Archive(("kept",))))
        assert obtain(wanted, tmp_path / "out") == ()
        folder = tmp_path / "out" / "set"
        assert tree(folder) == [".lock", "a.zip", "kept"]
        (folder / "a.zip").unlink()
        assert obtain(wanted, tmp_path / "out") == ()
        assert len(server.asked) == 1
        assert wanted.missing(tmp_path / "out") == ()


def test_what_must_be_got_by_hand_is_returned_and_the_rest_goes_on(tmp_path):
    with LoopbackServer(CONTENT) as server:
        pictures = File("pictures.zip", by_hand="ask for it", archive=Archive(("pictures",)), instead=("images",))
        text = File("text", by_hand="ask for it")
        wanted = data_set(pictures, text, File("file", server.address))
        assert wanted.missing(tmp_path / "out") == (pictures, text, wanted.source.files[2])
        assert obtain(wanted, tmp_path / "out") == (pictures, text)
        folder = tmp_path / "out" / "set"
        assert tree(folder) == [".lock", "file"]
        (folder / "text").write_text("got")
        (folder / "pictures.zip").write_bytes(zipped(**{"pictures/1": "1"}))
        assert obtain(wanted, tmp_path / "out") == ()
        assert (folder / "pictures" / "1").read_text() == "1"
        shutil.rmtree(folder / "pictures")
        (folder / "pictures.zip").unlink()
        (folder / "images").mkdir()
        assert obtain(wanted, tmp_path / "out") == ()
        assert len(server.asked) == 1


def test_two_downloads_into_one_folder_do_not_meet(tmp_path):
    (tmp_path / "out" / "set").mkdir(parents=True)
    with (
        FileLock(tmp_path / "out" / "set" / ".lock"),
        pytest.raises(InputError, match="another download is at work here"),
    ):
        obtain(data_set(), tmp_path / "out")


def test_a_place_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "set").write_text("a file")
    with pytest.raises(InputError, match="cannot be read or written: File exists"):
        obtain(data_set(), tmp_path / "out")


def snli_row(pair, label="neutral", **fields):
    return json.dumps({"gold_label": label, "sentence2": "É.", "pairID": pair, **fields})


def make_snli(folder):
    rows = {
        "train": [snli_row("1.jpg#0n"), snli_row("2.jpg#0n"), snli_row("9.jpg#0n"), snli_row("vg_1.jpg#0n")],
        "dev": [snli_row("1.jpg#1e", "entailment"), snli_row("1.jpg#2e", "-")],
        "test": [snli_row("2.jpg#4c", "contradiction", other=[1, None])],
    }
    folder.mkdir(parents=True)
    for name in SNLI_PARTS:
        part = name.removesuffix(".jsonl").rpartition("_")[2]
        (folder / name).write_text("\n".join(rows[part]) + "\n", encoding="utf-8")
    (folder / "flickr30k_test.lst").write_text("2\n1\n3")
    return folder


def test_the_test_split_of_snli_ve_is_made_in_its_owners_order(tmp_path):
    folder = make_snli(tmp_path / "out")
    make_snli_ve_test(folder, folder / "made", rows=4)
    rows = [json.loads(line) for line in (folder / "made").read_text(encoding="utf-8").splitlines()]
    assert [row["pairID"] for row in rows] == ["2.jpg#0n", "2.jpg#4c", "1.jpg#0n", "1.jpg#1e"]
    expected = {"Flickr30K_ID": "2", "gold_label": "contradiction", "other": [1, None], "pairID": "2.jpg#4c"}
    assert rows[1] == {**expected, "sentence2": "É."}
    assert list(rows[1]) == sorted(rows[1])


def test_another_count_than_the_owners_and_a_broken_row_are_told(tmp_path):
    folder = make_snli(tmp_path / "out")
    with pytest.raises(InputError, match=r"4 pairs on the pictures of flickr30k_test.lst, their owners counted 17901"):
        make_snli_ve_test(folder, folder / "made")
    (folder / SNLI_PARTS[1]).write_text(snli_row("1.jpg#0n") + "\n{}\n")
    with pytest.raises(InputError, match=r"snli_1.0_dev.jsonl:2: not a row of SNLI"):
        make_snli_ve_test(folder, folder / "made", rows=4)
    assert not (folder / "made").exists()


def test_a_made_file_is_made_of_what_was_fetched(tmp_path):
    def make(folder, output):
        output.write_bytes((folder / "file").read_bytes()[::-1])

    with LoopbackServer(CONTENT) as server:
        obtain(data_set(File("file", server.address), makes=("made", make)), tmp_path / "out")
    assert (tmp_path / "out" / "set" / "made").read_bytes() == OTHER


def test_every_task_has_an_entry_and_every_entry_a_task():
    cards = load_cards()
    sets = data_sets(cards.values())
    assert {task for each in sets for task in each.tasks} == cards.keys()
    assert [each.name for each in sets] == list(dict.fromkeys(card.data.reader for card in cards.values()))
    assert SOURCES.keys() == {card.data.reader for card in cards.values()} >= READERS.keys()
    card = cards["nlvr"].model_copy(update={"data": cards["nlvr"].data.model_copy(update={"reader": "unknown"})})
    with pytest.raises(InputError, match="where the files of nlvr are is not known here"):
        data_sets([card])


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_table_is_sound(source):
    assert source.licences
    for licence in source.licences:
        assert all(licence.__dict__.values())
        assert licence.link.startswith("https://")
    for file in source.files:
        assert not file.address or file.address.startswith("https://")
        assert not Path(file.name).is_absolute()
        assert ".." not in Path(file.name).parts
        assert file.digest is None or re.fullmatch("sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", file.digest)
        assert (file.size or 1) <= file.at_most
        if file.archive:
            assert re.search(r"\.(zip|tar|tar\.gz|tar\.bz2)$", file.name)
            assert file.archive.gives
        names = [*file.instead, *(file.archive.gives if file.archive else ())]
        assert not any(Path(name).is_absolute() or ".." in Path(name).parts for name in names)


def test_a_file_without_an_address_tells_how_to_get_it():
    with pytest.raises(ValueError, match="neither an address nor a way"):
        File("file")


def test_tasks_of_natural_instructions_share_a_folder_and_a_split():
    cards = select_cards(["nlp"], load_cards())
    (each,) = data_sets(cards)
    files = each.missing(Path("nowhere"))
    assert len(files) == 1 + len(cards) == 21
    assert [file.name for file in files[1:]] == [f"tasks/{card.name}.json" for card in cards]
    assert all(file.address.endswith(file.name) and "{" not in file.address for file in files)


def test_loopback_is_this_machine_only():
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "localhost"]))
    assert not any(map(is_loopback, [None, "", "example.org", "127.0.0.1.example.org", "10.0.0.1"]))

"""Fetching the owners' files: resumed, bounded and checked, and in their place only when they are whole.

The standard library fetches them: one GET at a time needs no package, and this command belongs to the base install.
"""

import functools
import http.client
import logging
import os
import re
import shutil
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import cast
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

import msgspec
from filelock import FileLock, Timeout

from mibench import __version__
from mibench.data.sources import DataSet, File, is_loopback
from mibench.data.unpacking import unpack
from mibench.errors import InputError
from mibench.transient import TransientError, read_pause

BLOCK = 1 << 16
TIMEOUT = 30.0
"""Seconds until a connection stands, and between two pieces that come."""
STALL_SECONDS, STALL_BYTES = 60.0, 1 << 14
"""Fewer bytes in so many seconds, and the connection is given up."""
RETRIES = 6
"""Failures in a row, without a mebibyte between them, before a file is given up."""
FIRST_PAUSE = 1.0
"""Seconds before the first retry; twice as many before each further one."""
REDIRECTS = 5
RESERVE = 1 << 26
"""Bytes of the disk that stay free."""
LONGEST_VALIDATOR = 1_000

OK, PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 200, 206, 416
_log = logging.getLogger(__name__)
_FOR_A_WHILE = {408, 425, 429, 500, 502, 503, 504}
_ELSEWHERE = {301, 302, 303, 307, 308}

Watch = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are there, and how many there will be, where that is known."""


class _Note(msgspec.Struct):
    """What is known of an unfinished file.

    Attributes:
        address: where it comes from.
        validator: by which the server knows whether the file is still the same; empty where it gives none.
        total: its bytes, where the server says so.

    """

    address: str
    validator: str
    total: int | None


def _ignore(name: str, done: int, total: int | None) -> None:
    """Show no progress."""


def obtain(data_set: DataSet, output: Path, watch: Watch = _ignore) -> tuple[File, ...]:
    """Fetch and unpack what is not there yet, and return the files that the user must get by hand.

    Args:
        data_set: what is wanted.
        output: the folder that holds a folder a data set; nothing is written anywhere else.
        watch: is told of progress.

    Raises:
        InputError: a file cannot be had, or is not what its owners offer; what came is continued by another call.

    """
    folder = output / data_set.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            by_hand = tuple(file for file in data_set.missing(output) if not _obtain_file(file, folder, watch))
            makes = data_set.source.makes
            if makes and not (folder / makes[0]).exists():
                makes[1](folder, folder / makes[0])
            return by_hand
    except Timeout:
        raise InputError("another download is at work here", file=folder, remedy="wait for it") from None
    except OSError as error:
        file, reason = error.filename or folder, error.strerror or error
        remedy = "free some space, or choose another --output; the same command goes on from here"
        raise InputError(f"cannot be read or written: {reason}", file=file, remedy=remedy) from None


def _obtain_file(file: File, folder: Path, watch: Watch) -> bool:
    """Fetch and unpack a file; tell whether it is there."""
    place = folder / file.name
    if file.address:
        fetch(file, place, watch)
    if not place.exists():
        return False
    if file.archive:
        unpack(place, folder, file.archive, watch)
    return True


def fetch(file: File, place: Path, watch: Watch = _ignore) -> None:
    """Fetch a file to its place, unless it is there.

    Args:
        file: has an address.
        place: where it will be, and beside which it grows.
        watch: is told of progress.

    Raises:
        InputError: the server has no such file, lies about it or is out of reach.
        OSError: the file cannot be written.

    """
    if place.exists() and not file.fault_of(place):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(file, place)
    furthest, failures = part.size, 0
    while True:
        try:
            _go_on(part, watch)
            break
        except TransientError as error:
            if part.size >= furthest + (1 << 20):
                furthest, failures = part.size, 0
            failures += 1
            if failures > RETRIES:
                message = f"{file.address}: {error}, and so {failures} times"
                remedy = "the same command goes on from here" + (f"; or {file.by_hand}" if file.by_hand else "")
                raise InputError(message, remedy=remedy) from None
            pause = FIRST_PAUSE * 2.0 ** (failures - 1) if error.pause is None else error.pause
            _log.warning("%s: %s; once more in %.0f seconds", file.name, error, pause)
            time.sleep(pause)
    part.finish()


class _Part:
    """A file that grows beside its place, and the note that tells how to continue it."""

    def __init__(self, file: File, place: Path) -> None:
        self.file, self._place = file, place
        self.path = place.with_name(f"{place.name}.part")
        self._note = place.with_name(f"{place.name}.part.json")

    @property
    def size(self) -> int:
        """The bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def bound(self) -> int:
        """More bytes are not taken."""
        return self.file.at_most if self.file.size is None else self.file.size

    def note(self) -> _Note | None:
        """Return what is known of the bytes that are there; None where they cannot be continued."""
        try:
            note = msgspec.json.decode(self._note.read_bytes(), type=_Note)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        known = note.address == self.file.address and 0 < self.size <= min(note.total or self.bound, self.bound)
        return note if known and (note.validator or self.size == note.total) else None

    def begin(self, note: _Note) -> None:
        """Forget what is there."""
        self.path.write_bytes(b"")
        self._note.write_bytes(msgspec.json.encode(note))

    def drop(self) -> None:
        """Remove what is there."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Check the whole file and put it in its place.

        Raises:
            InputError: it is not what its owners publish.

        """
        if fault := self.file.fault_of(self.path):
            self.drop()
            remedy = "give the command again; if that does not help, the owners have changed the file"
            raise InputError(f"{self.file.address} is not the file that was published: {fault}", remedy=remedy)
        with self.path.open("rb+") as content:
            os.fsync(content.fileno())
        self.path.replace(self._place)
        self._note.unlink(missing_ok=True)


def _go_on(part: _Part, watch: Watch) -> None:
    """Take one more connection's worth of a file; return when it is whole.

    Raises:
        TransientError: the connection broke, or the server cannot be asked now.
        InputError: another try would not help.

    """
    file, note = part.file, part.note()
    have = part.size if note else 0
    if note and have == note.total:
        return
    headers = {"Range": f"bytes={have}-", "If-Range": note.validator} if note else {}
    with _open(file, headers) as reply:
        _check_reply(reply, file)
        begin, total = _range(reply, part, note, have)
        if total is not None and (total > part.bound or file.size not in (None, total)):
            message = f"{file.address}: the server announces {total:,} bytes, which must be {_bound_told(part)}"
            raise InputError(message, remedy=_otherwise(file))
        if not begin:
            part.begin(_Note(file.address, _validator(reply), total))
        _check_disk(part.path.parent, (total or begin) - begin)
        limit = part.bound if total is None else total
        with part.path.open("ab") as content:
            for piece in _pieces(reply, begin, total):
                begin += len(piece)
                if begin > limit:
                    break
                content.write(piece)
                watch(file.name, begin, total)
    if begin > limit:
        part.drop()
        raise InputError(f"{file.address} sends more than the {limit:,} bytes that it may", remedy=_otherwise(file))


def _bound_told(part: _Part) -> str:
    return f"{'at most ' if part.file.size is None else ''}{part.bound:,}"


def _check_reply(reply: http.client.HTTPResponse, file: File) -> None:
    """Check that a reply holds a file, or a part of one.

    Raises:
        TransientError: the server cannot be asked now.
        InputError: there is no such file, or the reply is something else.

    """
    if reply.status in _FOR_A_WHILE:
        raise TransientError(f"the server says {_told(reply.status)}", read_pause(reply.headers.get("Retry-After", "")))
    if reply.status == RANGE_NOT_SATISFIABLE:
        return
    if reply.status not in (OK, PARTIAL_CONTENT):
        raise InputError(f"{file.address}: the server says {_told(reply.status)}", remedy=_otherwise(file))
    kind, coding = reply.headers.get_content_type(), reply.headers.get("Content-Encoding", "identity")
    if kind == "text/html" or coding.lower() != "identity":
        message = f"{file.address}: the server sends something else than the file, of type {kind!r:.100}"
        raise InputError(message, remedy=_otherwise(file))
    if reply.length is None and not reply.chunked and file.size is None and not file.digest:
        raise InputError(f"{file.address}: the server does not say how long it is", remedy=_otherwise(file))


def _range(reply: http.client.HTTPResponse, part: _Part, note: _Note | None, have: int) -> tuple[int, int | None]:
    """Return where in the file a reply begins, and the file's bytes, where the server says so.

    Raises:
        TransientError: it is not what was asked for; what is there is forgotten, for the file is another one.

    """
    if reply.status == OK:
        return 0, reply.length
    fields = re.fullmatch(rf"bytes {have}-(\d{{1,18}})/(\d{{1,18}}|\*)", reply.headers.get("Content-Range", ""))
    if note and fields:
        total = int(fields[1]) + 1
        same = _validator(reply) in ("", note.validator) and note.total in (None, total)
        if same and fields[2] in ("*", str(total)) and reply.length in (None, total - have):
            return have, total
    part.drop()
    raise TransientError("the server has another file than before, or sends another part than was asked for")


def _check_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        message = f"{needed:,} bytes are to come, and {free:,} are free"
        raise InputError(message, file=folder, remedy="free some space, or choose another --output")


def _pieces(reply: http.client.HTTPResponse, begin: int, total: int | None) -> Iterator[bytes]:
    """Yield what comes until the server ends, which may be after more than it announced.

    Raises:
        TransientError: it ends too soon, nothing comes any more, or too slowly.

    """
    there, since, before = begin, time.monotonic(), begin
    if not reply.chunked:
        reply.length = None  # what is sent beyond the announced length is to be seen
    while True:
        try:
            piece = reply.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            if there == total:
                return
            raise TransientError(_reason(error)) from None
        if not piece:
            break
        there += len(piece)
        yield piece
        if (now := time.monotonic()) - since >= STALL_SECONDS:
            if there - before < STALL_BYTES:
                raise TransientError(f"only {there - before:,} bytes came within {now - since:.0f} seconds")
            since, before = now, there
    if total is not None and there < total:
        raise TransientError(f"the connection ended at byte {there:,} of {total:,}")


def _open(file: File, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    """Ask for a file, and follow the server to where it is.

    Raises:
        TransientError: no reply.
        InputError: the server cannot be trusted, or leads to where nothing is fetched from.

    """
    address, asked = file.address, {"User-Agent": f"mibench/{__version__}", **headers}
    for _ in range(REDIRECTS + 1):
        _check_address(address, file)
        opener = _opener(direct=is_loopback(urlsplit(address).hostname))
        try:
            reply = cast("http.client.HTTPResponse", opener.open(Request(address, headers=asked), timeout=TIMEOUT))
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
            if isinstance(cause, ssl.SSLCertVerificationError):
                message = f"{address}: the server's certificate is not trusted: {cause.verify_message}"
                raise InputError(message, remedy="SSL_CERT_FILE can name the certificates of your system") from None
            raise TransientError(_reason(cause)) from None
        if reply.status not in _ELSEWHERE:
            return reply
        reply.close()
        location = reply.headers.get("Location", "")
        with suppress(ValueError):
            location = urljoin(address, location)
        address = location
    raise InputError(f"{file.address} leads on more than {REDIRECTS} times", remedy=_otherwise(file))


def _opener(*, direct: bool) -> OpenerDirector:
    """Return what makes a connection and does nothing else: no redirect is followed, no other scheme known."""
    opener = OpenerDirector()
    for handler in (ProxyHandler({} if direct else None), HTTPHandler(), HTTPSHandler(context=_certificates())):
        opener.add_handler(handler)
    return opener


@functools.cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _check_address(address: str, file: File) -> None:
    """Raise InputError where an address, perhaps a redirect's, is not one to fetch from."""
    try:
        parts = urlsplit(address)
        host, plain = parts.hostname, parts.scheme == "http"
        allowed = parts.port != 0 and "@" not in parts.netloc and re.fullmatch("[!-~]+", address)
    except ValueError:
        host, plain, allowed = None, False, None
    near = is_loopback(host) and is_loopback(urlsplit(file.address).hostname)
    if not (host and allowed and (parts.scheme == "https" or (plain and (near or file.plain_http)))):
        message = f"{file.address} leads to {address!r:.200}, which is no address of https"
        raise InputError(message, remedy=_otherwise(file))


def _validator(reply: http.client.HTTPResponse) -> str:
    """Return a header by which the server can tell whether a file is still the same; nothing where there is none."""
    tag = reply.headers.get("ETag", "")
    found = tag if tag.startswith('"') else reply.headers.get("Last-Modified", "")
    return found if found.isascii() and found.isprintable() and len(found) <= LONGEST_VALIDATOR else ""


def _told(status: int) -> str:
    try:
        return f"{status}, {HTTPStatus(status).phrase.lower()}"
    except ValueError:
        return str(status)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came within {TIMEOUT:g} seconds"
    told = getattr(error, "strerror", None) or type(error).__name__
    return f"the connection broke: {told}"


def _otherwise(file: File) -> str:
    return file.by_hand or "see the data set's own page"

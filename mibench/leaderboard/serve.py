"""The site for its author to look at, on this machine alone: served from the disk, built again on every change."""

import errno
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from shutil import copyfileobj
from socketserver import ThreadingTCPServer
from stat import S_ISDIR
from typing import BinaryIO
from urllib.parse import unquote

from jinja2 import TemplateError

from mibench.errors import InputError
from mibench.leaderboard.cache import read_files_again
from mibench.running.record import FILE_NAME as RUN
from mibench.scoring.report import FILE_NAME as SCORES
from mibench.submissions.description import FILE_NAME as DESCRIPTION
from mibench.submissions.reading import PREDICTIONS

ADDRESS = "127.0.0.1"
"""Nobody else's; there is no option for another one."""
HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)
"""What a reader's browser asks for; a page elsewhere whose name was made to lead here asks for that name."""
TIMEOUT = 30.0
"""Seconds that a request may stand still."""
PAUSE = 0.5
"""Seconds from one look at the files to the next, or ten times as long as a look takes."""

TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/atom+xml; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
}
"""Whatever else there is, is offered to be saved."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_HERE = Path(__file__).parent
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_log = logging.getLogger(__name__)

Look = Mapping[str, tuple[int, int, int]]
"""Time of change, size and number of each file; of folders only the number."""


class SiteServer(ThreadingTCPServer):
    """Serves a site, and holds requests back for the moment in which another takes its place."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, site: Path, port: int) -> None:
        """Take a port; 0 is a free one.

        Raises:
            InputError: another program has it, or it is the system's.

        """
        self.site, self.swapping = site, threading.Lock()
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise InputError(f"port {port} {reason}", remedy="--port 0 takes a free one") from None

    @property
    def port(self) -> int:
        """The port that it has."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """What a reader opens."""
        return f"http://{ADDRESS}:{self.port}/"

    def open(self, place: str) -> BinaryIO | None:
        """Open a file of the site by the path of its address; None where there is no such file in the site itself."""
        parts = (f"{place}index.html" if place == "/" else place).removeprefix("/").split("/")
        if not place.startswith("/") or not all(map(_PART.fullmatch, parts)):
            return None
        with self.swapping, suppress(OSError):
            if Path(os.path.realpath(self.site), *parts) == Path(os.path.realpath(self.site.joinpath(*parts))):
                path = self.site.joinpath(*parts)
                return path.open("rb") if path.is_file() else None
        return None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of readers who went away."""
        _log.debug("a request was broken off", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    timeout = TIMEOUT
    protocol_version = "HTTP/1.1"
    error_content_type, error_message_format = "text/plain; charset=utf-8", "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def parse_request(self) -> bool:
        """Read the request line and headers, and refuse what no reader of the site sends."""
        if not super().parse_request():
            return False
        hosts = self.headers.get_all("Host", [])
        if self.command not in ("GET", "HEAD"):
            self.close_connection = True
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
        elif len(hosts) != 1 or not HOST.fullmatch(hosts[0].strip()):
            self.close_connection = True
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, f"this is {self.server.address}")
        else:
            return True
        return False

    def _answer(self, *, body: bool) -> None:
        place = unquote(self.path.partition("?")[0], errors="replace")
        file = self.server.open(place)
        if file is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPES.get(Path(place).suffix or ".html", "application/octet-stream"))
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            if body:
                copyfileobj(file, self.wfile)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if self.command not in (None, "GET", "HEAD"):
            self.send_header("Allow", "GET, HEAD")
        super().end_headers()

    def version_string(self) -> str:
        return "mibench"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        _log.debug(format, *args)


@contextmanager
def serving(server: SiteServer) -> Iterator[None]:
    """Answer requests beside what happens meanwhile."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def keep_built(submissions: Path, seen: Look, build: Callable[[], int], stopping: Callable[[], bool]) -> None:
    """Build again whenever a submission or a template changes, until it is time to stop.

    What goes wrong is told, once, and the site stays as it was.

    Args:
        submissions: the folder of submission folders.
        seen: the files as the last build found them.
        build: builds the site and returns how many submissions it shows.
        stopping: whether to stop.

    """
    told = ""
    while not stopping():
        begun = time.monotonic()
        now = look_at(submissions)
        if now == seen:
            time.sleep(max(PAUSE, 10 * (time.monotonic() - begun)))
            continue
        seen = now
        read_files_again()
        try:
            count = build()
        except (InputError, OSError, TemplateError) as error:
            if told != str(error):
                _log.error("the site stays as it was: %s", error)
            told = str(error)
        else:
            told = ""
            shown = "1 submission" if count == 1 else f"{count} submissions"
            _log.info("built again in %.1f s: %s", time.monotonic() - begun, shown)


def look_at(submissions: Path) -> Look:
    """Return the state of all files from which the site is made, but for the data and the program itself."""
    found = dict[str, tuple[int, int, int]]()
    for folder in _entries(submissions):
        _note(found, folder)
        for name in (DESCRIPTION, SCORES, RUN):
            _note(found, folder / name)
        for path in _entries(folder / PREDICTIONS):
            _note(found, path)
    for path in (*_entries(_HERE / "templates"), *_entries(_HERE / "static"), *_HERE.glob("*.yaml")):
        _note(found, path)
    return found


def _entries(folder: Path) -> list[Path]:
    """Return what stands in a folder but for what is hidden, as files that are only being written."""
    with suppress(OSError):
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    return []


def _note(found: dict[str, tuple[int, int, int]], path: Path) -> None:
    with suppress(OSError):
        status = path.lstat()
        changes = (0, 0) if S_ISDIR(status.st_mode) else (status.st_mtime_ns, status.st_size)
        found[str(path)] = (*changes, status.st_ino)

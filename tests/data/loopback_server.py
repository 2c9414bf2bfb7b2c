"""A server of one file on loopback that misbehaves by plan, and remembers what it was asked."""

import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Takes a request, and does with it what is next in the plan."""

    protocol_version = "HTTP/1.1"
    server: "LoopbackServer"

    def do_GET(self):
        self.close_connection = True
        self.server.asked.append(self)
        plan = self.server.plan
        with suppress(ConnectionError):
            (plan.popleft() if plan else self.server.otherwise)(self)

    @property
    def begin(self):
        """Where the asked part begins; 0 where the whole file is asked for, or another one than there is."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", self.server.validator) == self.server.validator
        return int(asked[1]) if asked and same else 0

    def head(self, status=200, **headers):
        """Send a status and headers; None takes one away that would be sent else."""
        begin, whole = self.begin, len(self.server.content)
        fields = {"Content-Length": whole - begin if status == 206 else whole, "ETag": self.server.validator}
        if status == 206:
            fields["Content-Range"] = f"bytes {begin}-{whole - 1}/{whole}"
        self.send_response(status)
        for name, value in (fields | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *args):
        pass


Act = Callable[[Handler], None]


def serves(handler, end=None, **headers):
    """Send the file, or the asked part of it."""
    handler.head(206 if handler.begin else 200, **headers)
    handler.wfile.write(handler.server.content[handler.begin : end])


def ignores_ranges(handler, end=None):
    """Send the file, whatever is asked for."""
    handler.head()
    handler.wfile.write(handler.server.content[:end])


def breaks_off(end) -> Act:
    """Promise all, and send what comes before a byte of the file."""
    return lambda handler: serves(handler, end)


def resets(handler):
    """Break the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def says(status, **headers) -> Act:
    """Send a status and no file."""
    return lambda handler: handler.head(status, Content_Length=0, Content_Range=None, **headers)


def leads_to(location, status=302) -> Act:
    """Redirect."""
    return says(status, Location=location)


def announces(length, **headers) -> Act:
    """Send the file and lie about its length; None says nothing."""
    return lambda handler: serves(handler, Content_Length=length, **headers)


def changes(content, validator, act: Act) -> Act:
    """Have another file from now on."""

    def change(handler):
        handler.server.content, handler.server.validator = content, validator
        act(handler)

    return change


def in_chunks(end=None) -> Act:
    """Send the file in chunks, without its length; the end chunk only if all of it."""

    def act(handler):
        handler.head(200, Content_Length=None, Transfer_Encoding="chunked")
        piece = handler.server.content[:end]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n" if end is None else b"")

    return act


def never_ends(piece, pause=0.0) -> Act:
    """Send a file of unknown length, piece by piece."""

    def act(handler):
        handler.head(200, Content_Length=None, Transfer_Encoding="chunked")
        while not handler.server.over.is_set():
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(pause)

    return act


def hangs_at(end, act=serves) -> Act:
    """Send what comes before a byte of the file, and nothing more until the server ends."""

    def hang(handler):
        act(handler, end)
        handler.wfile.flush()
        handler.server.over.wait(30)

    return hang


class LoopbackServer(ThreadingHTTPServer):
    """Does what the plan says, request by request, and afterwards always the same.

    Attributes:
        content: of its file.
        validator: its ETag; None for none.
        asked: the handlers of all requests, in order.

    """

    daemon_threads = True

    def __init__(self, content, *plan: Act, otherwise: Act = serves, validator='"one"') -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.validator, self.otherwise = content, validator, otherwise
        self.plan, self.asked, self.over = deque(plan), list[Handler](), threading.Event()

    @property
    def address(self) -> str:
        """Return where its file is."""
        return f"http://127.0.0.1:{self.server_port}/file"

    @property
    def ranges(self) -> list[str | None]:
        """Return the part that each request asked for."""
        return [handler.headers.get("Range") for handler in self.asked]

    def handle_error(self, request, client_address):
        pass

    def __enter__(self) -> "LoopbackServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

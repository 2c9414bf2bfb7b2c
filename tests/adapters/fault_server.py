"""A server of chat completions on loopback that misbehaves by plan, and remembers what it was asked."""

import gzip
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict
    at: float

    @property
    def prompt(self):
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else next(part["text"] for part in content if "text" in part)


class Handler(BaseHTTPRequestHandler):
    """Takes a request, and does with it what is next in the plan."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "FaultServer"

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked = Asked(self.path, dict(self.headers), json.loads(content), time.monotonic())
        act = self.server.begin(self.asked)
        try:
            act(self)
        finally:
            self.server.end()

    def reply(self, status, body, headers=()):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.write(body)

    def write(self, content):
        self.wfile.write(content)
        self.server.sent += len(content)

    def log_message(self, *args):
        pass


Fault = Callable[[Handler], None]


def completion(text, **message):
    """Return the body of a completion."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text, **message}}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


def sends(body, status=200, **headers) -> Fault:
    """Reply with JSON, or with bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(status, content, fields)


def says(text) -> Fault:
    """Complete the chat."""
    return sends(completion(text))


def fails(status, message="no", **headers) -> Fault:
    """Reply with an error."""
    return sends({"error": {"message": message}}, status, **headers)


def echoes(handler: Handler) -> None:
    """Answer with the prompt, after a moment."""
    time.sleep(0.02)
    handler.reply(200, json.dumps(completion(handler.asked.prompt)).encode())


def tells_the_key(status) -> Fault:
    """Repeat the header that nobody should see, in the body and in a header."""

    def act(handler):
        header = handler.headers["Authorization"]
        body = json.dumps({"error": {"message": f"no such {header}\r\n\x1b[31m{header}"}}).encode()
        handler.reply(status, body, {"X-Seen": header})

    return act


def hangs(handler: Handler) -> None:
    """Say nothing until the server ends."""
    handler.server.over.wait(30)
    handler.close_connection = True


def resets(handler: Handler) -> None:
    """Break the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def halves(handler: Handler) -> None:
    """Send one half of what is promised."""
    content = json.dumps(completion("yes")).encode()
    handler.reply(200, content[: len(content) // 2], {"Content-Length": str(len(content))})
    handler.close_connection = True


def _pours(handler, piece, pause=0.0, at_most=2**30):
    handler.close_connection = True
    with suppress(OSError):
        while at_most > 0 and not handler.server.over.is_set():
            handler.write(piece)
            at_most -= len(piece)
            time.sleep(pause)


def floods(status=200, **headers) -> Fault:
    """Reply with a gibibyte."""

    def act(handler):
        handler.send_response(status)
        for name, value in {"Content-Length": str(2**30), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        _pours(handler, b" " * 2**16)

    return act


def trickles(handler: Handler) -> None:
    """Send a body that never ends, a byte at a time."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(2**30))
    handler.end_headers()
    _pours(handler, b" ", pause=0.02)


def trickles_headers(handler: Handler) -> None:
    """Send headers that never end."""
    handler.write(b"HTTP/1.1 200 OK\r\n")
    _pours(handler, b"X: y\r\n", pause=0.02)


def bombs(layers) -> Fault:
    """Send 16 MiB of blanks, compressed once or more often."""
    content = b" " * 2**24
    for _ in range(layers):
        content = gzip.compress(content)
    return sends(content, Content_Encoding=", ".join(["gzip"] * layers))


class FaultServer(ThreadingHTTPServer):
    """Does what the plan says, request by request, and afterwards always the same.

    Attributes:
        asked: what arrived, in order.
        busiest: how many requests were under way at once, at most.
        sent: bytes of bodies.

    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *plan: Fault, otherwise: Fault = echoes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Asked] = []
        self.busiest = self.sent = self._busy = 0
        self.over = threading.Event()
        self._plan, self._otherwise, self._lock = deque(plan), otherwise, threading.Lock()

    @property
    def address(self) -> str:
        """Return what goes into base_url."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def begin(self, asked: Asked) -> Fault:
        """Take note of a request, and return what is done with it."""
        with self._lock:
            self.asked.append(asked)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            return self._plan.popleft() if self._plan else self._otherwise

    def end(self) -> None:
        """Take note that a request is done with."""
        with self._lock:
            self._busy -= 1

    def handle_error(self, request, client_address):
        pass

    def __enter__(self) -> "FaultServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

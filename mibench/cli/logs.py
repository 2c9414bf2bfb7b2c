"""Log lines on stderr, as text or as JSON, beside progress bars or without."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

import click

from mibench.visible import visible

LogFormat = Literal["text", "json"]


def start_logging(kind: LogFormat) -> None:
    """Send what mibench has to say at level INFO and above, and warnings of others, to stderr."""
    handler = _Stderr()
    handler.setFormatter(_JSON() if kind == "json" else _Text("%(message)s"))
    root = logging.getLogger()
    for earlier in [known for known in root.handlers if isinstance(known, _Stderr)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    logging.getLogger("mibench").setLevel(logging.INFO)


def tell_error(message: str) -> None:
    """Print an error on stderr, as a log line where these are JSON."""
    if any(isinstance(handler.formatter, _JSON) for handler in logging.getLogger().handlers):
        logging.getLogger("mibench").error(message)
    else:
        click.echo(f"error: {visible(message)}", err=True)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the time, so that a progress bar can keep its place below."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        pass


class _Text(logging.Formatter):
    """The message alone; no name of a file in it can move the cursor or colour the screen."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


class _JSON(logging.Formatter):
    """One object a line: time, level, logger and message, and what the record carries under `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)

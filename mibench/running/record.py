"""`run.json`: how a submission came about, one entry for each time that its run was begun or continued."""

import os
import platform
import resource
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec

from mibench.errors import InputError
from mibench.whole_file import write_whole

FILE_NAME = "run.json"
PACKAGES = ("mibench", "torch", "transformers", "tokenizers", "accelerate", "ray", "pillow", "numpy")
"""Whose versions are recorded, where they are installed."""
MAX_BYTES = 16 << 20
"""No honest record is longer."""


End = Literal["finished", "interrupted", "failed"]


class TaskRecord(msgspec.Struct, kw_only=True):
    """What one session did for one task.

    Attributes:
        answered: requests that it answered.
        failed: requests that failed in it.
        seconds: from the task's first batch to its last, waiting included.
        model_seconds: the time in the model, added up over workers.

    """

    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    model_seconds: float = 0.0


class Session(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One start of the run.

    Attributes:
        command: as it was typed.
        started: UTC, ISO 8601.
        ended: when it ended; absent where it was killed.
        end: how.
        python: its version, with that of the system and the processor.
        packages: versions.
        device: what the model ran on.
        engine: `local`, or `ray` with the number of its workers.
        batch_size: requests a batch; `auto` with the size that was found.
        seed: of the option order.
        tasks: what was done.
        seconds: from start to end, without the start of Python.
        peak_memory_mib: of this process; `peak_gpu_memory_mib` of its GPU, where it used one.
        usage: what the adapter says that its answers cost, as tokens.

    """

    command: str
    started: str
    ended: str | None = None
    end: End | None = None
    python: str
    packages: dict[str, str]
    device: str = ""
    engine: str
    batch_size: int | str
    seed: int
    tasks: dict[str, TaskRecord] = {}
    seconds: float | None = None
    peak_memory_mib: float | None = None
    peak_gpu_memory_mib: float | None = None
    usage: dict[str, float] = {}


class _Record(msgspec.Struct, kw_only=True):
    format: Literal[1] = 1
    sessions: list[Session]


class RunRecord:
    """The record of a submission folder; written whole each time."""

    def __init__(self, folder: Path, *, command: str, engine: str, batch_size: int | str, seed: int) -> None:
        """Begin a session after those that the folder knows.

        Args:
            folder: the submission folder.
            command: as it was typed, without secrets.
            engine: what carries batches to the model.
            batch_size: as asked for.
            seed: of the option order.

        Raises:
            InputError: the folder holds another kind of `run.json`.

        """
        self._path, self._begun = folder / FILE_NAME, datetime.now(UTC)
        self._record = _read(self._path)
        self.session = Session(
            command=command,
            started=_now(),
            python=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
            packages=_versions(),
            engine=engine,
            batch_size=batch_size,
            seed=seed,
        )
        self._record.sessions.append(self.session)

    def write(self) -> None:
        """Write what is known so far, with the time and the memory."""
        session, torch = self.session, sys.modules.get("torch")
        session.seconds = round((datetime.now(UTC) - self._begun).total_seconds(), 3)
        session.peak_memory_mib = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _RSS_UNIT, 1)
        if torch is not None:
            session.device = _device(torch)
            if torch.cuda.is_available():
                session.peak_gpu_memory_mib = round(torch.cuda.max_memory_allocated() / 2**20, 1)
        write_whole(self._path, msgspec.json.format(msgspec.json.encode(self._record), indent=2) + b"\n")

    def close(self, end: End) -> None:
        """Write that the session is over."""
        self.session.ended, self.session.end = _now(), end
        self.write()


def read_record(folder: Path) -> Sequence[Session]:
    """Return the sessions of a submission folder, the oldest first; none where it holds no record.

    Raises:
        InputError: its `run.json` is not a record of runs.

    """
    path = folder / FILE_NAME
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError("not a record of runs: not a file of its own", file=path, remedy="remove it")
    if path.exists() and path.stat().st_size > MAX_BYTES:
        raise InputError(f"not a record of runs: over {MAX_BYTES >> 20} MiB", file=path, remedy="remove it")
    return _read(path).sessions


_RSS_UNIT = 2**20 if sys.platform == "darwin" else 2**10


def _read(path: Path) -> _Record:
    if not path.exists():
        return _Record(sessions=[])
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not a record of runs: {error}", file=path, remedy="remove it") from None


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _device(torch: Any) -> str:
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        return ", ".join(names)
    return f"CPU, {torch.get_num_threads()} of {os.cpu_count()} threads"

"""An adapter that takes its time, answers from the content alone, and breaks or dies where it is told to.

It is reached by an entry point of its own, as one of another package would be, so that other processes find it.
"""

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

FILE_EVENTS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"}
"""Audit events of what changes files; opening one to write is another."""


class Slow:
    """Answers `INSTRUCTION CHECKSUM`."""

    model_name = "slow"

    def __init__(
        self,
        seconds="0",
        log=None,
        fails=None,
        kills=None,
        once=None,
        only=None,
        path=None,
        breaks=None,
        kill_at="0",
    ):
        """Take note of what to do.

        Args:
            seconds: how long a batch takes.
            log: a file that is told of each batch.
            fails: rows whose checksum this divides have an error.
            kills: the instance that ends the process.
            once: a file, so that it does so but once.
            only: a file; of all processes that load the model, the first that makes it lives on.
            path: a folder that must be there.
            breaks: any text; loading ends with an error that no adapter should have.
            kill_at: at how manieth change of a file the process ends, just before it.

        """
        if breaks is not None:
            raise RuntimeError(breaks)
        if path is not None and not Path(path).is_dir():
            raise ValueError(f"no folder {path}")
        if only is not None and not _made(only):
            _die()
        if int(kill_at):
            _die_at(int(kill_at), log)
        self.decoding = {}
        self.usage = {"rows": 0}
        self.seconds, self.log, self.fails, self.kills, self.once = float(seconds), log, fails, kills, once

    def predict(self, requests):
        if self.log is not None:
            self._tell(requests)
        time.sleep(self.seconds)
        if any(request.instance == self.kills for request in requests) and (self.once is None or _made(self.once)):
            _die()
        self.usage["rows"] += len(requests)
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        checksum = zlib.crc32(request.prompt.encode())
        if self.fails is not None and checksum % int(self.fails) == 0:
            raise ValueError(f"{checksum} is too hard")
        return request.answered(f"{request.instruction} {checksum}")

    def _tell(self, requests):
        told = {
            "pid": os.getpid(),
            "task": requests[0].task,
            "rows": [f"{request.instance}/{request.instruction}" for request in requests],
            "pictures": [request.image for request in requests if request.image and Path(request.image).exists()],
            "threads": os.environ.get("OMP_NUM_THREADS"),
            "cards": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "secret": os.environ.get("SLOW_API_KEY"),
        }
        with Path(self.log).open("a") as file:
            file.write(json.dumps(told) + "\n")


def install(folder):
    """Write what makes the adapter known, and return the folders that `sys.path` needs."""
    about = folder / "slow_adapter-1.dist-info"
    about.mkdir(parents=True)
    (about / "entry_points.txt").write_text("[mibench.adapters]\nslow = slow_adapter:Slow\n")
    return [str(folder), str(Path(__file__).parent)]


class Program:
    """Starts `mibench run` with this adapter, in a process of its own."""

    def __init__(self, folder, *words):
        """Install the adapter in a folder; the words are those that all runs have."""
        path = os.pathsep.join(install(folder))
        self.environment = os.environ | {
            "PYTHONPATH": path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }
        self.folder = folder
        self._words = [sys.executable, "-m", "mibench", "run", "--model", "slow", *map(str, words)]

    def start(self, output, *words, **arguments):
        """Start a run that writes to a folder."""
        told = ",".join(f"{key}={value}" for key, value in arguments.items())
        command = [*self._words, "--output", str(output), "--model-args", told, *words]
        pipe = subprocess.PIPE
        settings = {"env": self.environment, "cwd": self.folder, "text": True}
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, **settings)

    def run(self, output, *words, **arguments):
        """Run to the end, and return the exit status and what was written to stdout and to stderr."""
        with self.start(output, *words, **arguments) as process:
            told = process.communicate()
            return process.returncode, *told


def read_log(file):
    """Return what the adapter told, batch by batch."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _made(file):
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def _die():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _die_at(number, log):
    left = number

    def hook(event, arguments):
        nonlocal left
        writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR) and str(arguments[0]) != log
        if writes or event in FILE_EVENTS:
            left -= 1
            if left == 0:
                _die()

    sys.addaudithook(hook)

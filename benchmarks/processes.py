"""Measuring a step in a process of its own, so that its peak of memory is its own; read from /proc, so Linux only."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """What a step took."""

    seconds: float
    peak_bytes: int


def measure(script: str, step: str, folder: Path) -> Cost:
    """Run `script --step STEP --folder FOLDER` and return what it `report`s."""
    command = [sys.executable, script, "--step", step, "--folder", str(folder)]
    seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return Cost(float(seconds), int(peak))


def report(step: Callable[[], object]) -> None:
    """Run a step and print its seconds and the peak bytes: of this process, and of the largest child for each core."""
    begin = time.perf_counter()
    step()
    seconds = time.perf_counter() - begin
    children = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(seconds, _peak_bytes() + (os.cpu_count() or 1) * children)


def _peak_bytes() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found, "no peak in /proc/self/status"
    return 1024 * int(found[1])

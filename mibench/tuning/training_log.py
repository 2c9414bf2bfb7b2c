"""The log of a training run: one JSON object a line, one curve however often the run stopped."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mibench.whole_file import write_whole


class TrainingLog:
    """A log that goes on after a step; lines past it, of a run that was killed, are dropped."""

    def __init__(self, path: Path, step: int, *, write: bool = True) -> None:
        self._path = path
        self._write = write
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = [json.dumps(line) + "\n" for line in read_log(path) if line["step"] <= step] if step else []
            write_whole(path, "".join(kept).encode())

    def has_evaluation(self, step: int) -> bool:
        """Tell whether the log holds what an evaluation after so many steps gave."""
        return any(line["step"] == step and "evaluation" in line for line in read_log(self._path))

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line, on the process that writes."""
        if self._write:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log; a last line that was cut off is passed over."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines

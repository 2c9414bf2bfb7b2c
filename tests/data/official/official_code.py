"""The official preparation as an oracle: its code is run on a folder that a test made.

The environment variable MIBENCH_OFFICIAL_REPOSITORY names a checkout of VT-NLP/MultiInstruct.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

VARIABLE = "MIBENCH_OFFICIAL_REPOSITORY"


def official_repository():
    """Return the folder of the official code; the test is skipped where a developer has none."""
    named = os.environ.get(VARIABLE)
    if named is None:
        pytest.skip(f"no official code: {VARIABLE} names no checkout of VT-NLP/MultiInstruct")
    folder = Path(named)
    if not (folder / "build_dataset.py").is_file():
        pytest.skip(f"no official code: {VARIABLE} names {folder}, which holds no build_dataset.py")
    return folder.resolve()


def official_rows(script, raw_datasets, folder, *, task=None, every_row=True, hash_seed=0):
    """Return the rows that the official code makes, in its order, with the fields `prompt` and `target`.

    Its last step takes one row of each file, so it is given a file a row.

    Args:
        script: the name of the task's preprocessor, without its folder.
        raw_datasets: the folder that the code knows under this name, in its layout.
        folder: an empty one to run in.
        task: the official task name, where the preprocessor asks for it.
        every_row: whether the preprocessor takes a number of rows, which then is all.
        hash_seed: of the order of Python's sets of texts.

    """
    repository = official_repository()
    (folder / "raw_datasets").symlink_to(raw_datasets, target_is_directory=True)
    arguments = ["--out_data_dir", "made"]
    arguments += ["--task_type", task] if task else []
    arguments += ["--num_test", "-1"] if every_row else []
    _run([repository / "data_preprocessor" / script, *arguments], folder, hash_seed)
    made = [row for file in sorted((folder / "made").rglob("test.jsonl")) for row in _read(file)]
    for number, row in enumerate(made):
        alone = folder / "testing_data" / str(number)
        alone.mkdir(parents=True)
        (alone / "test.jsonl").write_text(json.dumps({"row": number, **row}) + "\n")
    _run([repository / "build_dataset.py"], folder, hash_seed)
    rows = _read(folder / "test.jsonl")
    assert len(rows) == len(made)
    return sorted(rows, key=lambda row: row["row"])


def official_example(real_data, task):
    """Return the row that the official repository shows of a task."""
    rows = _read(real_data / "official_examples" / "test.jsonl")
    return next(row for row in rows if row["task_name"] == task)


def _read(file):
    with file.open(encoding="utf-8") as lines:
        return list(map(json.loads, lines))


def _run(command, folder, hash_seed):
    variables = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": str(hash_seed),
        "PYTHONUTF8": "1",
    }
    done = subprocess.run([sys.executable, *command], cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

"""From the owners' files to a folder: which reader is asked for what, and what a kill or a fault leaves behind."""

import json
import os
import signal
import subprocess
import sys

import pytest

from mibench.cards import load_cards
from mibench.data import prepare, stored_pictures
from mibench.data.prepare import READERS, prepare_official, prepare_tasks, published_rows
from mibench.data.rows import ReaderOptions
from mibench.data.store import LOCK, MANIFEST, DataFolder, writing_to
from mibench.errors import InputError
from tests.builders import PNG, make_data, write_lines

MEMES, NLVR, BOXES = (load_cards()[name] for name in ("visual_text_extraction", "nlvr", "grounded_vqa"))
ROWS = 8

KILLED = """
import os, signal, sys
from pathlib import Path
from mibench.cards import load_cards
from mibench.data import prepare, store, stored_pictures
from mibench.data.rows import ReaderOptions

raw, output, place, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
left = number

def die_at_last():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

def dying(function):
    def wrapped(*arguments, **options):
        die_at_last()
        return function(*arguments, **options)
    return wrapped

def half(source):
    content = source.read_bytes()
    yield content[: len(content) // 2]
    die_at_last()
    yield content[len(content) // 2 :]

if place == "copy":
    stored_pictures._pieces = half
elif place == "rename":
    Path.rename = dying(Path.rename)
elif place == "manifest":
    store.write_whole = dying(store.write_whole)
elif place == "remove":
    store.shutil.rmtree = dying(store.shutil.rmtree)
prepare.prepare_official(load_cards()["visual_text_extraction"], raw, output, ReaderOptions())
"""


def make_memes(raw, count=ROWS, **changed):
    """Write the official layout; a picture's bytes tell its number and what was changed."""
    lines = [{"id": number, "img": f"img/{number}.png", "text": f"text {number}"} for number in range(count)]
    write_lines(raw / "test_unseen.jsonl", lines)
    (raw / "img").mkdir(exist_ok=True)
    for number in range(count):
        file = raw / "img" / f"{number}.png"
        content = changed.get(f"p{number}", PNG + f"{number}".encode() * 100)
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)
    return raw


def files(folder):
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture
def copied(monkeypatch):
    """The pictures whose bytes are read from now on."""
    found, pieces = [], stored_pictures._pieces

    def watched(source):
        found.append(source.name)
        return pieces(source)

    monkeypatch.setattr(stored_pictures, "_pieces", watched)
    return found


def killed(raw, output, place, number):
    command = [sys.executable, "-c", KILLED, *map(str, (raw, output, place, number))]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def test_every_card_names_a_reader():
    assert {card.data.reader for card in load_cards().values()} == READERS.keys()


@pytest.mark.parametrize(
    ("place", "number", "missing"),
    [("copy", 1, 8), ("copy", 6, 3), ("rename", 1, 0), ("manifest", 1, 0)],
)
def test_after_a_kill_it_goes_on_to_the_same_files(tmp_path, copied, place, number, missing):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    killed(raw, output, place, number)
    assert not (output / MANIFEST).exists()
    entry = prepare_official(MEMES, raw, output, ReaderOptions())
    assert copied == [f"{number}.png" for number in range(ROWS - missing, ROWS)]
    assert entry == prepare_official(MEMES, raw, tmp_path / "whole", ReaderOptions())
    assert files(output) == files(tmp_path / "whole")


@pytest.mark.parametrize(
    ("place", "number"), [("copy", 2), ("rename", 1), ("rename", 2), ("manifest", 1), ("remove", 1)]
)
def test_a_kill_while_a_task_is_replaced_loses_nothing(tmp_path, copied, place, number):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    old = prepare_official(MEMES, raw, output, ReaderOptions())
    make_memes(raw, p3=PNG + b"new", p7=PNG + b"new")
    killed(raw, output, place, number)
    if place == "copy" or (place, number) == ("rename", 1):
        data = DataFolder(output)
        assert data.entry(MEMES.name) == old
        assert len(list(data.instances(MEMES.name))) == ROWS
    copied.clear()
    entry = prepare_official(MEMES, raw, output, ReaderOptions())
    assert copied == {"copy": ["7.png"]}.get(place, [])
    assert entry == prepare_official(MEMES, raw, tmp_path / "whole", ReaderOptions())
    assert files(output) == files(tmp_path / "whole")


def test_two_kills_add_up(tmp_path, copied):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    killed(raw, output, "copy", 4)
    killed(raw, output, "copy", 3)
    prepare_official(MEMES, raw, output, ReaderOptions())
    assert copied == ["5.png", "6.png", "7.png"]
    assert sorted(path.name for path in output.iterdir() if path.name != LOCK) == [MANIFEST, MEMES.name]


def test_what_is_done_is_not_copied_again_unless_it_changed(tmp_path, copied):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    entry = prepare_official(MEMES, raw, output, ReaderOptions())
    copied.clear()
    assert prepare_official(MEMES, raw, output, ReaderOptions()) == entry
    assert copied == []
    make_memes(raw, p5=PNG + b"5" * 99 + b"!")
    (output / MEMES.name / "images" / "img" / "2.png").write_bytes(b"cut off")
    (raw / "img" / "6.png").touch()
    assert prepare_official(MEMES, raw, output, ReaderOptions()).digest != entry.digest
    assert copied == ["2.png", "5.png", "6.png"]


def test_an_interruption_keeps_what_is_done(tmp_path, copied):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"

    def stopped(rows, task, count):
        for number, row in enumerate(rows):
            if number == 5:
                raise KeyboardInterrupt
            yield row

    with pytest.raises(KeyboardInterrupt):
        list(prepare_tasks([MEMES], raw, output, ReaderOptions(), watch=stopped))
    prepare_official(MEMES, raw, output, ReaderOptions())
    assert len(copied) == len(set(copied)) == ROWS


def test_a_failure_leaves_the_folder_as_it_was(tmp_path):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    killed(raw, output, "copy", 4)
    make_data(output, 2, tasks=["nlvr"])
    before = files(output)
    (raw / "img" / "6.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="of no known format"):
        prepare_official(MEMES, raw, output, ReaderOptions())
    assert files(output) == before


def test_of_several_tasks_those_without_fault_are_prepared(tmp_path):
    raw = tmp_path / "raw"
    make_memes(raw / "hateful_memes")
    asked = []

    def watch(rows, task, count):
        asked.append((task, count))
        return rows

    cards = [NLVR, MEMES, BOXES]
    found = list(prepare_tasks(cards, raw, tmp_path / "data", ReaderOptions(), watch=watch))
    assert [card for card, _ in found] == cards
    assert [type(result).__name__ for _, result in found] == ["InputError", "TaskEntry", "InputError"]
    assert "no test.json at or below" in str(found[0].found)
    assert list(DataFolder(tmp_path / "data").manifest.tasks) == [MEMES.name]
    assert asked == [("nlvr", 990), (MEMES.name, 2_000), ("grounded_vqa", 57_265)]


def test_a_folder_with_the_name_of_a_reader_is_looked_through_alone(tmp_path):
    make_memes(tmp_path / "hateful_memes", 3)
    make_memes(tmp_path / "another", 2)
    assert prepare_official(MEMES, tmp_path, tmp_path / "data", ReaderOptions()).rows == 3
    (tmp_path / "hateful_memes").rename(tmp_path / "a third")
    with pytest.raises(InputError, match=r"2 files match test_unseen\.jsonl"):
        prepare_official(MEMES, tmp_path, tmp_path / "data", ReaderOptions())


def test_the_manifest_tells_what_was_asked_for(tmp_path):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    plain = prepare_official(MEMES, raw, output, ReaderOptions(seed=3))
    assert (plain.reader, plain.quirks, plain.seed, plain.images) == ("1", False, 3, True)
    assert (plain.licence, plain.pictures) == (MEMES.source.license, ROWS)
    faithful = prepare_official(MEMES, raw, output, ReaderOptions(faithful_quirks=True, all_permutations=True))
    assert (faithful.reader, faithful.quirks) == ("1+quirks", True)
    text = prepare_official(MEMES, raw, output, ReaderOptions(pictures=False))
    assert (text.images, text.pictures) == (False, 0)
    assert not (output / MEMES.name / "images").exists()
    assert DataFolder(output).entry(MEMES.name) == text


def test_published_rows_count_permutations():
    assert published_rows(NLVR, "1") == 990
    assert published_rows(NLVR, "1+all-permutations+quirks") == 5_940
    assert published_rows(load_cards()["task020_mctaco_span_based_question"], "1") is None


def test_an_option_that_comes_twice_needs_the_quirks(tmp_path):
    box = {"name": "thing", "x": 1, "y": 2, "width": 3, "height": 4}
    pair = {"qa_id": 1, "question": "Which?", "answer": 1, "multiple_choices": [2, 2, 3]}
    whole = {
        "boxes": [box | {"box_id": 1, "x": 9}, box | {"box_id": 2}, box | {"box_id": 3}],
        "images": [{"image_id": 1, "filename": "1.jpg", "split": "test", "qa_pairs": [pair]}],
    }
    (tmp_path / "dataset_v7w_pointing.json").write_text(json.dumps(whole))
    plain, faithful = ReaderOptions(pictures=False), ReaderOptions(pictures=False, faithful_quirks=True)
    prepare_official(BOXES, tmp_path, tmp_path / "data", plain)
    assert len(next(DataFolder(tmp_path / "data").instances(BOXES.name)).options) == 2
    prepare_official(BOXES, tmp_path, tmp_path / "data", faithful)
    assert len(next(DataFolder(tmp_path / "data").instances(BOXES.name)).options) == 4


def test_a_reader_that_offers_an_option_twice_is_told(tmp_path, monkeypatch):
    def read(raw, card, options):
        for row in READERS["hateful_memes"].read(raw, card, options):
            instance = row.instance
            yield row._replace(
                instance=type(instance)(id="a", fields={}, options=("x", "x"), targets=("x",), group="a")
            )

    raw = make_memes(tmp_path / "raw", 1)
    monkeypatch.setattr(prepare, "READERS", {"hateful_memes": READERS["hateful_memes"]._replace(read=read)})
    with pytest.raises(InputError, match=r"instance 'a' offers 'x' twice \(.*--faithful-quirks"):
        prepare_official(MEMES, raw, tmp_path / "data", ReaderOptions())
    assert prepare_official(MEMES, raw, tmp_path / "data", ReaderOptions(faithful_quirks=True)).rows == 1


def test_while_one_prepares_another_is_refused(tmp_path):
    raw, output = make_memes(tmp_path / "raw"), tmp_path / "data"
    with writing_to(output):
        script = "import sys; from mibench.cli import main; main(sys.argv[1:])"
        arguments = ["data", "prepare", MEMES.name, "--raw", str(raw), "--output", str(output)]
        result = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False, env=os.environ
        )
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {output}: another process is preparing data here")
    assert not output.exists()

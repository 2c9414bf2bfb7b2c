import errno
import json
from dataclasses import replace

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.data import sources
from mibench.data.statistics import Statistics
from mibench.data.store import INSTANCES, LOCK, MANIFEST, DataFolder
from mibench.scoring.floors import Floors
from tests.builders import PNG, make_data, write_lines
from tests.cli.program import mibench
from tests.data.loopback_server import LoopbackServer, says


def test_the_real_files_of_nlvr_are_prepared(tmp_path, real_data):
    result = mibench("data", "prepare", "nlvr", "--raw", real_data / "nlvr" / "test", "--output", tmp_path / "data")
    entry = DataFolder(tmp_path / "data").entry("nlvr")
    assert result.stdout == f"nlvr: 990 rows, {entry.digest}\n"
    result = mibench("data", "list", "--data", tmp_path / "data")
    assert "990" in result.stdout


@pytest.mark.slow
def test_all_permutations_of_the_real_files_are_prepared(tmp_path, real_data):
    arguments = ["--raw", real_data / "nlvr", "--output", tmp_path / "data", "--permutations", "all"]
    assert mibench("data", "prepare", "nlvr", *arguments).stdout.startswith("nlvr: 5940 rows, ")
    arguments = ["--model-args", "answer=yes", "--tasks", "nlvr", "--data", tmp_path / "data"]
    mibench("run", "--model", "constant", *arguments, "--output", tmp_path / "out")
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["tasks"]["nlvr"]["metrics"]["accuracy"]["mean"] == 100 * 556 / 990


def test_the_real_files_of_natural_instructions_are_prepared(tmp_path, real_data):
    files = (real_data / "natural_instructions" / "tasks").glob("*.json")
    tasks = sorted(path.stem for path in files if path.stem in load_cards())
    assert len(tasks) >= 8
    arguments = ["--raw", real_data / "natural_instructions", "--output", tmp_path / "data"]
    result = mibench("data", "prepare", *tasks, *arguments)
    assert [line.split(": ")[0] for line in result.stdout.splitlines()] == tasks
    assert DataFolder(tmp_path / "data").entry(tasks[0]).rows >= 100


@pytest.mark.parametrize(
    ("task", "words"),
    [("moon", "unknown task 'moon'"), ("nlvr", "no test.json"), ("text_vqa", "no TextVQA_0.5.1_val.json")],
)
def test_a_failed_preparation_is_one_message(tmp_path, task, words):
    (tmp_path / "raw").mkdir()
    arguments = ["--raw", tmp_path / "raw", "--output", tmp_path / "data"]
    result = mibench("data", "prepare", task, *arguments, status=2)
    assert result.stderr.startswith("error: ")
    assert words in result.stderr
    assert not (tmp_path / "data").exists()


def make_raw(raw, count=3):
    """Write the files of Hateful Memes and VSR."""
    lines = [{"id": number, "img": f"img/{number}.png", "text": f"text {number}"} for number in range(count)]
    write_lines(raw / "hateful_memes" / "test_unseen.jsonl", lines)
    (raw / "hateful_memes" / "img").mkdir()
    for number in range(count):
        (raw / "hateful_memes" / "img" / f"{number}.png").write_bytes(PNG + b"%d" % number)
    lines = [{"image": f"{number}.jpg", "caption": f"Thing {number}.", "label": number % 2} for number in range(count)]
    write_lines(raw / "vsr" / "zeroshot" / "test.jsonl", lines)
    return raw


def test_several_tasks_are_prepared_as_far_as_they_go(tmp_path):
    raw = make_raw(tmp_path / "raw")
    arguments = ["--raw", raw, "--output", tmp_path / "data"]
    result = mibench("data", "prepare", "multimodal", *arguments, status=2)
    entry = DataFolder(tmp_path / "data").entry("visual_text_extraction")
    assert result.stdout == f"visual_text_extraction: 3 rows, {entry.digest}\n"
    warning, count, *failed = result.stderr.splitlines()
    assert warning == "warning: visual_text_extraction: 3 rows, its owners publish 2,000"
    assert count == "8 of 9 tasks failed:"
    assert len(failed) == 8
    assert failed[0] == f"  commonsense_vqa: {raw}: no val.jsonl at or below this folder (give --raw the right folder)"
    assert "no folder trainval2017" in failed[-1]
    assert "--no-images" in failed[-1]


def test_all_tasks_are_text_alone_where_one_wants_it(tmp_path):
    raw = make_raw(tmp_path / "raw")
    result = mibench("data", "prepare", "all", "--raw", raw, "--output", tmp_path / "data", "--no-images", status=2)
    assert "27 of 29 tasks failed:" in result.stderr
    data = DataFolder(tmp_path / "data")
    assert {name: entry.images for name, entry in data.manifest.tasks.items()} == {
        "visual_spatial_reasoning": False,
        "visual_text_extraction": False,
    }
    assert "left out" in mibench("data", "list", "--data", data.path).stdout
    names = {path.name for path in data.path.rglob("*") if path.is_file()}
    assert names - {LOCK} == {MANIFEST, INSTANCES, "statistics.json"}


def test_links_and_quirks_are_asked_for(tmp_path):
    raw = make_raw(tmp_path / "raw")
    arguments = ["--raw", raw, "--output", tmp_path / "data", "--images", "link", "--faithful-quirks", "--seed", "4"]
    mibench("data", "prepare", "visual_text_extraction", *arguments)
    data = DataFolder(tmp_path / "data")
    entry = data.entry("visual_text_extraction")
    assert (entry.reader, entry.quirks, entry.seed) == ("1+quirks", True, 4)
    stored = data.folder("visual_text_extraction") / "images" / "img" / "0.png"
    assert stored.samefile(raw / "hateful_memes" / "img" / "0.png")


def test_the_mini_world_is_written_where_one_wants_it(tmp_path):
    mibench("data", "prepare", "nlvr", "--raw", "mini", "--output", tmp_path / "data")
    data = DataFolder(tmp_path / "data")
    assert (data.world, list(data.manifest.tasks), data.entry("nlvr").rows) == ("mini", ["nlvr"], 200)
    assert mibench("data", "verify", data.path).stdout == f"{data.path}: no faults\n"


@pytest.mark.parametrize(
    "option", [["--no-images"], ["--images", "link"], ["--faithful-quirks"], ["--permutations", "all"]]
)
def test_what_is_for_official_files_is_not_for_the_mini_world(tmp_path, option):
    arguments = ["--raw", "mini", "--output", tmp_path / "data", *option]
    assert "the drawn world takes only --seed" in mibench("data", "prepare", "nlvr", *arguments, status=2).stderr
    assert not (tmp_path / "data").exists()


def test_statistics_are_written_beside_the_data_and_printed(tmp_path):
    raw = make_raw(tmp_path / "raw")
    mibench("data", "prepare", "visual_text_extraction", "--raw", raw, "--output", tmp_path / "data")
    text = (tmp_path / "data" / "visual_text_extraction" / "statistics.json").read_text()
    written = json.loads(text)
    assert set(written) == {*Statistics.__struct_fields__, "floors"}
    assert set(written["floors"]) == set(Floors.__struct_fields__)
    assert (written["rows"], written["pictures"], written["floors"]["metric"]) == (3, 3, "rouge_l")
    assert text.startswith('{\n  "digest": ')
    printed = json.loads(mibench("data", "stats", tmp_path / "data", "--json").stdout)
    assert printed == {"visual_text_extraction": written}
    table = mibench("data", "stats", tmp_path / "data", "visual_text_extraction").stdout
    assert all(heading in table for heading in ("rows", "groups", "pictures", "chance", "constant", "text alone"))
    assert "rouge_l" in table


def test_statistics_of_the_mini_world(tmp_path):
    found = json.loads(mibench("data", "stats", "mini", "nlvr", "--json").stdout)
    assert (list(found), found["nlvr"]["rows"], found["nlvr"]["floors"]["chance"]) == (["nlvr"], 200, 50.0)


def test_verify_tells_all_faults(tmp_path):
    data = make_data(tmp_path / "data")
    assert mibench("data", "verify", data.path, status=2).stdout == (
        f"2 faults\n"
        f"{data.path}/nlvr/instances.jsonl: 6 rows, and its owners publish 990 (complete the raw files)\n"
        f"{data.path}/text_vqa/instances.jsonl: 6 rows, and its owners publish 5000 (complete the raw files)\n"
    )
    (data.folder("nlvr") / "images" / "1.png").unlink()
    found = json.loads(mibench("data", "verify", data.path, "nlvr", "--json", status=2).stdout)
    assert (found["valid"], found["count"]) == (False, 2)
    assert found["faults"][1] == {
        "file": f"{data.path}/nlvr/images/1.png",
        "line": None,
        "message": "the picture is missing; instance 'row-2' shows it",
        "remedy": "prepare the task anew",
    }


def test_verify_tells_tasks_that_are_unknown_or_absent(tmp_path):
    data = make_data(tmp_path / "data", tasks=["nlvr"])
    whole = json.loads((data.path / MANIFEST).read_text())
    whole["tasks"]["../moon"] = whole["tasks"]["nlvr"]
    (data.path / MANIFEST).write_text(json.dumps(whole))
    assert "unknown task '../moon'" in mibench("data", "verify", data.path, status=2).stdout
    assert "no data for task 'text_vqa'" in mibench("data", "verify", data.path, "text_vqa", status=2).stdout
    assert "not a prepared data folder" in mibench("data", "verify", tmp_path, status=2).stdout


@pytest.mark.parametrize(
    "content", [b"", b'{"format": 1, "wor', b'{"format": 1, "world": "official", "tasks": {"nlvr": 3}}']
)
@pytest.mark.parametrize("verb", [["list", "--data"], ["verify"], ["stats"], ["preview", "--data"]])
def test_a_damaged_manifest_is_one_line(tmp_path, verb, content):
    (tmp_path / MANIFEST).write_bytes(content)
    result = mibench("data", *verb, tmp_path, status=2)
    assert str(tmp_path / MANIFEST) in result.stdout + result.stderr
    assert len((result.stdout + result.stderr).splitlines()) <= 2


def test_a_manifest_cannot_colour_the_list(tmp_path):
    data = make_data(tmp_path / "data", tasks=["nlvr"])
    entry = msgspec.structs.replace(data.entry("nlvr"), source="[/red] [link=x]here")
    whole = msgspec.structs.replace(data.manifest, tasks={"nlvr": entry})
    (data.path / MANIFEST).write_bytes(msgspec.json.encode(whole))
    assert "[/red] [link=x]here" in mibench("data", "list", "--data", data.path).stdout


def test_list_prints_the_manifest(tmp_path):
    data = make_data(tmp_path / "data")
    text = mibench("data", "list", "--data", data.path).stdout
    assert all(entry.digest[:19] in text for entry in data.manifest.tasks.values())
    found = json.loads(mibench("data", "list", "--data", data.path, "--json").stdout)
    assert found == json.loads((data.path / "manifest.json").read_text())


def test_preview_writes_one_page_of_the_tasks_that_are_there(tmp_path):
    data = make_data(tmp_path / "data")
    page = tmp_path / "page.html"
    assert mibench("data", "preview", "--data", data.path, "--output", page).stdout == f"{page}\n"
    text = page.read_text(encoding="utf-8")
    assert [card.title for card in load_cards().values() if f"<h2>{card.title}</h2>" in text] == ["NLVR", "Text VQA"]
    mibench("data", "preview", "nlvr", "--data", data.path, "--output", page, "--rows", "1", "--seed", "5")
    assert page.read_text(encoding="utf-8").count("<figure>") == 1
    assert "Text VQA" not in page.read_text(encoding="utf-8")


def test_a_preview_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    data = make_data(tmp_path / "data", tasks=["nlvr"])
    page = tmp_path / "page.html"
    page.write_text("before")

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mibench.whole_file.os.fsync", full)
    result = mibench("data", "preview", "--data", data.path, "--output", page, status=2)
    assert result.stderr == f"error: {page}: cannot be read or written: No space left on device\n"
    assert page.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "page.html"]


@pytest.mark.parametrize("place", [".", "folder"])
def test_a_preview_in_the_place_of_a_folder_is_told(tmp_path, monkeypatch, place):
    data = make_data(tmp_path / "data", tasks=["nlvr"])
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    result = mibench("data", "preview", "--data", data.path, "--output", place, status=2)
    assert result.stderr.startswith(f"error: {place}: cannot be read or written: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "folder"]


def offer(monkeypatch, name, server):
    source = sources.SOURCES[name]
    monkeypatch.setitem(sources.SOURCES, name, replace(source, files=(sources.File("file", server.address),)))


def test_nothing_is_fetched_before_the_licences_are_accepted(tmp_path, monkeypatch):
    with LoopbackServer(b"text") as server:
        offer(monkeypatch, "nlvr", server)
        arguments = ["data", "download", "nlvr", "--output", tmp_path / "raw"]
        result = mibench(*arguments, status=2)
        assert "CC-BY-4.0, https://" in result.stdout
        assert result.stderr == "error: nothing is fetched before these licences are accepted (add --accept-licence)\n"
        assert not server.asked
        assert not (tmp_path / "raw").exists()
        assert "NLVR v1: complete" in mibench(*arguments, "--accept-licence").stdout
        mibench(*arguments)
        assert len(server.asked) == 1


def test_what_must_be_got_by_hand_and_what_fails_do_not_stop_the_rest(tmp_path, monkeypatch):
    with LoopbackServer(b"text") as server, LoopbackServer(b"", otherwise=says(404)) as gone:
        offer(monkeypatch, "nlvr", server)
        offer(monkeypatch, "medic", gone)
        arguments = ["--output", tmp_path / "raw", "--accept-licence"]
        result = mibench("data", "download", "commonsense_vqa", "nlvr", *arguments, status=1)
        assert f"it belongs at {tmp_path / 'raw' / 'vcr' / 'vcr1annots.zip'}" in result.stdout
        assert (tmp_path / "raw" / "nlvr" / "file").exists()
        result = mibench("data", "download", "disaster_type_classification", "commonsense_vqa", *arguments, status=2)
        assert result.stderr.startswith("error: MEDIC: http://127.0.0.1")

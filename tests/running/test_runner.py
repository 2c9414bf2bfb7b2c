"""However a run is broken off and continued, what it leaves is what an unbroken run leaves."""

import itertools
import json
import os
import random
import shutil
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from mibench.adapters.baselines import Constant
from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.running.engine import LocalEngine
from mibench.running.plan import ALL_WORDINGS, Plan
from mibench.running.runner import JOURNAL, Interrupted, Run, Silent, check_output
from mibench.running.sizing import Sizing
from mibench.running.worker import Worker
from mibench.submissions.description import FILE_NAME, Model, read_description
from mibench.submissions.reading import validate
from mibench.submissions.writing import describe
from tests.builders import make_data, opened

ROWS = 7
BATCHES = [4, 4, 2] * 3 + [4, 1] + [4, 1] * ROWS
"""NLVR shows two rows a picture, Text VQA one."""


class PowerCut(BaseException):
    """Ends a run as nothing that the program could handle."""


class Counting:
    """Answers with what it was asked, and counts; stops like a power cut before batch `stop`."""

    model_name = "counting"

    def __init__(self, stop=None):
        self.decoding = {}
        self.stop = stop
        self.batches = []

    def predict(self, requests):
        if len(self.batches) == self.stop:
            raise PowerCut
        self.batches.append(len(requests))
        return [self.answer(request) for request in requests]

    def answer(self, request):
        return request.answered(f"{request.instruction} {request.prompt}")


class Failing(Counting):
    """Fails the requests that `fails` picks."""

    def __init__(self, fails, stop=None):
        super().__init__(stop)
        self.fails = fails

    def answer(self, request):
        return request.failed("no reply") if self.fails(request) else super().answer(request)


class Told(Silent):
    """Keeps what a watcher is told."""

    def __init__(self):
        self.tasks, self.batches = [], []

    def task(self, card, requests, done):
        self.tasks.append((card.name, requests, done))

    def rows(self, card, answered, failed):
        self.batches.append((answered, failed))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """The disk is waited for in no test; what is cut here is the program."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), count=ROWS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data):
    """Return what an unbroken run leaves."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    start(Counting(), data, folder)
    return contents(folder)


def start(adapter, data, output, *, batch_size=4, name="Test", tasks=None, on_error="fail", sizing=None, **options):
    asked = {key: options.pop(key) for key in ("seed", "limit", "blind") if key in options}
    wordings = options.pop("wordings", None)
    cards = [load_cards()[task] for task in tasks or data.manifest.tasks]
    description = describe(
        *(name, Model(name=adapter.model_name), cards, data), decoding=adapter.decoding, wordings=wordings, **asked
    )
    plan = Plan(data=data, wordings=wordings or ALL_WORDINGS, **asked)
    engine = LocalEngine(Worker(adapter, on_error))
    run = Run(engine=engine, plan=plan, output=output, sizing=sizing or Sizing(batch_size), **options)
    return run.ask(cards, description, "mibench run")


def contents(folder):
    """Return the bytes of every file but those that hold the time."""
    timed = {FILE_NAME, "run.json", ".lock"}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in timed)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def broken_off(data, folder, stop=3, **options):
    with pytest.raises(PowerCut):
        start(Counting(stop), data, folder, **options)
    return folder


def rows(folder, task="nlvr"):
    return [json.loads(line) for line in (folder / "predictions" / f"{task}.jsonl").read_bytes().splitlines()]


def ends(folder):
    return [one.get("end") for one in json.loads((folder / "run.json").read_text())["sessions"]]


def test_everything_is_asked_once_in_batches(tmp_path, data):
    adapter = Counting()
    assert start(adapter, data, tmp_path / "out") == 0
    assert adapter.batches == BATCHES
    assert sorted(contents(tmp_path / "out")) == ["predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"]
    assert not (tmp_path / "out" / JOURNAL).exists()
    validate(opened(tmp_path / "out", data))


def test_predictions_stand_in_the_order_of_the_plan(tmp_path, data):
    start(Counting(), data, tmp_path / "out")
    assert [(row["instance"], row["instruction"]) for row in rows(tmp_path / "out")] == [
        (f"row-{row}", number) for row in range(ROWS) for number in range(1, 6)
    ]


def test_a_limit_is_recorded_and_kept(tmp_path, data):
    start(Counting(), data, tmp_path / "out", limit=2)
    assert read_description(tmp_path / "out").limit == 2
    assert len(rows(tmp_path / "out")) == 10
    validate(opened(tmp_path / "out", data))


def test_some_wordings_are_recorded_and_asked_alone(tmp_path, data):
    start(Counting(), data, tmp_path / "out", wordings=(2, 5))
    assert read_description(tmp_path / "out").wordings == (2, 5)
    assert [row["instruction"] for row in rows(tmp_path / "out")] == [2, 5] * ROWS
    validate(opened(tmp_path / "out", data))


def test_a_blind_run_is_recorded_and_shows_no_picture(tmp_path, data):
    class Looking(Counting):
        def answer(self, request):
            assert request.image is None
            return super().answer(request)

    start(Looking(), data, tmp_path / "out", blind=True)
    assert read_description(tmp_path / "out").blind
    validate(opened(tmp_path / "out", data))


def test_each_batch_is_on_disk_before_the_next_is_asked(tmp_path, data):
    file, seen = tmp_path / "out" / JOURNAL / "nlvr.blocks", []

    class Watching(Counting):
        def predict(self, requests):
            seen.append(file.read_bytes().count(b'{"instance":'))
            return super().predict(requests)

    start(Watching(), data, tmp_path / "out", batch_size=10, tasks=["nlvr"])
    assert seen == [0, 10, 20, 30]


def test_predictions_appear_when_their_task_is_done(tmp_path, data):
    found = []

    class Watching(Counting):
        def predict(self, requests):
            found.append(sorted(contents(tmp_path / "out")))
            return super().predict(requests)

    start(Watching(), data, tmp_path / "out", batch_size=100)
    assert found == [["journal/nlvr.blocks"], ["journal/text_vqa.blocks", "predictions/nlvr.jsonl"]]


def test_memory_hardly_grows_with_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("mibench.running.batches.WINDOW", 100)

    def peak(count, attempt):
        data = make_data(tmp_path / f"data-{count}-{attempt}", count, tasks=["nlvr"])
        tracemalloc.start()
        start(Constant("yes"), data, tmp_path / f"out-{count}-{attempt}", batch_size=64)
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    few, many = (min(peak(count, attempt) for attempt in range(2)) for count in (100, 500))
    assert many - few < 20 * 5 * 400


@pytest.mark.parametrize("size", [1, 3, 5, 1000])
def test_the_batch_size_changes_nothing(tmp_path, data, whole, size):
    start(Counting(), data, tmp_path / "out", batch_size=size)
    assert contents(tmp_path / "out") == whole


def test_a_size_that_is_found_changes_nothing(tmp_path, data, whole):
    start(Counting(), data, tmp_path / "out", sizing=Sizing("auto"))
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("stop", range(len(BATCHES)))
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, data, whole, stop):
    broken, again = Counting(stop), Counting()
    with pytest.raises(PowerCut):
        start(broken, data, tmp_path / "out")
    start(again, data, tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    assert broken.batches + again.batches == BATCHES
    assert ends(tmp_path / "out") == ["failed", "finished"]


@pytest.mark.parametrize("seed", range(12))
def test_a_run_of_many_breaks_and_failures_ends_in_the_same_bytes(tmp_path, data, whole, seed):
    chance = random.Random(seed)
    for session in range(9):
        sometimes = Failing(lambda request: chance.random() < 0.4, stop=chance.randrange(1, 12))
        size, last = chance.choice([1, 3, 4, 50]), session == 8
        try:
            left = start(Counting() if last else sometimes, data, tmp_path / "out", batch_size=size)
        except PowerCut:
            continue
        if not left:
            break
        validate(opened(tmp_path / "out", data))
    assert contents(tmp_path / "out") == whole


STEPS = {Path: ["rename", "unlink", "write_text", "write_bytes", "open", "rmdir"], os: ["fsync", "pwrite", "ftruncate"]}
"""What a run does to files; removing the journal is one more."""


def cut_at(patched, number):
    """Cut the power before the step of this number, and return what tells how many steps there were."""
    count = 0

    def counted(original):
        def step(*arguments, **options):
            nonlocal count
            count += 1
            if count == number:
                raise PowerCut
            return original(*arguments, **options)

        return step

    for place, names in (*STEPS.items(), (shutil, ["rmtree"])):
        for name in names:
            patched.setattr(place, name, counted(getattr(place, name)))
    return lambda: count


@pytest.mark.parametrize("fails", [False, True], ids=["without failures", "with failures"])
def test_a_power_cut_at_any_step_loses_nothing(tmp_path, data, whole, monkeypatch, fails):
    adapter = Failing(lambda request: fails and request.instance == "row-3" and request.instruction == 2)
    for number in itertools.count(DESCRIBED):
        folder = tmp_path / str(number)
        with monkeypatch.context() as patched:
            steps = cut_at(patched, number)
            with suppress(PowerCut):
                start(adapter, data, folder, batch_size=20)
        assert start(Counting(), data, folder, batch_size=20) == 0
        assert contents(folder) == whole, number
        if steps() < number:
            break
    assert number > 20


DESCRIBED = 1
"""The first step after the description was written."""


@pytest.mark.parametrize("left", [[], [".lock"]], ids=["empty", "with its lock"])
def test_a_journal_that_is_half_removed_is_removed(tmp_path, data, whole, left):
    start(Counting(), data, tmp_path / "out")
    (tmp_path / "out" / JOURNAL).mkdir()
    for name in left:
        (tmp_path / "out" / JOURNAL / name).touch()
    again = Counting()
    start(again, data, tmp_path / "out")
    assert (contents(tmp_path / "out"), again.batches) == (whole, [])
    assert not (tmp_path / "out" / JOURNAL).exists()


@pytest.mark.parametrize("cut", [1, 10, 60, 1000])
def test_a_torn_journal_is_mended(tmp_path, data, whole, cut):
    file = broken_off(data, tmp_path / "out") / JOURNAL / "nlvr.blocks"
    file.write_bytes(file.read_bytes()[:-cut])
    start(Counting(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_zeros_that_a_crash_left_are_cut_off(tmp_path, data, whole):
    with (broken_off(data, tmp_path / "out") / JOURNAL / "nlvr.blocks").open("ab") as file:
        file.write(b"\0" * 512)
    again = Counting()
    start(again, data, tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    assert again.batches == BATCHES[3:]


def test_a_journal_that_is_gone_costs_its_task_alone(tmp_path, data, whole):
    broken_off(data, tmp_path / "out", 15)
    shutil.rmtree(tmp_path / "out" / JOURNAL)
    again = Counting()
    start(again, data, tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    assert again.batches == BATCHES[11:]


def test_a_crash_before_the_description_was_written_leaves_no_trace(tmp_path, data, whole):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / ".submission.yaml.partial").write_text("name: ha")
    (tmp_path / "two" / JOURNAL).mkdir(parents=True)
    for folder in (tmp_path / "one", tmp_path / "two"):
        start(Counting(), data, folder)
        assert contents(folder) == whole
        assert sorted(path.name for path in folder.iterdir()) == ["predictions", "run.json", FILE_NAME]


def test_answers_of_another_plan_stop_the_run(tmp_path, data):
    longer = broken_off(data, tmp_path / "other", 9) / JOURNAL / "nlvr.blocks"
    file = broken_off(data, tmp_path / "out", 1, limit=1) / JOURNAL / "nlvr.blocks"
    file.write_bytes(longer.read_bytes())
    with pytest.raises(InputError, match=r"answers request \d+ of 5") as caught:
        start(Counting(), data, tmp_path / "out", limit=1)
    assert (caught.value.file, caught.value.remedy) == (file, "choose another --output")
    assert file.read_bytes() == longer.read_bytes()


def test_failures_are_written_and_asked_again(tmp_path, data, whole):
    def fails(request):
        return request.task == "nlvr" and request.instance in ("row-1", "row-4") and request.instruction < 3

    assert start(Failing(fails), data, tmp_path / "out") == 4
    failed = [row for row in rows(tmp_path / "out") if "failed" in row]
    assert failed == [
        {"instance": f"row-{row}", "instruction": number, "prediction": "", "failed": "no reply"}
        for row in (1, 4)
        for number in (1, 2)
    ]
    assert len(rows(tmp_path / "out")) == 5 * ROWS
    assert sorted(contents(tmp_path / "out" / JOURNAL)) == ["nlvr.blocks"]
    validate(opened(tmp_path / "out", data))
    (tmp_path / "out" / "scores.json").write_text("{}")
    again, told = Failing(lambda request: fails(request) and request.instruction == 1), Told()
    assert start(again, data, tmp_path / "out", watcher=told) == 2
    assert sum(again.batches) == 4
    assert told.tasks == [("nlvr", 35, 31), ("text_vqa", 35, 35)]
    assert sorted(told.batches) == [(1, 1), (1, 1)]
    assert start(Counting(), data, tmp_path / "out") == 0
    (tmp_path / "out" / "scores.json").unlink()
    assert contents(tmp_path / "out") == whole
    assert not (tmp_path / "out" / JOURNAL).exists()
    assert ends(tmp_path / "out") == ["finished"] * 3


def test_errors_fail_their_rows_where_they_are_recorded(tmp_path, data, whole):
    class Broken(Counting):
        def predict(self, requests):
            if any(request.instance == "row-2" and request.instruction == 4 for request in requests):
                raise ValueError("it broke")
            return super().predict(requests)

    with pytest.raises(InputError, match="it broke"):
        start(Broken(), data, tmp_path / "out", batch_size=10)
    assert start(Broken(), data, tmp_path / "out", batch_size=10, on_error="record") == 2
    assert [
        (row["instance"], row["instruction"], row["failed"]) for row in rows(tmp_path / "out") if "failed" in row
    ] == [("row-2", 4, "ValueError: it broke")]
    assert start(Counting(), data, tmp_path / "out") == 0
    assert contents(tmp_path / "out") == whole


def test_batches_shrink_where_memory_runs_out(tmp_path, data, whole):
    class Small(Counting):
        def predict(self, requests):
            if len(requests) > 6:
                raise MemoryError
            return super().predict(requests)

    sizing = Sizing(20)
    start(Small(), data, tmp_path / "out", sizing=sizing)
    assert contents(tmp_path / "out") == whole
    assert sizing.size == 4
    assert json.loads((tmp_path / "out" / "run.json").read_text())["sessions"][0]["batch_size"] == "20: 4"


@pytest.mark.parametrize("count", [0, 1, 5, 10, 11, 24, 25])
def test_a_run_that_is_asked_to_stop_ends_between_batches_and_goes_on(tmp_path, data, whole, count):
    adapter = Counting()
    with pytest.raises(Interrupted):
        start(adapter, data, tmp_path / "out", stopping=lambda: len(adapter.batches) >= count)
    assert adapter.batches == BATCHES[:count]
    again = Counting()
    start(again, data, tmp_path / "out")
    assert again.batches == BATCHES[count:]
    assert contents(tmp_path / "out") == whole
    assert ends(tmp_path / "out") == ["interrupted", "finished"]


def test_the_record_tells_what_each_session_did(tmp_path, data):
    broken_off(data, tmp_path / "out", 12)
    start(Failing(lambda request: request.instance == "row-6"), data, tmp_path / "out")
    one, two = json.loads((tmp_path / "out" / "run.json").read_text())["sessions"]
    told = [
        {name: (task["answered"], task["failed"]) for name, task in session["tasks"].items()} for session in (one, two)
    ]
    assert told == [{"nlvr": (35, 0), "text_vqa": (4, 0)}, {"text_vqa": (26, 5)}]
    assert (two["command"], two["engine"], two["batch_size"]) == ("mibench run", "local", 4)
    assert all(task["seconds"] >= task["model_seconds"] >= 0 for task in two["tasks"].values())


def test_a_resumed_run_keeps_the_time_of_its_beginning(tmp_path, data):
    file = broken_off(data, tmp_path / "out", 1) / FILE_NAME
    file.write_text(file.read_text().replace(read_description(file.parent).created, "2020-01-31T12:00:00Z"))
    start(Counting(), data, tmp_path / "out")
    assert read_description(file.parent).created == "2020-01-31T12:00:00Z"


def test_a_watcher_is_told_what_was_there_already(tmp_path, data):
    broken_off(data, tmp_path / "out", 13)
    told = Told()
    start(Counting(), data, tmp_path / "out", batch_size=20, watcher=told)
    assert told.tasks == [("nlvr", 35, 35), ("text_vqa", 35, 5)]
    assert told.batches == [(15, 0), (15, 0)]


def test_a_compressed_run_holds_the_same_answers(tmp_path, data, whole):
    start(Counting(), data, tmp_path / "out", compressed=True)
    assert sorted(contents(tmp_path / "out")) == ["predictions/nlvr.jsonl.zst", "predictions/text_vqa.jsonl.zst"]
    validate(opened(tmp_path / "out", data))


@pytest.mark.parametrize("stop", [2, 12])
def test_a_compressed_run_goes_on_to_the_same_bytes(tmp_path, data, stop):
    start(Counting(), data, tmp_path / "whole", compressed=True)
    broken_off(data, tmp_path / "out", stop, compressed=True)
    again = Counting()
    start(again, data, tmp_path / "out", compressed=True)
    assert again.batches == BATCHES[stop:]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_run_that_goes_on_otherwise_compressed_leaves_no_second_copy(tmp_path, data, whole):
    start(Failing(lambda request: request.instance == "row-0"), data, tmp_path / "out", compressed=True)
    start(Counting(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_pieces_that_a_crash_left_are_removed(tmp_path, data, whole):
    broken_off(data, tmp_path / "out", 15)
    (tmp_path / "out" / "predictions" / ".text_vqa.jsonl.zst.partial").write_bytes(b"half")
    (tmp_path / "out" / ".run.json.partial").write_bytes(b"half")
    start(Counting(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_a_finished_run_is_never_overwritten(tmp_path, data):
    start(Counting(), data, tmp_path / "out")
    (tmp_path / "out" / "scores.json").write_text("{}")
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match="exists already"):
        check_output(tmp_path / "out")
    with pytest.raises(InputError, match="exists already"):
        start(Counting(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_a_run_without_scores_asks_nothing_again(tmp_path, data, whole):
    start(Counting(), data, tmp_path / "out")
    again, told = Counting(), Told()
    assert start(again, data, tmp_path / "out", watcher=told) == 0
    assert (again.batches, told.tasks) == ([], [("nlvr", 35, 35), ("text_vqa", 35, 35)])
    assert contents(tmp_path / "out") == whole


def test_without_resume_an_unfinished_run_is_left_alone(tmp_path, data):
    broken_off(data, tmp_path / "out", 1)
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match="exists already"):
        start(Counting(), data, tmp_path / "out", resume=False)
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "another seed: 0, not 1"),
        ({"limit": 3}, "another limit: None, not 3"),
        ({"name": "Other"}, "another name: 'Test', not 'Other'"),
        ({"tasks": ["nlvr"]}, "another data"),
        ({"wordings": (1, 3)}, r"another wordings: None, not \(1, 3\)"),
        ({"blind": True}, "another blind: False, not True"),
        ({"decoding": {"beams": 5}}, "another decoding.beams: None, not 5"),
        ({"model_name": "another"}, "another model.name: 'counting', not 'another'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_run_with_other_arguments_does_not_go_on(tmp_path, data, change, words):
    broken_off(data, tmp_path / "out", 1)
    before = contents(tmp_path / "out")
    adapter = Counting()
    for key in change.keys() & {"decoding", "model_name"}:
        setattr(adapter, key, change[key])
    options = {key: value for key, value in change.items() if key not in {"decoding", "model_name"}}
    with pytest.raises(InputError, match=words) as caught:
        start(adapter, data, tmp_path / "out", **options)
    assert caught.value.remedy == "repeat its arguments, or choose another --output"
    assert contents(tmp_path / "out") == before


def test_a_second_run_on_the_same_folder_is_refused_and_does_no_harm(tmp_path, data, whole):
    refused = []

    class Rival(Counting):
        def predict(self, requests):
            with pytest.raises(InputError, match="another run is writing here"):
                start(Counting(), data, tmp_path / "out")
            refused.append(1)
            return super().predict(requests)

    start(Rival(), data, tmp_path / "out", batch_size=20)
    assert len(refused) == 4
    assert contents(tmp_path / "out") == whole


def test_an_empty_folder_is_as_good_as_none(tmp_path, data, whole):
    (tmp_path / "out").mkdir()
    start(Counting(), data, tmp_path / "out", resume=False)
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("name", ["letter.txt", "predictions/nlvr.jsonl", "scores.json", FILE_NAME])
def test_a_folder_of_something_else_is_left_alone(tmp_path, data, name):
    file = tmp_path / "out" / name
    file.parent.mkdir(parents=True)
    file.write_text("Dear all")
    with pytest.raises(InputError):
        start(Counting(), data, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [file]
    assert file.read_text() == "Dear all"


def test_an_adapter_that_breaks_the_protocol_loses_nothing(tmp_path, data, whole):
    class Spoilt(Counting):
        def predict(self, requests):
            found = super().predict(requests)
            return found[:-1] if len(self.batches) == 5 else found

    with pytest.raises(InputError, match="Spoilt did not answer its requests one by one and in order"):
        start(Spoilt(), data, tmp_path / "out", on_error="record")
    again = Counting()
    start(again, data, tmp_path / "out")
    assert (contents(tmp_path / "out"), again.batches) == (whole, BATCHES[4:])


def test_answers_of_any_text_survive(tmp_path, data):
    texts = ["", " ", "two\nlines\r\n", '"quoted", \\ and {braces}', "naïve 雪 🦊", "\0", "\u2028", "fox \ud83e"]

    class Odd(Counting):
        def answer(self, request):
            return request.answered(texts[request.instruction])

    for name, stop in (("whole", None), ("resumed", 4)):
        if stop:
            with pytest.raises(PowerCut):
                start(Odd(stop), data, tmp_path / name, tasks=["nlvr"])
        start(Odd(), data, tmp_path / name, tasks=["nlvr"])
        submission = opened(tmp_path / name, data)
        found = {one.instruction + 1: one.text for one in submission.answers("nlvr", submission.rows("nlvr"))}
        assert found == {number: texts[number] for number in range(1, 6)}


def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path, data):
    class Torn(Counting):
        def answer(self, request):
            return request.failed("fox \ud83e") if request.instruction == 1 else request.answered("fox \ud83e")

    start(Torn(), data, tmp_path / "out", tasks=["nlvr"])
    found = {row.get("failed", row["prediction"]) for row in rows(tmp_path / "out")}
    assert found == {"fox ?"}


def test_option_scores_survive(tmp_path, data):
    class Scoring(Counting):
        def answer(self, request):
            count = len(request.options)
            return request.answered("yes", [-0.1] * count or None, [-0.05] * count or None)

    with pytest.raises(PowerCut):
        start(Scoring(3), data, tmp_path / "out")
    start(Scoring(), data, tmp_path / "out")
    assert {tuple(row["option_scores"]) for row in rows(tmp_path / "out")} == {(-0.1, -0.1)}
    assert {tuple(row["option_scores_per_token"]) for row in rows(tmp_path / "out")} == {(-0.05, -0.05)}
    validate(opened(tmp_path / "out", data))

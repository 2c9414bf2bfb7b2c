import tracemalloc

import pytest

from mibench.adapters.baselines import Constant
from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.instances import Prediction
from mibench.running.engine import LocalEngine
from mibench.running.plan import Plan
from mibench.running.runner import Run, Silent
from mibench.running.sizing import Sizing
from mibench.running.worker import Worker
from mibench.submissions.description import Model, read_description
from mibench.submissions.reading import validate
from mibench.submissions.writing import describe
from tests.builders import make_data, opened

ROWS = 7


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
        return [request.answered(f"{request.instruction} {request.prompt}") for request in requests]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), count=ROWS)


def start(adapter, data, output, *, batch_size=4, name="Test", tasks=None, seed=0, limit=None, **options):
    cards = [load_cards()[task] for task in tasks or data.manifest.tasks]
    description = describe(name, Model(name=adapter.model_name), cards, data, seed=seed, limit=limit)
    plan = Plan(data=data, seed=seed, limit=limit)
    engine = LocalEngine(Worker(adapter))
    return Run(engine=engine, plan=plan, output=output, sizing=Sizing(batch_size), **options).ask(
        cards, description, "mibench run"
    )


class Told(Silent):
    """Keeps what a watcher is told."""

    def __init__(self):
        self.tasks, self.batches = [], []

    def task(self, card, requests, done):
        self.tasks.append((card.name, requests, done))

    def rows(self, card, answered, failed):
        self.batches.append((answered, failed))


def contents(folder):
    """Return the bytes of every file but those that hold the time."""
    timed = {"submission.yaml", "run.json", ".lock"}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in timed)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_everything_is_asked_once_in_batches(tmp_path, data):
    adapter = Counting()
    start(adapter, data, tmp_path / "out", batch_size=4)
    assert adapter.batches == 2 * [4, 4, 4, 4, 4, 4, 4, 4, 3]
    assert sorted(contents(tmp_path / "out")) == ["predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"]
    validate(opened(tmp_path / "out", data))


def test_the_wordings_of_one_instance_stay_together(data):
    planned = list(Plan(data=data, limit=2).requests(load_cards()["nlvr"]))
    assert [(request.instance, request.instruction) for request in planned] == [
        (f"row-{row}", number) for row in range(2) for number in range(1, 6)
    ]
    assert all(request.image.startswith(str(data.path / "nlvr" / "images")) for request in planned)


@pytest.mark.parametrize(("limit", "expected"), [(None, 5 * ROWS), (3, 15), (100, 5 * ROWS)])
def test_the_plan_knows_its_length(data, limit, expected):
    card, plan = load_cards()["nlvr"], Plan(data=data, limit=limit)
    assert plan.count(card) == len(list(plan.requests(card))) == expected


def test_a_limit_is_recorded_and_kept(tmp_path, data):
    start(Counting(), data, tmp_path / "out", limit=2)
    assert read_description(tmp_path / "out").limit == 2
    assert (tmp_path / "out" / "predictions" / "nlvr.jsonl").read_bytes().count(b"\n") == 10
    validate(opened(tmp_path / "out", data))


def test_each_batch_is_on_disk_before_the_next_is_asked(tmp_path, data):
    file, seen = tmp_path / "out" / "predictions" / "nlvr.jsonl", []

    class Watching(Counting):
        def predict(self, requests):
            seen.append(file.read_bytes().count(b"\n"))
            return super().predict(requests)

    start(Watching(), data, tmp_path / "out", batch_size=10, tasks=["nlvr"])
    assert seen == [0, 10, 20, 30]


def test_instances_are_read_as_they_are_needed(tmp_path, data):
    read = []

    class Traced(type(data)):
        def instances(self, task):
            for instance in super().instances(task):
                read.append(instance.id)
                yield instance

    ahead = []

    class Watching(Counting):
        def predict(self, requests):
            ahead.append(len(read))
            return super().predict(requests)

    start(Watching(), Traced(data.path), tmp_path / "out", batch_size=5, tasks=["nlvr"])
    assert ahead == [1, 2, 3, 4, 5, 6, 7]


def test_a_crash_before_the_description_was_written_leaves_no_trace(tmp_path, data):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".submission.yaml.partial").write_text("name: ha")
    start(Counting(), data, folder)
    start(Counting(), data, tmp_path / "plain")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in (tmp_path / "plain").iterdir()
    )


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(count, attempt):
        data = make_data(tmp_path / f"data-{count}-{attempt}", count, tasks=["nlvr"])
        tracemalloc.start()
        start(Constant("yes"), data, tmp_path / f"out-{count}-{attempt}")
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    few, many = (
        min(peak(count, attempt) for attempt in range(3)) for count in (100, 1000)
    )  # other threads allocate too
    assert many - few < 100 * 900


@pytest.mark.parametrize("size", [1, 3, 5, 1000])
def test_the_batch_size_changes_nothing(tmp_path, data, size):
    start(Counting(), data, tmp_path / "plain", batch_size=4)
    start(Counting(), data, tmp_path / "other", batch_size=size)
    assert contents(tmp_path / "other") == contents(tmp_path / "plain")


@pytest.mark.parametrize("stop", range(18))
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, data, stop):
    start(Counting(), data, tmp_path / "whole")
    broken = Counting(stop)
    with pytest.raises(PowerCut):
        start(broken, data, tmp_path / "out")
    again = Counting()
    start(again, data, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert sum(broken.batches) + sum(again.batches) == 2 * 5 * ROWS


def test_a_resumed_run_keeps_the_time_of_its_beginning(tmp_path, data):
    with pytest.raises(PowerCut):
        start(Counting(1), data, tmp_path / "out")
    file = tmp_path / "out" / "submission.yaml"
    file.write_text(file.read_text().replace(read_description(file.parent).created, "2020-01-31T12:00:00Z"))
    start(Counting(), data, tmp_path / "out")
    assert read_description(file.parent).created == "2020-01-31T12:00:00Z"


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_torn_last_line_is_mended(tmp_path, data, cut):
    start(Counting(), data, tmp_path / "whole")
    start(Counting(), data, tmp_path / "torn")
    file = tmp_path / "torn" / "predictions" / "nlvr.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    start(Counting(), data, tmp_path / "torn")
    assert contents(tmp_path / "torn") == contents(tmp_path / "whole")


def test_zeros_that_a_crash_left_are_cut_off(tmp_path, data):
    start(Counting(), data, tmp_path / "whole")
    with pytest.raises(PowerCut):
        start(Counting(3), data, tmp_path / "torn")
    with (tmp_path / "torn" / "predictions" / "nlvr.jsonl").open("ab") as file:
        file.write(b"\0" * 512 + b"\n")
    start(Counting(), data, tmp_path / "torn")
    assert contents(tmp_path / "torn") == contents(tmp_path / "whole")


def test_progress_counts_the_rows_that_were_there_already(tmp_path, data):
    told = []
    with pytest.raises(PowerCut):
        start(Counting(2), data, tmp_path / "out", tasks=["nlvr"])
    start(
        Counting(), data, tmp_path / "out", tasks=["nlvr"], batch_size=20, advance=lambda card, rows: told.append(rows)
    )
    assert told == [8, 20, 7]


def test_a_compressed_run_holds_the_same_answers(tmp_path, data):
    start(Counting(), data, tmp_path / "out", compressed=True)
    assert sorted(contents(tmp_path / "out")) == ["predictions/nlvr.jsonl.zst", "predictions/text_vqa.jsonl.zst"]
    validate(opened(tmp_path / "out", data))


def test_a_compressed_run_goes_on_after_its_complete_tasks(tmp_path, data):
    with pytest.raises(PowerCut):
        start(Counting(12), data, tmp_path / "out", compressed=True)
    told, again = [], Counting()
    start(again, data, tmp_path / "out", compressed=True, advance=lambda card, rows: told.append((card.name, rows)))
    assert told[:2] == [("nlvr", 35), ("text_vqa", 12)]
    assert sum(again.batches) == 23
    validate(opened(tmp_path / "out", data))


def test_a_crash_right_after_packing_leaves_no_second_copy(tmp_path, data):
    start(Counting(), data, tmp_path / "plain")
    start(Counting(), data, tmp_path / "out", compressed=True)
    plain = tmp_path / "plain" / "predictions" / "nlvr.jsonl"
    plain.rename(tmp_path / "out" / "predictions" / "nlvr.jsonl")
    start(Counting(), data, tmp_path / "out", compressed=True)
    validate(opened(tmp_path / "out", data))


def test_a_crash_while_packing_leaves_no_piece(tmp_path, data):
    start(Counting(), data, tmp_path / "out")
    (tmp_path / "out" / "predictions" / ".nlvr.jsonl.zst.partial").write_bytes(b"half")
    start(Counting(), data, tmp_path / "out")
    assert sorted(contents(tmp_path / "out")) == ["predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"]


def test_a_finished_run_is_never_overwritten(tmp_path, data):
    start(Counting(), data, tmp_path / "out")
    (tmp_path / "out" / "scores.json").write_text("{}")
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match="exists already"):
        start(Counting(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_without_resume_an_unfinished_run_is_left_alone(tmp_path, data):
    with pytest.raises(PowerCut):
        start(Counting(1), data, tmp_path / "out")
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
    ],
)
def test_a_run_with_other_arguments_does_not_go_on(tmp_path, data, change, words):
    with pytest.raises(PowerCut):
        start(Counting(1), data, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match=words):
        start(Counting(), data, tmp_path / "out", **change)
    assert contents(tmp_path / "out") == before


def test_rows_of_another_plan_stop_the_run(tmp_path, data):
    with pytest.raises(PowerCut):
        start(Counting(2), data, tmp_path / "out")
    file = tmp_path / "out" / "predictions" / "nlvr.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(InputError, match="not a row of this run") as caught:
        start(Counting(), data, tmp_path / "out")
    assert (caught.value.file, caught.value.line) == (file, 3)


def test_more_rows_than_planned_stop_the_run(tmp_path, data):
    start(Counting(), data, tmp_path / "out")
    file = tmp_path / "out" / "predictions" / "nlvr.jsonl"
    with file.open("ab") as end:
        end.write(b'{"instance":"row-0","instruction":1,"prediction":"more"}\n')
    with pytest.raises(InputError, match="not a row of this run"):
        start(Counting(), data, tmp_path / "out")


def test_an_empty_folder_is_as_good_as_none(tmp_path, data):
    (tmp_path / "out").mkdir()
    start(Counting(), data, tmp_path / "out", resume=False)
    validate(opened(tmp_path / "out", data))


def test_a_folder_of_something_else_is_left_alone(tmp_path, data):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("Dear all")
    with pytest.raises(InputError):
        start(Counting(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == {"letter.txt": b"Dear all"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answers: answers[:-1],
        lambda answers: [*answers, answers[0]],
        lambda answers: answers[::-1],
        lambda answers: [Prediction(task="other", instance="x", instruction=1, text="")] * len(answers),
        lambda answers: [],
    ],
    ids=["one too few", "one too many", "another order", "other keys", "nothing"],
)
def test_an_adapter_that_breaks_the_protocol_is_told_so(tmp_path, data, spoil):
    class Spoilt(Counting):
        def predict(self, requests):
            return spoil(super().predict(requests))

    with pytest.raises(InputError, match="Spoilt did not answer its requests one by one and in order"):
        start(Spoilt(), data, tmp_path / "out")
    assert contents(tmp_path / "out") == {"predictions/nlvr.jsonl": b""}


def test_answers_of_any_text_survive(tmp_path, data):
    texts = ["", " ", "two\nlines\r\n", '"quoted", \\ and {braces}', "naïve 雪 🦊", "\0", "\u2028"]

    class Odd(Counting):
        def predict(self, requests):
            return [request.answered(texts[request.instruction % len(texts)]) for request in requests]

    start(Odd(), data, tmp_path / "out")
    submission = opened(tmp_path / "out", data)
    found = {found.instruction + 1: found.text for found in submission.answers("nlvr", submission.rows("nlvr"))}
    assert found == {number: texts[number % len(texts)] for number in range(1, 6)}


def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path, data):
    class Torn(Counting):
        def predict(self, requests):
            return [request.answered("fox \ud83e") for request in requests]

    start(Torn(), data, tmp_path / "out")
    submission = opened(tmp_path / "out", data)
    assert {found.text for found in submission.answers("nlvr", submission.rows("nlvr"))} == {"fox ?"}

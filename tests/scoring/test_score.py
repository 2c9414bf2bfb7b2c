import json
import math

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from mibench.cards import load_cards
from mibench.scoring.report import read_scores, write_scores
from mibench.scoring.score import score_submission, worthwhile_processes
from mibench.submissions.description import read_description, write_description
from mibench.submissions.faults import InvalidSubmissionError
from tests.builders import make_data, make_submission, opened, write_lines


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def messy(row, number):
    """Answers that differ over rows and instructions, right and wrong, tidy and not."""
    kinds = [row.targets[0], row.targets[0].upper() + ".", "no", "the north gate", f"{row.targets[0]} it is", ""]
    return kinds[(sum(map(ord, row.id)) + number) % len(kinds)]


def score(folder, data):
    return score_submission(opened(folder, data), load_cards())


def test_a_perfect_submission_scores_100_without_sensitivity(tmp_path, data):
    found = score(make_submission(tmp_path / "perfect", data), data)
    for task in found.tasks.values():
        for metric in task.metrics.values():
            assert metric.per_instruction == [100.0] * 5
            assert (metric.mean, metric.max, metric.std, metric.sensitivity) == (100, 100, 0, 0)
    assert (found.summary.aggregate.mean, found.summary.sensitivity) == (100, 0)


def test_scores_are_what_a_plain_loop_gives(tmp_path, data):
    found = score(make_submission(tmp_path / "messy", data, messy), data)
    scorer = RougeScorer(["rougeL"])
    rows = list(data.instances("text_vqa"))
    for number in range(1, 6):
        values = [scorer.score_multi(row.targets, messy(row, number))["rougeL"].fmeasure for row in rows]
        assert found.tasks["text_vqa"].metrics["rouge_l"].per_instruction[number - 1] == pytest.approx(
            100 * sum(values) / len(values), abs=1e-12
        )
    rows = list(data.instances("nlvr"))
    right = [sum(messy(row, 1).lower().rstrip(".") == row.targets[0] for row in rows)]
    assert found.tasks["nlvr"].metrics["accuracy"].per_instruction[0] == 100 * right[0] / len(rows)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(random=st.randoms(use_true_random=False), parts=st.integers(1, 4), packed=st.booleans())
def test_order_split_and_compression_change_nothing(tmp_path_factory, data, random, parts, packed):
    folder = tmp_path_factory.mktemp("shuffled") / "submission"
    make_submission(folder, data, messy)
    plain = score(folder, data)
    for file in sorted((folder / "predictions").iterdir()):
        lines = file.read_text().splitlines(keepends=True)
        random.shuffle(lines)
        file.unlink()
        for part in range(parts):
            content = "".join(lines[part::parts]).encode()
            name = file.name if part == 0 else f"{file.stem}.{part}.jsonl"
            path = file.with_name(f"{name}.zst" if packed else name)
            path.write_bytes(zstandard.compress(content) if packed else content)
    assert score(folder, data).to_json() == plain.to_json()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(order=st.permutations([1, 2, 3, 4, 5]))
def test_swapping_instructions_permutes_and_changes_nothing_else(tmp_path_factory, data, order):
    base = tmp_path_factory.mktemp("swapped")
    plain = score(make_submission(base / "plain", data, messy), data)
    swapped = score(make_submission(base / "swapped", data, lambda row, n: messy(row, order[n - 1])), data)
    for name, task in plain.tasks.items():
        for metric, values in task.metrics.items():
            other = swapped.tasks[name].metrics[metric]
            assert other.per_instruction == [values.per_instruction[number - 1] for number in order]
            assert other.ci.per_instruction == [values.ci.per_instruction[number - 1] for number in order]
            intervals = msgspec.structs.replace(other.ci, per_instruction=values.ci.per_instruction)
            assert msgspec.structs.replace(other, per_instruction=values.per_instruction, ci=intervals) == values
    assert swapped.summary == plain.summary


def test_faulty_predictions_are_not_scored(tmp_path, data):
    folder = make_submission(tmp_path / "short", data)
    file = folder / "predictions" / "nlvr.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(InvalidSubmissionError, match="1 of 30 rows missing"):
        score(folder, data)


def change_lines(folder, task, change):
    file = folder / "predictions" / f"{task}.jsonl"
    write_lines(file, list(filter(None, map(change, map(json.loads, file.read_text().splitlines())))))


def describe_anew(folder, **changes):
    write_description(folder, read_description(folder).model_copy(update=changes))


def test_failed_answers_are_counted_and_told(tmp_path, data):
    folder = make_submission(tmp_path / "failed", data)
    failed = {"prediction": "", "failed": "no reply"}
    change_lines(folder, "nlvr", lambda row: row | failed if row["instance"] == "row-1" else row)
    change_lines(folder, "text_vqa", lambda row: row | failed if row["instruction"] == 2 else row)
    found = score(folder, data)
    assert {name: task.failed for name, task in found.tasks.items()} == {"nlvr": 5, "text_vqa": 6}
    assert found.summary.notes[0] == "11 answers failed and count as wrong: 5 of nlvr, 6 of text_vqa."
    assert found.tasks["nlvr"].metrics["accuracy"].per_instruction == [pytest.approx(500 / 6)] * 5
    for metric in found.tasks["text_vqa"].metrics.values():
        assert metric.per_instruction == [100, 0, 100, 100, 100]
    write_scores(folder, found)
    assert read_scores(folder) == found


def test_what_was_not_asked_is_told_and_signed(tmp_path, data):
    whole = score(make_submission(tmp_path / "whole", data), data)
    assert not any("asked" in note or "withheld" in note for note in whole.summary.notes)
    folder = make_submission(tmp_path / "some", data)
    for task in ("nlvr", "text_vqa"):
        change_lines(folder, task, lambda row: row if row["instruction"] in (1, 3) else None)
    describe_anew(folder, wordings=(1, 3), blind=True)
    found = score(folder, data)
    assert found.summary.notes[:2] == ["Only instructions 1, 3 were asked.", "The pictures were withheld."]
    assert (found.summary.aggregate.mean, found.summary.aggregate.max, found.summary.sensitivity) == (None, None, None)
    accuracy = found.tasks["nlvr"].metrics["accuracy"]
    assert accuracy.per_instruction == [100, None, 100, None, None]
    assert {accuracy.mean, accuracy.max, accuracy.std, accuracy.sensitivity} == {None}
    for signature in (found.signature, accuracy.signature):
        assert {"wordings:1+3", "pictures:withheld"} <= set(signature.split("|"))
        assert not {"wordings:1+3", "pictures:withheld"} & set(whole.signature.split("|"))
    assert "NaN" not in found.to_json()


def test_the_digest_of_predictions_sees_every_answer(tmp_path, data):
    one = score(make_submission(tmp_path / "one", data), data)
    folder = make_submission(tmp_path / "two", data)
    file = folder / "predictions" / "nlvr.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[3]["prediction"] += " "
    write_lines(file, rows)
    two = score(folder, data)
    assert one.digests.predictions["nlvr"] != two.digests.predictions["nlvr"]
    assert one.digests.predictions["text_vqa"] == two.digests.predictions["text_vqa"]


def test_the_report_survives_its_file(tmp_path, data):
    folder = make_submission(tmp_path / "submission", data, lambda row, n: "nothing of the kind")
    found = score(folder, data)
    write_scores(folder, found)
    assert read_scores(folder) == found
    text = (folder / "scores.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["tasks"]["nlvr"]["metrics"]["accuracy"]["sensitivity"] is None


def test_the_signature_is_one_line_that_tells_all(tmp_path, data):
    line = score(make_submission(tmp_path / "submission", data), data).signature
    keys = [part.partition(":")[0] for part in line.split("|")]
    assert "\n" not in line
    assert keys[:6] == ["mibench", "world", "tasks", "instructions", "seed", "limit"]
    assert {"accuracy", "rouge_l", "std", "cards", "data"} <= set(keys)


def test_nothing_is_nan(tmp_path, data):
    found = score(make_submission(tmp_path / "submission", data, lambda row, n: ""), data)
    for task in found.tasks.values():
        for metric in task.metrics.values():
            assert all(math.isfinite(value) for value in metric.per_instruction)


def test_the_number_of_processes_changes_nothing(tmp_path, data):
    folder = make_submission(tmp_path / "submission", data, messy)
    one, two = (
        score_submission(opened(folder, data), load_cards(), processes=processes).to_json() for processes in (1, 2)
    )
    assert one == two


def test_faults_come_from_all_processes_in_order(tmp_path, data):
    folder = make_submission(tmp_path / "submission", data)
    for task in ("nlvr", "text_vqa"):
        file = folder / "predictions" / f"{task}.jsonl"
        file.write_text("no\n" * 12 + file.read_text())
    messages = []
    for processes in (1, 2):
        with pytest.raises(InvalidSubmissionError) as caught:
            score_submission(opened(folder, data), load_cards(), processes=processes)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert len(caught.value.faults) == 24
    assert messages[0].splitlines()[-1] == "... and 4 more"
    assert "nlvr.jsonl:12: not JSON" in messages[0]


def test_processes_pay_for_many_rows(tmp_path, data, monkeypatch):
    submission = opened(make_submission(tmp_path / "submission", data), data)
    assert worthwhile_processes(submission) == 1
    monkeypatch.setattr("mibench.scoring.score.WORTH_PROCESSES", 60)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert worthwhile_processes(submission) == 3

"""One task: its numbers beside a plain twin, and what has no number but a reason."""

import json
import math

import numpy as np
import pytest

from mibench.cards import load_cards
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.metrics.references import References
from mibench.prompts import option_order
from mibench.scoring.rows import TaskRows, read_rows
from mibench.scoring.score import score_submission
from mibench.scoring.task import score_task
from tests.builders import make_data, make_submission, opened, write_lines

CARD = load_cards()["nlvr"]


def rows_in(groups):
    """Yield rows of NLVR without pictures; a number for each row names its group."""
    for number, group in enumerate(groups):
        target = ("yes", "no")[number % 2]
        fields = {"text": f"Statement {number}."}
        name = f"row-{number}"
        yield Row(Instance(id=name, fields=fields, options=("yes", "no"), targets=(target,), group=f"group-{group}"))


@pytest.fixture
def score(tmp_path):
    def score(groups, answer, drop=()):
        store_task(tmp_path / "data", "nlvr", rows_in(groups), world="official", source="test", reader="1")
        data = DataFolder(tmp_path / "data")
        folder = make_submission(tmp_path / "submission", data, answer)
        file = folder / "predictions" / "nlvr.jsonl"
        lines = map(json.loads, file.read_text().splitlines())
        write_lines(file, [row for row in lines if row["instruction"] not in drop])
        scores = score_submission(opened(folder, data), load_cards())
        assert "NaN" not in scores.to_json()
        return scores

    return score


def right(row, number):
    return row.targets[0]


def wrong(row, number):
    return "perhaps"


def mixed(row, number):
    return row.targets[0] if (int(row.id[4:]) * 7 + number * number) % 5 > 1 else "no idea"


def test_numbers_of_the_primary_metric(score):
    groups = [number % 30 for number in range(100)]
    task = score(groups, mixed).tasks["nlvr"]
    values = np.array([[(row * 7 + number**2) % 5 > 1 for row in range(100)] for number in range(1, 6)], float)
    metric, found = task.metrics["accuracy"], task.robustness
    assert (task.n, task.groups) == (100, 30)
    assert metric.per_instruction == (100 * values.mean(axis=1)).tolist()
    assert found.consistency.value == pytest.approx((values == values[0]).all(axis=0).mean(), abs=1e-6)
    parts = (found.variance.wording.value, found.variance.row.value, found.variance.interaction.value)
    assert sum(parts) == pytest.approx(1, abs=2e-6)
    assert parts[0] == pytest.approx(values.mean(axis=1).var() / values.var(), abs=1e-6)
    best, worst = max(metric.per_instruction), min(metric.per_instruction)
    assert (found.best.score, found.worst.score) == (best, worst)
    assert found.best.instruction == metric.per_instruction.index(best) + 1
    assert found.best.ci == metric.ci.per_instruction[found.best.instruction - 1]
    assert 0 < found.best.share <= 1
    for label in ("mean", "max", "std", "sensitivity"):
        low, high = getattr(metric.ci, label).percentile
        assert low < high


@pytest.mark.slow
def test_wordings_that_are_equally_good_differ_by_noise_alone():
    """The std of such submissions is, in the mean square, what `std_noise` says it would be."""
    random = np.random.default_rng(0)
    stds, noises = [], []
    for number in range(60):
        values = (random.random((5, 300)) < 0.5).astype(float)
        rows = made_rows(values)
        metric = score_task(rows, f"noise {number}").scores.metrics["accuracy"]
        stds.append(metric.std**2)
        noises.append(metric.std_noise**2)
    assert math.sqrt(np.mean(noises)) == pytest.approx(math.sqrt(np.mean(stds)), rel=0.12)


def made_rows(values):
    """Return a task of which only the primary metric's values matter."""
    count = values.shape[1]
    return TaskRows(
        card=CARD,
        references=[References(("yes",), ("yes", "no"))] * count,
        groups=np.arange(count),
        values={"accuracy": values},
        answers=values.astype(np.uint64),
        failed=0,
        lost=np.zeros(values.shape, bool),
        texts=[],
        digest="",
    )


def test_all_right(score):
    scores = score(range(12), right)
    metric, found = scores.tasks["nlvr"].metrics["accuracy"], scores.tasks["nlvr"].robustness
    assert (metric.mean, metric.std, metric.std_corrected, metric.sensitivity) == (100, 0, 0, 0)
    assert metric.ci.mean is None
    assert any("all resamples give the same value" in note for note in metric.notes)
    assert found.variance is None
    assert any("No interval of wording, row, interaction: undefined" in note for note in found.notes)
    assert (found.consistency.value, found.kappa) == (1, 1)  # answers differ between rows, and never between wordings
    assert scores.tasks["nlvr"].at_chance is False


def test_all_wrong(score):
    scores = score(range(12), wrong)
    task = scores.tasks["nlvr"]
    assert (task.metrics["accuracy"].mean, task.metrics["accuracy"].sensitivity) == (0, None)
    assert "Sensitivity is undefined: the mean is 0." in task.metrics["accuracy"].notes
    assert (task.robustness.kappa, task.robustness.consistency.value) == (None, 1)
    assert "Fleiss' kappa is undefined: every answer is the same." in task.robustness.notes
    assert task.at_chance is True
    assert scores.summary.sensitivity is None
    assert scores.summary.inter_task is None
    assert set(task.robustness.sensitivity_by_wordings.values()) == {None}


def test_a_constant_answer_is_told_as_at_chance(score):
    scores = score(range(12), lambda row, number: "yes")
    assert (scores.tasks["nlvr"].metrics["accuracy"].sensitivity, scores.tasks["nlvr"].chance) == (0, 50)
    assert scores.tasks["nlvr"].at_chance is True
    assert scores.summary.at_chance == ["nlvr"]


@pytest.mark.parametrize("groups", [[0], [0] * 9])
def test_one_row_and_one_group_have_no_intervals(score, groups):
    scores = score(groups, mixed)
    metric = scores.tasks["nlvr"].metrics["accuracy"]
    assert metric.mean is not None
    assert (metric.ci.mean, metric.ci.per_instruction, metric.std_noise) == (None, [None] * 5, None)
    assert any("all rows of a task belong to one group" in note for note in metric.notes)
    assert scores.summary.ci.aggregate.mean is None
    assert any("No interval of the aggregate" in note for note in scores.summary.notes)


def test_a_missing_wording_leaves_the_others(score):
    scores = score(range(12), mixed, drop=(2, 5))
    metric = scores.tasks["nlvr"].metrics["accuracy"]
    assert [value is None for value in metric.per_instruction] == [False, True, False, False, True]
    assert [value is None for value in metric.ci.per_instruction] == [False, True, False, False, True]
    assert {metric.mean, metric.max, metric.std, metric.std_corrected, metric.sensitivity, metric.ci.mean} == {None}
    assert metric.notes[0] == "Instruction 2, 5 was not asked: mean, max, std and Sensitivity are undefined."
    assert scores.tasks["nlvr"].robustness.notes == ["Undefined: not all five wordings were asked."]
    assert "Undefined: not all five wordings of nlvr were asked." in scores.summary.notes
    assert (scores.summary.aggregate.mean, scores.summary.sensitivity) == (None, None)


def test_a_zero_in_some_resamples_is_told(score):
    """One row alone is right: resamples without it have a mean of 0, and no Sensitivity."""
    metric = score(range(12), lambda row, number: right(row, number) if row.id == "row-3" and number < 4 else "?")
    metric = metric.tasks["nlvr"].metrics["accuracy"]
    assert metric.sensitivity is not None
    assert metric.ci.sensitivity is None
    assert "No interval of sensitivity: undefined in some resamples." in metric.notes


def test_option_scores_bring_their_own_accuracy(tmp_path):
    """Options are shown in an order of the row's own; ties share the point; one row without scores leaves a gap."""
    data = make_data(tmp_path / "data", count=6, tasks=("nlvr",))
    folder = make_submission(tmp_path / "submission", data, wrong)
    file, rows = folder / "predictions" / "nlvr.jsonl", []
    targets = {row.id: row.targets[0] for row in data.instances("nlvr")}
    for row in map(json.loads, file.read_text().splitlines()):
        shown = option_order(
            ("yes", "no"), seed=0, task="nlvr", instance=row["instance"], instruction=row["instruction"]
        )
        liked = targets[row["instance"]] if row["instruction"] < 4 else None
        rows.append({**row, "option_scores": [-1.0 if option == liked or liked is None else -2.0 for option in shown]})
    write_lines(file, rows)
    scores = score_submission(opened(folder, data), load_cards())
    assert scores.tasks["nlvr"].metrics["accuracy_options"].per_instruction == [100, 100, 100, 50, 50]
    assert scores.tasks["nlvr"].metrics["accuracy"].mean == 0
    assert "accuracy_options" in scores.digests.metrics
    digest = scores.digests.predictions["nlvr"]
    rows[0]["option_scores"][0] -= 0.5
    write_lines(file, rows)
    assert score_submission(opened(folder, data), load_cards()).digests.predictions["nlvr"] != digest
    del rows[7]["option_scores"]
    write_lines(file, rows)
    metric = score_submission(opened(folder, data), load_cards()).tasks["nlvr"].metrics["accuracy_options"]
    assert metric.per_instruction[2] is None
    assert metric.notes[0].startswith("Instruction 3 was not scored in every row")


def test_scores_carry_what_they_were_computed_from(tmp_path):
    data = make_data(tmp_path / "data")
    scores = score_submission(opened(make_submission(tmp_path / "submission", data), data), load_cards())
    assert scores.digests.cards["nlvr"] == CARD.digest
    assert scores.digests.data["nlvr"] == data.entry("nlvr").digest
    assert scores.digests.metrics["accuracy"] == "v1+nfkc+lower+space+endpunct"
    assert scores.digests.predictions["nlvr"].startswith("sha256:")
    signature = scores.tasks["nlvr"].metrics["accuracy"].signature
    settings = f"settings:{scores.digests.metrics['accuracy']}"
    for part in ("metric:accuracy", settings, "task:nlvr", f"card:{CARD.digest[7:15]}", "seed:0", "limit:no"):
        assert part in signature.split("|")


def test_an_unknown_metric_on_a_card_is_told(tmp_path):
    data = make_data(tmp_path / "data", tasks=("nlvr",))
    submission = opened(make_submission(tmp_path / "submission", data), data)
    card = CARD.model_copy(update={"metrics": ("accuracy", "acuracy")})
    with pytest.raises(InputError, match="nlvr names an unknown metric 'acuracy'"):
        read_rows(submission, card)

"""The numbers of tables and charts, computed again from scores that were made up."""

import re
import statistics
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from mibench.analysis.study_folder import write_study
from mibench.analysis.study_plan import plan_study
from mibench.analysis.study_printed import printed
from mibench.analysis.study_recipe import read_study
from mibench.analysis.study_report import Measured, Movement, StudyReport, movement_of, report_on, spread_of
from mibench.data.mini.seen import FAMILIES
from mibench.tuning.task_groups import GROWING
from tests.analysis.study_fakes import made_up, write_recipes

TASKS = 9


def families_about_pictures(sets=None):
    """Return how many seen families are in the groups that the paper adds first."""
    groups = {group for added in GROWING[:sets] for group in added}
    titles = [re.sub("[ -]", "_", family.group.lower()) for family in FAMILIES.values() if family.worlds]
    return sum(title in groups for title in titles)


@pytest.fixture
def made(tmp_path):
    found = read_study(write_recipes(tmp_path))
    plan = plan_study(found)
    scores = {name: made_up(10 + place, step=0.5) for place, name in enumerate(plan.runs)}
    return found.study, plan, scores


def by_hand(first, step=0.5, nlp=40.0):
    """Return the aggregate and Sensitivity of scores that were made up; the multimodal cards come first."""
    tasks = [[first + place + step * number for number in range(5)] for place in range(TASKS)]
    aggregate = (sum(sum(task) / 5 for task in tasks) + nlp) / 10
    return aggregate, sum(100 * statistics.stdev(task) / statistics.mean(task) for task in tasks) / TASKS


def tables(text):
    """Return the tables of a Markdown text by the heading above, each as rows of cells."""
    found, heading = {}, ""
    for block in text.split("\n\n"):
        if block.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
            found.setdefault(heading, []).append([rows[0], *rows[2:]])
        elif block.startswith("## "):
            heading = block[3:]
    return found


def test_every_number_of_the_ablation_is_that_of_its_runs(made, tmp_path):
    study, plan, scores = made
    write_study(tmp_path / "out", report_on(study, plan, scores))
    (table,) = tables((tmp_path / "out" / "study.md").read_text(encoding="utf-8"))["Instructions a task"]
    lines = {(row[0], row[1]): row for row in table}
    order = list(plan.runs)
    sums = {}
    for seed in (0, 1):
        run = f"multi-wordings5-seed{seed}"
        aggregate, sensitivity = by_hand(10 + order.index(run))
        sums.setdefault("aggregate", []).append(aggregate)
        row = lines["5", f"{seed}, single run"]
        assert row[3] == f"{aggregate:.2f} ({aggregate - 2:.2f} to {aggregate + 3:.2f})"
        assert row[4] == f"{sensitivity:.2f} (0.25 to 99.50)"
        assert row[5:] == ["47.82", "10.45"]
    one, two = sums["aggregate"]
    assert lines["5", "mean ± std of 2"][3] == f"{(one + two) / 2:.2f} ± {abs(one - two) / 2**0.5:.2f}"
    assert lines["all", "0, single run"][5:] == ["–", "–"]


def test_the_strategies_stand_by_task_beside_the_paper(made, tmp_path):
    study, plan, scores = made
    write_study(tmp_path / "out", report_on(study, plan, scores))
    mean, moves, zero, one, paper = tables((tmp_path / "out" / "study.md").read_text(encoding="utf-8"))[
        "Strategies of tuning"
    ]
    assert zero[0] == ["", *study.strategies]
    assert [row[0] for row in zero[1:]] == [row[0] for row in paper[1:]]
    assert len(zero) == 1 + TASKS + 3
    column, order = study.strategies.index("multi") + 1, list(plan.runs)
    first = {seed: 10 + order.index(f"multi-seed{seed}") for seed in (0, 1)}
    place = list(scores["none"].tasks).index("nlvr")
    values = {seed: first[seed] + place + 1 for seed in (0, 1)}
    line = {table[row][0]: table[row] for table in (zero,) for row in range(1, len(zero))}["nlvr"]
    assert line[column] == f"{values[0]:.2f}"
    assert {row[0]: row for row in one}["nlvr"][column] == f"{values[1]:.2f}"
    assert [row[0] for row in moves] == ["with the", "wording", "seed"]
    assert moves[1][column] == f"{statistics.stdev([0, 0.5, 1, 1.5, 2]):.2f}"
    assert moves[2][column] == f"{statistics.stdev(first.values()):.2f}"
    assert moves[2][1] == "–"
    spread = f"{sum(values.values()) / 2:.2f} ± {statistics.stdev(values.values()):.2f}"
    assert {row[0]: row for row in mean}["nlvr"][column] == spread
    assert {row[0]: row for row in mean}["nlvr"][1].endswith("(single run)")
    assert {row[0]: row for row in paper}["nlvr"][column] == "56.18"
    assert {row[0]: row for row in paper}["aggregate"][column] == "45.29"
    assert {row[0]: row for row in paper}["nlp"][study.strategies.index("task_name") + 1] == "–"


def test_a_task_at_chance_has_a_star(made, tmp_path):
    study, plan, scores = made
    guess = msgspec.structs.replace(scores["none"].tasks["nlvr"], at_chance=True)
    scores["none"] = msgspec.structs.replace(scores["none"], tasks={**scores["none"].tasks, "nlvr": guess})
    write_study(tmp_path / "out", report_on(study, plan, scores))
    zero = tables((tmp_path / "out" / "study.md").read_text(encoding="utf-8"))["Strategies of tuning"][2]
    starred = [(row[0], place) for row in zero for place, cell in enumerate(row) if cell.endswith("*")]
    assert starred == [("nlvr", 1)]


def test_the_numbers_are_read_back_as_they_are(made, tmp_path):
    report = report_on(*made)
    write_study(tmp_path / "out", report)
    content = (tmp_path / "out" / "study.json").read_bytes()
    assert msgspec.json.decode(content, type=StudyReport) == report
    assert (report.done, report.planned) == (19, 19)
    (arm,) = [arm for arm in report.arms if (arm.part, arm.name) == ("clusters", "3")]
    assert arm.paper == {"aggregate": 43.82, "sensitivity": 17.88}
    assert [run.families for run in arm.runs] == [families_about_pictures(3)] * 2


def test_a_chart_draws_every_run_that_is_done_where_its_number_is(made, tmp_path):
    study, plan, scores = made
    scores.pop("multi-wordings1-seed1")
    report = report_on(study, plan, scores)
    write_study(tmp_path / "out", report)
    root = ElementTree.fromstring((tmp_path / "out" / "wordings.svg").read_text(encoding="utf-8"))
    space = {"s": "http://www.w3.org/2000/svg"}
    panel = root.findall("s:g", space)[0]
    dots = {
        re.search(r", (\S+):", dot.find("s:title", space).text)[1]: float(dot.find("s:circle", space).get("cy"))
        for dot in panel.findall("s:g[@class='run']", space)
    }
    assert dots.keys() == {run.run for arm in report.of("wordings") for run in arm.runs if run.measures}
    assert "multi-wordings1-seed1" not in dots
    ticks = [(int(text.text), float(text.get("y")) - 4) for text in panel.findall("s:text[@text-anchor='end']", space)]
    (low, floor), (high, ceiling) = ticks[0], ticks[-1]
    for name, y in dots.items():
        value = scores[name].summary.aggregate.mean
        assert y == pytest.approx(floor - (value - low) / (high - low) * (floor - ceiling), abs=0.06)
    assert len(panel.findall("s:rect[@class='paper']", space)) == 2


def test_a_chart_of_a_part_that_is_not_compared_is_removed(made, tmp_path):
    study, plan, scores = made
    write_study(tmp_path / "out", report_on(study, plan, scores))
    less = plan._replace(arms=[arm for arm in plan.arms if arm.part == "wordings"])
    write_study(tmp_path / "out", report_on(study, less, scores))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["study.json", "study.md", "wordings.svg"]
    assert "Strategies" not in (tmp_path / "out" / "study.md").read_text(encoding="utf-8")


def test_a_study_that_has_just_begun_has_dashes(made, tmp_path):
    study, plan, scores = made
    write_study(tmp_path / "out", report_on(study, plan, {"none": scores["none"]}))
    text = (tmp_path / "out" / "study.md").read_text(encoding="utf-8")
    assert "1 of 19 runs are done" in text
    assert f"| 5 | mean ± std of 0 | {families_about_pictures()} | – | – | 47.82 | 10.45 |" in text


def test_the_spread_over_seeds():
    assert spread_of([1.0, 2.0, 6.0]).mean == 3
    assert spread_of([1.0, 2.0, 6.0]).std == pytest.approx(7**0.5)
    assert (spread_of([5.0]).std, spread_of([5.0]).runs) == (None, 1)
    assert (spread_of([5.0, None]).mean, spread_of([]).mean) == (None, None)


def test_a_score_moves_with_the_wording_and_with_the_seed():
    """Computed again by numpy, over tasks of which one was not asked in every wording."""
    random = np.random.default_rng(0)
    scores = random.uniform(0, 100, (3, 4, 5))
    runs = [
        {f"task{place}": Measured(50.0, wordings=tuple(row)) for place, row in enumerate(run)}
        | {"aggregate": Measured(50.0), "part": Measured(50.0, wordings=())}
        for run in scores.tolist()
    ]
    found = movement_of(runs)
    assert found.wording == pytest.approx(np.sqrt(scores.var(axis=2, ddof=1).mean()))
    assert found.seed == pytest.approx(np.sqrt(scores.var(axis=0, ddof=1).mean()))
    assert movement_of(runs[:1]).seed is None
    assert movement_of([]) == Movement(None, None)


def test_what_the_paper_prints():
    assert printed("strategies", "multi")["sensitivity"] == 13.84
    assert printed("strategies", "multi")["aggregate"] == pytest.approx(45.294, abs=0.005)
    assert printed("strategies", "task_name")["visual_entailment"] == 55.70
    assert printed("clusters", "5") == {"aggregate": 45.29, "sensitivity": 13.84}
    assert printed("wordings", "20") == {}

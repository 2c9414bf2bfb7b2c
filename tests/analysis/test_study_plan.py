from itertools import pairwise

import pytest

from mibench.analysis.study_plan import families_in, plan_study, reading, seeing, text_every
from mibench.analysis.study_recipe import read_study
from mibench.data.mini.seen import FAMILIES
from mibench.errors import InputError
from tests.analysis.study_fakes import STUDY, write_recipes


@pytest.fixture
def study(tmp_path):
    return read_study(write_recipes(tmp_path))


def test_all_runs_of_a_seed_begin_alike_and_have_as_many_steps(study):
    runs = plan_study(study).runs
    for run in runs.values():
        if run.name != "none":
            assert (run.steps, run.rows) == (600, 4800)
            assert run.stages[0].after == "bare"
            assert {stage.plain for stage in run.stages} == {("codes",)}
    names = [run.stages[-1].name for run in runs.values() if run.stages]
    assert sorted(set(names)) == ["study-seed0", "study-seed1"]


def test_strategies_differ_in_families_and_instructions(study):
    runs = plan_study(study, ["strategies"]).runs
    by_name = {run.name: run.stages for run in runs.values() if not run.name.endswith("seed1")}
    assert by_name.pop("none") == ()
    first, second = by_name.pop("sequential-seed0")
    told = {name: (stage.families, stage.instructed, stage.text_every) for name, (stage,) in by_name.items()}
    pictures, texts = seeing(study.base), reading(study.base)
    assert set(pictures) | set(texts) == set(study.base.families)
    assert told == {
        "task_name-seed0": (pictures, 0, 0),
        "natural-seed0": (texts, 1, 1),
        "multi-seed0": (pictures, 1, 0),
        "mixed-seed0": (study.base.families, 1, text_every(study.base)),
    }
    assert second.after == first.name
    assert (first.families, second.families) == (texts, pictures)
    mixed = by_name["mixed-seed0"][0]
    assert first.steps == sum(step % mixed.text_every == mixed.text_every - 1 for step in range(mixed.steps))
    assert {first.warmup_steps, second.warmup_steps, mixed.warmup_steps} == {10, 50, 60}


def test_arms_that_are_one_training_share_a_run(study):
    plan = plan_study(study)
    of = {(arm.part, arm.name): arm.run for arm in plan.arms if arm.seed != 1}
    assert of["wordings", "all"] == of["clusters", "5"] == of["strategies", "multi"] == "multi-seed0"
    assert of["clusters", "text"] == of["strategies", "mixed"] == "mixed-seed0"
    assert len(plan.runs) == 1 + 2 * (5 + 2 + 2)
    assert [arm.seed for arm in plan.arms if arm.name == "none"] == [None]
    assert {arm.run for arm in plan.arms} == plan.runs.keys()


def test_parts_that_are_not_repeated_have_the_first_seed_alone(tmp_path):
    study = read_study(write_recipes(tmp_path, STUDY.replace("seeds: [0, 1]", "seeds: [3, 0]\nrepeated: [clusters]")))
    plan = plan_study(study)
    assert {arm.seed for arm in plan.arms if arm.part == "clusters"} == {3, 0}
    assert {arm.seed for arm in plan.arms if arm.part != "clusters"} == {3, None}
    assert {arm.run for arm in plan.arms} == plan.runs.keys()


def test_the_number_of_wordings_is_that_of_the_arm(study):
    runs = plan_study(study, ["wordings"]).runs
    told = {name: run.stages[0].wordings for name, run in runs.items() if name.endswith("seed0")}
    assert told == {"multi-wordings1-seed0": 1, "multi-wordings5-seed0": 5, "multi-seed0": 0}


def test_clusters_grow_in_the_order_of_the_paper(study):
    grown = [set(families_in(study.base, sets)) for sets in range(1, 6)]
    assert {FAMILIES[name].group for name in grown[0]} == {"Image Understanding", "VQA"}
    added = [{FAMILIES[name].group for name in new - old} for old, new in pairwise(grown)]
    assert added == [
        {"Grounded Matching", "Grounded Generation"},
        {"Miscellaneous", "Temporal Ordering", "Image-Text Matching"},
        {"Visual Relationship"},
        {"Region Understanding"},
    ]
    assert grown[-1] == set(seeing(study.base))


def test_a_part_that_the_study_lacks_is_told(tmp_path):
    study = read_study(write_recipes(tmp_path, STUDY.replace("clusters: [1, 3, 5, text]\n", "")))
    with pytest.raises(InputError, match="no clusters"):
        plan_study(study, ["clusters"])

"""The model card of the bundled model, from a made-up training and small submissions of baselines."""

import json
import re
import shutil

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import yaml

from mibench.data.mini.seen import FAMILIES
from mibench.errors import InputError
from mibench.scoring.report import read_scores
from mibench.submissions.description import Model, read_description, write_description
from mibench.tuning.mini.model_card import INTRODUCTION, write_model_card
from tests.cli.program import mibench
from tests.conftest import REPOSITORY

GOOD, BAD = list(FAMILIES)[:2]
RECIPE = {
    "seed": 7,
    "model": {
        "width": 96,
        "heads": 4,
        "encoder_layers": 3,
        "decoder_layers": 2,
        "ffn": 192,
        "trunk": [8, 16, 32],
        "image_size": 96,
        "bins": 111,
        "pieces": 777,
    },
    "pictures": {"train": 1234, "test": 56},
    "families": [GOOD, BAD],
    "trunk": {"steps": 10, "batch": 8, "learning_rate": 0.001},
    "stages": [
        {"name": "base", "steps": 20, "learning_rate": 0.001},
        {"name": "tuned", "after": "base", "steps": 30, "learning_rate": 0.001, "instructed": 0.75},
    ],
}


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def scores(prompts, good, bad):
    return [
        {"family": family, "prompts": prompts, "rows": 400, "free": right - 4, "held": right}
        for family, right in ((GOOD, good), (BAD, bad))
    ]


@pytest.fixture
def training(tmp_path):
    folder = tmp_path / "training"
    for name, steps, seconds in (("trunk", 10, 1000.4), ("base", 20, 2000.0), ("tuned", 30, 3000.0)):
        write_json(
            folder / name / "done.json", {"digest": "d", "steps": steps, "samples": 32 * steps, "seconds": seconds}
        )
        lines = [{"step": step, "loss": 5 / step, "parts": {}} for step in range(5, steps + 1, 5)]
        (folder / name / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_json(folder / "base" / "seen_scores.json", {"rows": 400, "scores": scores("bare", 392, 360)})
    both = scores("seen", 388, 240) + scores("unseen", 380, 180)
    write_json(folder / "tuned" / "seen_scores.json", {"rows": 400, "scores": both})
    return folder


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "some-recipe.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    return path


@pytest.fixture(scope="module")
def submissions(tmp_path_factory):
    """The models and two cheap strategies; `tuned` answers as its answer key says, `base` as a baseline."""
    top = tmp_path_factory.mktemp("submissions")
    run = ["run", "--tasks", "nlvr,text_vqa", "--limit", "40"]
    arguments = {
        "ofa-mini-base": ["--model", "constant", "--model-args", "answer=no"],
        "yes": ["--model", "constant", "--model-args", "answer=yes"],
        "first": ["--model", "first-option"],
        "sightless": ["--model", "random-option", "--blind"],
    }
    for name, more in arguments.items():
        mibench(*run, *more, "--name", name, "--output", top / name)
    shutil.copytree(top / "ofa-mini-base", top / "ofa-mini-tuned")
    _answer_rightly(top / "ofa-mini-tuned", "nlvr")
    for name, weights in (("ofa-mini-base", 1001), ("ofa-mini-tuned", 1002)):
        about = read_description(top / name)
        model = Model(name=name, parameters=weights, revision=f"sha256:{weights}")
        write_description(top / name, about.model_copy(update={"name": name, "model": model}))
    mibench("score", top / "ofa-mini-tuned")
    return [top / name for name in ("ofa-mini-base", "ofa-mini-tuned", "yes", "first", "sightless")]


def _answer_rightly(folder, task):
    from mibench.cards import load_cards, select_cards
    from mibench.data.mini import prepare_mini

    targets = {row.id: row.targets[0] for row in prepare_mini(select_cards([task], load_cards())).instances(task)}
    file = folder / "predictions" / f"{task}.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(row | {"prediction": targets[row["instance"]]}) + "\n" for row in rows))


@pytest.fixture
def card(training, recipe, submissions, tmp_path):
    output = tmp_path / "docs" / "card.md"
    write_model_card(training, submissions, output, recipe=recipe)
    return output.read_text(encoding="utf-8")


def row(card, first):
    """Return the cells of the table rows that begin with a text."""
    found = [line for line in card.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")][1:] for line in found]


def test_every_number_comes_from_the_files(card):
    """What the recipe and the training say stands in the card, and no number stands in the words around them."""
    assert "1,234" in card
    assert "1,001 weights, revision sha256:1001" in card
    assert row(card, "trunk") == [["nothing", "–", "10", "320", "1,000"]]
    assert row(card, "tuned") == [["base", "75%", "30", "960", "3,000"]]
    assert row(card, "all") == [["", "", "60", "1,920", "6,000"]]
    assert "seed 7" in card
    prose = re.sub(r"```.*?```|`[^`]*`|\|[^\n]*", "", INTRODUCTION, flags=re.DOTALL)
    assert not re.search(r"\d", prose)


def test_the_seen_families_stand_in_a_table(card):
    assert row(card, "family") == [["base, bare", "tuned, seen", "tuned, unseen"]]
    assert row(card, f"`{GOOD}`") == [["98.0 / 97.0", "97.0 / 96.0", "95.0 / 94.0"]]
    assert row(card, "**mean, all**") == [["94.0 / 93.0", "78.5 / 77.5", "70.0 / 69.0"]]
    assert row(card, "**at least 90%, all**") == [["2 / 1 of 2", "1 / 1 of 2", "1 / 1 of 2"]]


def test_the_held_out_tasks_stand_beside_the_best_cheap_strategy(card, submissions):
    base, tuned, *cheap = (read_scores(folder) for folder in submissions)
    primary = tuned.tasks["nlvr"].primary
    means = [found.tasks["nlvr"].metrics[primary].mean for found in cheap]
    (cells,), (sensitivity,) = [row(card, "`nlvr`")[:1], row(card, "`nlvr`")[1:]]
    name = ("yes", "first", "sightless (blind)")[means.index(max(means))]
    assert cells[0] == name
    assert cells[2].startswith(f"{base.tasks['nlvr'].metrics[primary].mean:.2f}")
    assert cells[3].startswith("100.00")
    assert cells[4].startswith(f"{max(means):.2f}")
    assert cells[5].startswith(f"{100 - max(means):.2f}")
    assert sensitivity[0].startswith("0.00")


def test_numbers_have_their_intervals(card, submissions):
    first = read_scores(submissions[3])
    low, high = first.summary.ci.aggregate.mean.shown
    assert row(card, "first") == [[f"{first.summary.aggregate.mean:.2f} ({low:.2f} to {high:.2f})", "–"]]


def test_what_is_above_the_cheap_strategies_and_what_is_not_is_said(card):
    text = " ".join(card.split())
    assert "ofa-mini-tuned: above the best cheap strategy on 1 of 2 (`nlvr`); not told apart from it on 1 of 2" in text
    assert "ofa-mini-base: above the best cheap strategy on 0 of 2;" in text
    limits = " ".join(card.partition("## What it cannot do")[2].split())
    assert f"tuned, unseen: 1 of 2 are answered right in less than 90%, and 1 in less than 50%: `{BAD}`." in limits
    assert "change tuned by -8.5 points" in limits
    assert "not above the best cheap strategy on 1 of 2 held-out tasks: `text_vqa`." in limits
    assert "Paired on the same rows, tuned minus base: aggregate" in text


def test_the_core_that_the_recipe_names_has_a_mean_of_its_own(training, recipe, submissions, tmp_path):
    recipe.write_text(yaml.safe_dump(RECIPE | {"core": [GOOD]}))
    write_model_card(training, submissions, tmp_path / "card.md", recipe=recipe)
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert row(card, f"`{GOOD}` \\*") == [["98.0 / 97.0", "97.0 / 96.0", "95.0 / 94.0"]]
    assert row(card, f"`{BAD}`") == [["90.0 / 89.0", "60.0 / 59.0", "45.0 / 44.0"]]
    assert row(card, "**mean, core**") == row(card, f"`{GOOD}` \\*")
    assert row(card, "**at least 90%, core**") == [["1 / 1 of 1", "1 / 1 of 1", "1 / 1 of 1"]]


def test_a_control_stands_beside_both_models(training, recipe, submissions, tmp_path):
    words = tmp_path / "ofa-mini-words"
    shutil.copytree(submissions[0], words)
    about = read_description(words)
    write_description(words, about.model_copy(update={"name": "control", "model": Model(name="ofa-mini-words")}))
    stages = [*RECIPE["stages"], RECIPE["stages"][1] | {"name": "words", "scrambled": True}]
    recipe.write_text(yaml.safe_dump(RECIPE | {"stages": stages}))
    shutil.copytree(training / "tuned", training / "words")
    write_model_card(training, [*submissions, words], tmp_path / "card.md", recipe=recipe)
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert row(card, "words")[0] == ["base", "75%, words only", "30", "960", "3,000"]
    assert row(card, "task")[0][2:5] == ["base", "words", "tuned"]
    assert row(card, "`nlvr`")[0][2] == row(card, "`nlvr`")[0][3]
    assert row(card, "task")[1] == ["base", "words", "tuned", "best cheap strategy"]
    assert len(row(card, "`nlvr`")[1]) == 4
    assert "control: not stated weights" in card
    assert "tuned minus words: aggregate" in " ".join(card.split())
    assert "control" not in row(card, "`nlvr`")[0][0]


def test_a_stage_that_stands_as_it_was_published_is_named(training, recipe, submissions, tmp_path, card):
    assert "began from its published weights" not in card
    write_json(training / "base" / "adopted.json", {"sha256": "0"})
    write_model_card(training, submissions, tmp_path / "card.md", recipe=recipe)
    assert "What comes after `base` began from its published weights" in (tmp_path / "card.md").read_text()


def shares(instruction, options):
    return {
        "step_rows": [2],
        "regions": {
            name: {"even": 0.5, "mean": {"value": value, "ci": None}, "layers": [], "steps": []}
            for name, value in (("instruction", instruction), ("options", options))
        },
    }


@pytest.fixture
def attention(tmp_path):
    task = {"rows": 2, "groups": 2, "change": {}, "verdict": "supported"}
    tasks = {
        "nlvr": task | {"models": [shares(0.1, 0.9), shares(0.3, 0.7)]},
        "text_vqa": task | {"models": [shares(0.2, 0.8), shares(0.5, 0.5)]},
    }
    difference = {"value": 0.25, "ci": [0.2, 0.311]}
    hypothesis = {"statement": "it is so", "verdict": "supported", "difference": difference}
    write_json(tmp_path / "attention.json", {"models": ["base", "tuned"], "tasks": tasks, "hypothesis": hypothesis})
    return tmp_path / "attention.json"


def test_what_the_models_look_at_stands_in_the_card(training, recipe, submissions, tmp_path, attention):
    write_model_card(training, submissions, tmp_path / "card.md", recipe=recipe, attention=attention)
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert row(card, "region") == [["even", "base", "tuned"]]
    assert row(card, "instruction") == [["50.0", "15.0", "40.0"]]
    assert row(card, "options") == [["50.0", "85.0", "60.0"]]
    text = " ".join(card.split())
    assert "it is so. The difference is 25.0 points (95 % interval 20.0 to 31.1): supported." in text


@pytest.mark.parametrize(
    ("change", "words"), [({"hypothesis": None}, "a report on one model"), ({"tasks": 3}, "no report on attention")]
)
def test_another_file_is_no_report_on_attention(training, recipe, submissions, tmp_path, attention, change, words):
    write_json(attention, json.loads(attention.read_text()) | change)
    with pytest.raises(InputError, match=words):
        write_model_card(training, submissions, tmp_path / "card.md", recipe=recipe, attention=attention)


def test_the_curve_lies_beside_the_card(card, tmp_path):
    assert "![Loss by step](card-curve.svg)" in card
    curve = (tmp_path / "docs" / "card-curve.svg").read_text()
    assert curve.startswith("<svg")
    assert all(f">{name} " in curve for name in ("base", "tuned"))


def test_ablations_stand_there_if_there_are_any(card, training, recipe, submissions, tmp_path):
    assert "## Ablations" not in card
    stage = {"name": "without_codes", "steps": 5, "learning_rate": 0.001}
    tried = tmp_path / "ablations.yaml"
    tried.write_text(yaml.safe_dump(RECIPE | {"stages": [stage]}))
    write_json(training / "without_codes" / "done.json", {"steps": 5, "samples": 64000, "seconds": 1.0})
    write_json(training / "without_codes" / "seen_scores.json", {"rows": 400, "scores": scores("bare", 294, 104)})
    write_model_card(training, submissions, tmp_path / "docs" / "card.md", recipe=recipe, ablations=tried)
    assert row((tmp_path / "docs" / "card.md").read_text(), "without codes") == [["64,000", "72.5", "25.0"]]


def test_a_recipe_of_another_training_is_told(training, recipe, submissions, tmp_path):
    write_json(training / "base" / "done.json", {"digest": "d", "steps": 21, "samples": 1, "seconds": 1.0})
    with pytest.raises(InputError, match="21 steps, but the recipe says 20"):
        write_model_card(training, submissions, tmp_path / "card.md", recipe=recipe)


def test_families_that_nobody_asked_are_told(training, recipe, submissions, tmp_path):
    for stage in ("base", "tuned"):
        (training / stage / "seen_scores.json").unlink()
    with pytest.raises(InputError, match=r"no stage has seen_scores\.json"):
        write_model_card(training, submissions, tmp_path / "card.md", recipe=recipe)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ([0, 2], "0 submissions of ofa-mini-tuned"),
        ([0, 0, 1, 2], "2 submissions of ofa-mini-base"),
        ([0, 1], "no submission of a cheap strategy"),
        ([0, 1, 2, 2], "two submissions have one name"),
    ],
)
def test_submissions_that_do_not_make_a_comparison_are_told(training, recipe, submissions, tmp_path, kept, words):
    with pytest.raises(InputError, match=words):
        write_model_card(training, [submissions[place] for place in kept], tmp_path / "card.md", recipe=recipe)


def test_the_page_in_the_documentation_begins_as_every_card():
    assert (REPOSITORY / "docs" / "ofa-mini.md").read_text(encoding="utf-8").startswith(INTRODUCTION)

import itertools
from pathlib import Path

import pytest
import yaml

from mibench.data.official.training import SEEN_TASKS
from mibench.errors import InputError
from mibench.tuning.recipe import read_recipe
from mibench.tuning.task_groups import GROUPS, GROWING

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vocabulary").mkdir()

    def write(changes=(), without=()):
        content = {
            "name": "small",
            "data": "mini",
            "strategy": "multi",
            "model": {"size": "tiny", "tokenizer": "vocabulary"},
            "optimiser": {"learning_rate": 0.001},
            "batch": 8,
            "steps": 4,
        }
        content = {key: value for key, value in (content | dict(changes)).items() if key not in without}
        path = Path("recipe.yaml")
        path.write_text("# a recipe\n" + yaml.safe_dump(content, sort_keys=False))
        return path

    return write


def test_a_recipe_is_read_with_its_defaults(write):
    recipe = read_recipe(write())
    assert recipe.strategy == "multi"
    assert recipe.clusters == tuple(GROUPS)
    assert recipe.data.world == "mini"
    assert recipe.optimiser.betas == (0.9, 0.999)
    assert recipe.model.tokenizer == Path("vocabulary")


@pytest.mark.parametrize(
    ("changes", "line", "message"),
    [
        ({"stratgy": "multi"}, 12, "stratgy: unknown key"),
        ({"strategy": "all"}, 4, "strategy: Input should be"),
        ({"batch": "8"}, 10, "batch: Input should be a valid integer"),
        ({"batch": 0}, 10, "batch: "),
        ({"optimiser": {"learning_rate": 0.1, "warmup": 1.5}}, 10, "optimiser.warmup"),
        ({"optimiser": {"lr": 0.1}}, 8, "optimiser.learning_rate: missing"),
        ({"epochs": 2.0}, 12, "epochs or steps"),
        ({"model": {"size": "tiny", "folder": "vocabulary"}}, 5, "model: give a folder, or the size"),
        ({"model": {"size": "giant", "tokenizer": "vocabulary"}}, 6, "unknown size 'giant'; one of tiny"),
        ({"model": {"size": "tiny"}}, 5, "model.tokenizer: a new model needs one"),
        ({"model": {"folder": "nowhere"}}, 6, "model.folder: there is no nowhere"),
        ({"clusters": 6}, 12, "clusters: a number is from 1 to 5"),
        ({"clusters": ["vqa", "vqv"]}, 14, "unknown group 'vqv'"),
        ({"data": "mimi"}, 3, "data.world: Input should be 'mini'"),
        ({"data": {"world": "mini", "official": "vocabulary"}}, 3, "the mini world has no folders"),
        ({"data": {"oficial": "vocabulary"}}, 4, "data.oficial: unknown key"),
        ({"data": {"official": "vocabulary", "templates": "recipe.yaml"}, "strategy": "mixed"}, 3, "natural_instr"),
        ({"data": {"natural_instructions": "vocabulary"}}, 3, "needs official and templates"),
        ({"data": {"official": "gone", "templates": "recipe.yaml"}}, 4, "data.official: there is no gone"),
        ({"evaluation": {"data": "gone"}}, 13, "evaluation.data: there is no folder gone"),
    ],
)
def test_a_fault_is_told_with_file_and_line(write, changes, line, message):
    with pytest.raises(InputError) as error:
        read_recipe(write(changes))
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert (error.value.file, error.value.line) == (Path("recipe.yaml"), line)


def test_a_key_is_missing(write):
    with pytest.raises(InputError, match="batch: missing"):
        read_recipe(write(without=["batch"]))


def test_steps_and_seed_of_the_command_go_first(write):
    recipe = read_recipe(write({"epochs": 3.0}, without=["steps"]), steps=7, seed=5)
    assert (recipe.steps, recipe.epochs, recipe.seed) == (7, None, 5)


def test_the_digest_is_of_what_the_weights_depend_on(write):
    first = read_recipe(write()).digest
    assert read_recipe(write({"log_every": 3, "evaluation": {"limit": 5}, "name": "other"})).digest == first
    assert read_recipe(write({"label_smoothing": 0.1})).digest != first


def test_the_published_recipe_is_one(tmp_path, monkeypatch):
    """Its paths are the user's, who has them in the folder that the command is given in."""
    monkeypatch.chdir(tmp_path)
    for folder in ("MultiInstruct", "ofa-large", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "MultiInstruct" / "instruction_templates.py").touch()
    recipe = read_recipe(ROOT / "recipes" / "ofa-large-multiinstruct.yaml")
    assert (recipe.instances, recipe.wordings, recipe.optimiser.learning_rate) == (10_000, 5, 1e-5)
    assert (recipe.image_size, recipe.epochs, recipe.label_smoothing) == (480, 4, 0.1)


def test_the_groups_hold_each_training_task_once():
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(SEEN_TASKS)
    assert sorted(group for added in GROWING for group in added) == sorted(GROUPS)


def test_the_clusters_of_the_paper_grow(write):
    grown = [set(read_recipe(write({"clusters": number})).clusters) for number in range(1, 6)]
    assert grown[0] == {"image_understanding", "vqa"}
    assert all(fewer < more for fewer, more in itertools.pairwise(grown))
    assert grown[4] == set(read_recipe(write({"clusters": "all"})).clusters) == set(GROUPS)
    assert read_recipe(write({"clusters": ["vqa"]})).clusters == ("vqa",)

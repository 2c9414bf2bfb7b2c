"""Recipes of a small model: what is wrong is told with its line."""

from pathlib import Path

import pytest

from mibench.errors import InputError
from mibench.tuning.mini.recipe import read_mini_recipe

RECIPES = Path(__file__).parents[3] / "recipes"
GOOD = """\
model:
  {width: 32, heads: 4, encoder_layers: 1, decoder_layers: 1, ffn: 32, trunk: [4, 4, 4],
   image_size: 32, bins: 9, pieces: 400}
pictures: {train: 50, test: 8}
trunk: {steps: 2, batch: 4, learning_rate: 1.0e-3}
families: [colour_of_figure, kind_of_word]
often: [kind_of_word]
stages:
  - name: first
    steps: 2
    learning_rate: 1.0e-3
  - name: second
    after: first
    families: [colour_of_figure]
    steps: 2
    learning_rate: 1.0e-3
"""


def read(folder, text=GOOD):
    (folder / "recipe.yaml").write_text(text, encoding="utf-8")
    return read_mini_recipe(folder / "recipe.yaml")


def test_a_recipe_is_read_with_its_defaults(tmp_path):
    recipe = read(tmp_path)
    first, second = recipe.stages
    assert (recipe.seed, recipe.precision, recipe.model.trunk) == (0, "fp32", (4, 4, 4))
    assert (first.after, first.families, first.instructed, first.wordings) == (None, "all", 0.0, 0)
    assert (second.after, second.families, second.batch) == ("first", ("colour_of_figure",), 32)
    assert (first.scrambled, first.draws, first.plain) == (False, "", ())


def test_a_stage_may_scramble_its_instructions(tmp_path):
    recipe = read(tmp_path, GOOD.replace("after: first", "after: first\n    scrambled: true\n    draws: first"))
    assert [(stage.scrambled, stage.draws) for stage in recipe.stages] == [(False, ""), (True, "first")]


def test_the_committed_recipe_is_one():
    recipe = read_mini_recipe(RECIPES / "ofa-mini.yaml")
    stages = {stage.name: stage for stage in recipe.stages}
    base, tuned, words = (stages[name] for name in ("base", "tuned", "words"))
    assert tuned.instructed == words.instructed > base.instructed == 0
    assert (base.scrambled, tuned.scrambled, words.scrambled) == (False, False, True)
    assert base.draws, "they would not see the same rows"
    alike = {"name", "instructed", "scrambled", "scored"}
    assert base.model_dump(exclude=alike) == tuned.model_dump(exclude=alike) == words.model_dump(exclude=alike)


def test_the_committed_ablations_leave_out_each_part_once():
    recipe = read_mini_recipe(RECIPES / "ofa-mini-ablations.yaml")
    left_out = [stage.plain for stage in recipe.stages if stage.plain]
    assert sorted(left_out) == [("codes",), ("loud",), ("tables",), ("wide",)]


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("    steps: 2\n    learning", "    speed: 9\n    steps: 2\n    learning"), 10, "unknown key"),
        (("pictures: {train: 50,", "pictures: {train: 50, more: 1,"), 4, "unknown key"),
        (("train: 50", "train: 39"), 4, "greater than or equal to 40"),
        (("heads: 4", "heads: 2"), 2, "greater than or equal to 4"),
        (("image_size: 32", "image_size: 16"), 3, "greater than or equal to 32"),
        (("trunk: [4, 4, 4]", "trunk: [4, 4]"), 2, "Field required|missing"),
        (("test: 8", "test: 0"), 4, "greater than or equal to 1"),
        (("name: second", "name: Second"), 12, "pattern"),
        (("after: first", "instructed: 1.5"), 13, "less than or equal to 1"),
        (("after: first", "plain: [bold]"), 13, "Input should be"),
        (("after: first", "scrambled: words"), 13, "valid boolean"),
        (("after: first", "wordings: -1"), 13, "greater than or equal to 0"),
        (("pictures: {train: 50, test: 8}\n", ""), 1, "pictures: missing"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path, change, line, message):
    assert change[0] in GOOD
    with pytest.raises(InputError, match=message) as fault:
        read(tmp_path, GOOD.replace(*change, 1))
    assert fault.value.line == line
    assert fault.value.file == tmp_path / "recipe.yaml"
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("often: [kind_of_word]", "often: [kind_of_sword]"), "no seen family is called 'kind_of_sword'"),
        (("families: [colour_of_figure]", "families: [colour]"), "no seen family is called 'colour'"),
        (("families: [colour_of_figure, kind", "families: [colours, kind"), "no seen family is called 'colours'"),
        (("often:", "core: [weather_kind]\noften:"), "core: 'weather_kind' is not among the families"),
        (("after: first", "after: third"), "stage 'second' comes after 'third', which is not before it"),
        (("after: first", "after: second"), "stage 'second' comes after 'second', which is not before it"),
        (("name: second", "name: first"), "two stages are called 'first'"),
        (("name: first", "name: trunk"), "two stages are called 'trunk'"),
    ],
)
def test_names_must_be_known_and_be_one(tmp_path, change, message):
    assert change[0] in GOOD
    with pytest.raises(InputError, match=message) as fault:
        read(tmp_path, GOOD.replace(*change, 1))
    assert fault.value.line == 1
    assert "\n" not in str(fault.value)


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_mini_recipe(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="a training recipe is a mapping"):
        read(tmp_path, "- one\n")

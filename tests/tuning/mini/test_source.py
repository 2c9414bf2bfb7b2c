"""Rows of a stage: whose turn it is, under which wording, and never a picture of the test."""

from collections import Counter

import pytest

pytest.importorskip("torch")

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Scenes, draw_examples
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.tuning.mini.batch import SupervisedAnswers
from mibench.tuning.mini.recipe import Stage
from mibench.tuning.mini.source import MiniSource, drawn_template
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import PICTURES, SIDE

SEEING = ("colour_of_figure", "shape_in_box", "weather_kind", "box_of_thing", "word_in_box")
READING = ("kind_of_word", "place_in_story")
SOME = [FAMILIES[name] for name in (*SEEING, *READING)]


def stage(**changes):
    return Stage(**{"name": "one", "steps": 100, "batch": 10, "learning_rate": 0.001, "text_every": 4} | changes)


def source(asked=None, families=SOME, scenes=small_mini.SCENES, often=()):
    asked = stage() if asked is None else asked
    objective = SupervisedAnswers({}, asked.supervision, asked.steps)
    return MiniSource(
        asked,
        families,
        small_mini.processor(),
        scenes,
        objective,
        pictures=PICTURES,
        side=SIDE,
        often=often,
    )


def test_a_step_has_the_same_rows_whoever_asks_and_when():
    one, other = source(), source(scenes=Scenes())
    expected = [one.rows(step) for step in range(5)]
    assert [other.rows(step) for step in (4, 2, 0, 3, 1)] == [expected[step] for step in (4, 2, 0, 3, 1)]
    assert expected[0] != expected[1]


@pytest.mark.parametrize("change", [{"name": "two"}, {"scenes": Scenes(1)}])
def test_another_stage_or_seed_has_other_rows(change):
    other = source(stage(**change)) if "name" in change else source(**change)
    assert not set(source().rows(0)) & set(other.rows(0))


def test_every_family_has_its_turn():
    made = source(stage(text_every=0), families=SOME[: len(SEEING)])
    rows = [row for step in range(5) for row in made.rows(step)]
    assert Counter(row.family for row in rows) == dict.fromkeys(SEEING, 10)


def test_families_that_come_often_have_two_turns():
    made = source(stage(text_every=0, batch=12), families=SOME[: len(SEEING)], often=("weather_kind", "kind_of_word"))
    counts = Counter(row.family for step in range(3) for row in made.rows(step))
    assert counts == dict.fromkeys(SEEING, 6) | {"weather_kind": 12}


def test_turns_are_in_an_order_of_chance():
    made = source(stage(text_every=0, batch=5), families=SOME[: len(SEEING)])
    firsts = {made._row(made._seeing, 5 * turn).family for turn in range(30)}
    assert firsts == set(SEEING)


@pytest.mark.parametrize("every", [1, 3, 4])
def test_so_manieth_steps_are_of_text(every):
    made = source(stage(text_every=every))
    for step in range(9):
        names = {row.family for row in made.rows(step)}
        assert names <= set(READING if step % every == every - 1 else SEEING)


def test_without_families_of_text_no_step_is_of_text():
    made = source(families=SOME[: len(SEEING)])
    assert all(row.picture[0] for step in range(5) for row in made.rows(step))


def test_short_rows_come_first():
    lengths = [len(row.tokens) for row in source(stage(instructed=1.0)).rows(0)]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 1


def test_the_objective_is_told_the_step():
    made = source()
    made.rows(7)
    assert made._objective.step == 7


def templates_drawn(asked, family, count=400):
    example = small_mini.example(family)
    return [drawn_template(asked, family, example, index) for index in range(count)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.85, 1.0])
def test_so_many_prompts_have_an_instruction(share):
    family = FAMILIES["shape_in_box"]
    drawn = templates_drawn(stage(instructed=share), family, 1000)
    bare = drawn.count(bare_template(family, ("box",)))
    assert 1 - bare / 1000 == pytest.approx(share, abs=0.05 if 0 < share < 1 else 0)


@pytest.mark.parametrize("number", [0, 1, 5, 20])
def test_so_many_wordings_are_used(number):
    family = FAMILIES["shape_in_box"]
    drawn = set(templates_drawn(stage(instructed=1.0, wordings=number), family, 1000))
    assert drawn <= set(wordings(family).seen)
    assert len(drawn) == (number or len(wordings(family).seen))
    assert len(set(templates_drawn(stage(instructed=1.0, wordings=number), family, 40))) == 1 or number != 1


def test_stages_of_few_wordings_use_the_same():
    family = FAMILIES["weather_kind"]
    one, other = (set(templates_drawn(stage(name=name, instructed=1.0, wordings=3), family)) for name in ("a", "b"))
    assert one == other


def test_no_held_out_wording_is_trained_on():
    for family in SOME:
        assert not set(templates_drawn(stage(instructed=1.0), family)) & set(wordings(family).unseen)


def test_no_picture_of_the_test_is_trained_on():
    """The scenes that a stage asks for are of the training's split, and none has its twin in the test's."""
    scenes = Scenes()
    made = source(scenes=scenes)
    for step in range(12):
        made.rows(step)
    trained = {key: scene.marks for key, scene in scenes._known.items()}
    assert {split for _, split, _ in trained} == {"train"}
    for family in SOME[: len(SEEING)]:
        for example in draw_examples(family, scenes, "test", 20, pictures=PICTURES):
            assert (family.name, "test", example.number) not in trained
            marks = scenes.get(example.world, (family.worlds or {})[example.world], "test", example.number).marks
            assert marks not in [known for (name, _, _), known in trained.items() if name == example.world]


def test_pictures_are_among_those_there_are():
    numbers = {row.picture[1] for step in range(12) for row in source().rows(step)}
    assert numbers <= set(range(PICTURES))
    assert len(numbers) > 20


def test_a_stage_of_text_alone_has_rows():
    made = source(stage(text_every=0), families=[FAMILIES["kind_of_word"]])
    assert len(made.rows(0)) == 10


def test_more_wordings_than_there_are_is_all_of_them():
    family = FAMILIES["shape_in_box"]
    templates_drawn(stage(instructed=1.0, wordings=500), family)

"""Rows of a stage: whose turn it is, under which wording, and never a picture of the test."""

from collections import Counter
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Scenes, draw_examples
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.prompts import template_parts
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


def test_stages_that_share_draws_see_the_same_rows_under_the_same_wordings():
    one, other = (source(stage(name=name, draws="shared", instructed=1.0)) for name in ("one", "two"))
    assert [one.rows(step) for step in range(5)] == [other.rows(step) for step in range(5)]
    assert one.rows(0) != source(stage(instructed=1.0)).rows(0)


@pytest.mark.parametrize("family", [FAMILIES["shape_in_box"], FAMILIES["kind_of_word"]], ids=lambda family: family.name)
def test_stages_that_share_draws_differ_by_the_share_of_instructions_alone(family):
    rare, often = (templates_drawn(stage(name=name, draws="d", instructed=share), family) for name, share in SHARES)
    bare = bare_template(family, tuple(small_mini.example(family).question.fields))
    pairs = list(zip(rare, often, strict=True))
    assert all(one in (other, bare) for one, other in pairs)
    assert [sum(one != bare for one in drawn) / len(drawn) for drawn in (rare, often)] == [
        pytest.approx(share, abs=0.08) for _, share in SHARES
    ]
    alone = templates_drawn(stage(name="one", instructed=SHARES[1][1]), family)
    assert alone != templates_drawn(stage(name="two", instructed=SHARES[1][1]), family)


SHARES = (("one", 0.3), ("two", 0.8))


def words_and_fields(template):
    parts = template_parts(template)
    words = " ".join(part for part, is_field in parts if not is_field).split()
    return words, [part for part, is_field in parts if is_field]


def both_drawn(family, **changes):
    """Yield the bare template of examples, their wording, and the template of a scrambled stage of the same draws."""
    plain, mixed = stage(name="plain", draws="d", **changes), stage(name="mixed", draws="d", scrambled=True, **changes)
    for index in range(40):
        example = small_mini.example(family, index % 4)
        bare = bare_template(family, tuple(example.question.fields))
        yield bare, *(drawn_template(asked, family, example, index) for asked in (plain, mixed))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_a_scrambled_wording_is_the_bare_one_and_then_the_same_words(family):
    moved, count = 0, 0
    for bare, told, mixed in both_drawn(family, instructed=0.7):
        if told == bare:
            assert mixed == bare
            continue
        count += 1
        assert mixed.startswith(f"{bare} ")
        words, rest = words_and_fields(told)[0], mixed.removeprefix(f"{bare} ")
        assert Counter(rest.split()) == Counter(words)
        assert words_and_fields(mixed)[1] == words_and_fields(bare)[1]
        assert words_and_fields(rest)[1] == []
        moved += rest.split() != words
    assert 20 < count < 40
    assert moved >= count - 3, "a few words may come in their own order by chance"


def test_each_row_has_an_order_of_its_own():
    """And a stage of other draws has others, but the same one whenever it is asked."""
    family = FAMILIES["shape_in_box"]
    asked = [stage(name=name, instructed=1.0, wordings=1, scrambled=True) for name in ("one", "one", "two")]
    one, again, other = (templates_drawn(how, family) for how in asked)
    assert one == again != other
    assert len({tuple(sorted(template.split())) for template in one}) == 1
    assert len(set(one)) > 100
    firsts = Counter(template.removeprefix("figure in a box {box} ").split()[0] for template in one)
    words = one[0].removeprefix("figure in a box {box} ").split()
    for word, times in Counter(words).items():
        assert firsts[word] == pytest.approx(400 * times / len(words), abs=40)


def test_no_word_of_a_held_out_wording_alone_is_scrambled():
    family = FAMILIES["shape_in_box"]
    drawn = templates_drawn(stage(instructed=1.0, scrambled=True), family, 1000)
    known = {word for template in wordings(family).seen for word in words_and_fields(template)[0]}
    assert {word for template in drawn for word in template.removeprefix("figure in a box {box} ").split()} == known


def test_scrambled_rows_begin_as_the_bare_ones_and_are_else_the_same():
    """So the same is asked of the same picture, and mentions lie where they lie in the bare prompt."""
    sources = [
        source(stage(name=name, draws="d", text_every=0, **how), [FAMILIES[name] for name in SCRAMBLED])
        for name, how in (
            ("bare", {}),
            ("told", {"instructed": 1.0}),
            ("mixed", {"instructed": 1.0, "scrambled": True}),
        )
    ]
    families, tokenizer = sources[0]._seeing, small_mini.processor().tokenizer
    seen = set()
    for index in range(40):
        bare, told, mixed = (made._row(families, index) for made in sources)
        for row in (bare, told):
            assert replace(row, tokens=(), mentions=()) == replace(mixed, tokens=(), mentions=())
        texts = [tokenizer.decode(row.tokens, skip_special_tokens=True) for row in (bare, told, mixed)]
        prompts, options = zip(*(text.partition(" [options]: ")[::2] for text in texts), strict=True)
        assert len(set(options)) == 1
        assert prompts[2].startswith(f"{prompts[0]} ")
        shared = len(tokenizer(prompts[0])["input_ids"]) - 1
        assert mixed.tokens[:shared] == bare.tokens[:shared]
        assert mixed.mentions == bare.mentions
        assert all(mention.token < shared for mention in mixed.mentions)
        seen.add((mixed.family, len(mixed.mentions)))
    assert {family for family, _ in seen} == set(SCRAMBLED)
    assert {count for _, count in seen} >= {1, 2}


SCRAMBLED = ("shape_in_box", "comparison_sentence", "use_of_item", "relation_of_two")

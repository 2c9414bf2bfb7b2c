"""Land in all weathers: answers found again from the facts, and no answer more likely than another."""

from collections import Counter, defaultdict
from statistics import fmean

import pytest

from mibench.data.mini.seen.families.landscapes import FAMILIES, SENTENCES, STATE_WORDS
from mibench.data.mini.seen.family import Family, Question, Scenes, draw_examples
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.landscapes import houses_of, landscape
from mibench.data.mini.visual.rows import box_text

LARGEST_SHARE = {
    "weather_kind": 0.27,
    "time_of_day": 0.41,
    "ground_kind": 0.27,
    "state_of_house": 0.2,
    "count_houses": 0.32,
    "is_it_burning": 0.57,
    "season_sentence": 0.1,
}
SCENES = Scenes()


def examples(family: Family, count: int) -> list[tuple[Question, Scene]]:
    drawn = draw_examples(family, SCENES, "train", count, pictures=2000)
    return [(one.question, SCENES.get(one.world, landscape, "train", one.number)) for one in drawn]


def states(scene: Scene) -> dict[str, str]:
    """Return the state of each house by its box."""
    houses = [mark for mark in scene.marks if mark.name == "house"]
    return {box_text(mark.box): state for mark, state in zip(houses, scene.facts["states"].split(), strict=True)}


def is_true(sentence: str, scene: Scene) -> bool:
    facts = {**scene.facts, "state": scene.facts["states"]}
    return any(sentence in SENTENCES[fact].get(facts[fact], ()) for fact in SENTENCES)


def answers(name: str, question: Question, scene: Scene) -> list[str]:
    if name == "season_sentence":
        return [option for option in question.options if is_true(option, scene)]
    if name == "count_houses":
        return [{1: "one", 2: "two", 3: "three", 4: "four"}[len(states(scene))]]
    if name in ("is_it_burning", "state_of_house"):
        state = states(scene)[question.fields["box"]]
        if name == "is_it_burning":
            return ["yes" if state == "burning" else "no"]
        return [option for option in question.options if option in STATE_WORDS[state]]
    return [scene.facts[{"weather_kind": "weather", "time_of_day": "time", "ground_kind": "ground"}[name]]]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_follow_from_what_was_drawn(family: Family) -> None:
    for question, scene in examples(family, 200):
        assert [question.target] == answers(family.name, question, scene)
        assert question.options.count(question.target) == (1 if question.options else 0)
        assert len(set(question.options)) == len(question.options)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_answer_is_much_more_likely_than_another(family: Family) -> None:
    drawn = [question for question, _ in examples(family, 400)]
    assert max(Counter(question.target for question in drawn).values()) / len(drawn) <= LARGEST_SHARE[family.name]


def test_the_facts_that_sentences_speak_of_tell_nothing() -> None:
    (family,) = [family for family in FAMILIES if family.name == "season_sentence"]
    fact_of = {text: fact for fact, values in SENTENCES.items() for texts in values.values() for text in texts}
    chosen: dict[str, list[bool]] = defaultdict(list)
    for question, _ in examples(family, 600):
        kinds = Counter(fact_of[option] for option in question.options)
        assert set(kinds.values()) in ({2}, {4})
        if len(kinds) == 2:
            chosen["weather"].append(fact_of[question.target] == "weather")
    assert 0.36 < sum(chosen["weather"]) / len(chosen["weather"]) < 0.64


def test_no_house_is_flooded_where_all_is_water() -> None:
    scenes = [SCENES.get("landscapes", landscape, "train", number) for number in range(200)]
    grounds = {scene.facts["ground"] for scene in scenes if "flooded" in scene.facts["states"]}
    assert grounds == {"grass", "sand", "snow", "earth"}


def test_boxes_do_not_tell_which_house_leans() -> None:
    widths = defaultdict(list)
    for number in range(400):
        scene = SCENES.get("landscapes", landscape, "train", number)
        for mark, state in houses_of(scene):
            left, top, right, bottom = mark.box
            widths[state == "leaning"].append((right - left) / (bottom - top))
    assert abs(fmean(widths[True]) - fmean(widths[False])) < 0.01

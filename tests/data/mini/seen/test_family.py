"""Examples of families: the same for the same arguments, of their own split, and none where nothing can be asked."""

from collections import Counter
from random import Random

import pytest

from mibench.data.mini.seen.family import Example, Family, Question, Scenes, draw_example, draw_examples, shuffled
from mibench.data.mini.seen.scene import Scene


def numbered(random: Random) -> Scene:
    return Scene((), lambda: pytest.fail("nothing is painted"), {"number": str(random.random())}, 40, 30)


def family(
    share: float = 1.0, worlds: tuple[str, ...] | None = ("one", "other"), name: str = "made_up", **changes: str
) -> Family:
    """Return a family that asks of so large a share of pictures, and answers with the picture's own number."""

    def ask(scene: Scene, random: Random) -> Question | None:
        if random.random() >= share:
            return None
        return Question({"chance": str(random.random())}, scene.facts.get("number", "none"))

    kinds = None if worlds is None else dict.fromkeys(worlds, numbered)
    return Family(name, "made up", "text", kinds, ask, ("What?", "Which?"), ("Tell.", "Say."), **changes)


def drawn(asked: Family, split: str = "train", count: int = 40, **changes: int) -> list[Example]:
    return list(draw_examples(asked, Scenes(), split, count, **{"pictures": 20} | changes))  # type: ignore[arg-type]


def chances(examples: list[Example]) -> set[str]:
    return {example.question.fields["chance"] for example in examples}


def test_an_example_is_the_same_for_the_same_arguments_alone() -> None:
    whole = drawn(family())
    assert drawn(family(), start=10, count=5) == whole[10:15]
    assert [draw_example(family(), Scenes(), "train", index, pictures=20) for index in (7, 3)] == [whole[7], whole[3]]
    others = [drawn(family(), "test"), drawn(family(name="another"))]
    others.append(list(draw_examples(family(), Scenes(1), "train", 40, pictures=20)))
    for other in others:
        assert not chances(other) & chances(whole)


def test_an_example_is_of_the_picture_that_it_names() -> None:
    scenes = Scenes()
    for example in draw_examples(family(0.3), scenes, "train", 40, pictures=20):
        scene = scenes.get(example.world, numbered, "train", example.number)
        assert example.question.target == scene.facts["number"]
        assert (example.width, example.height) == (40, 30)
        assert example.number < 20


def test_pictures_are_drawn_of_all_kinds_and_numbers() -> None:
    examples = drawn(family(), count=400)
    kinds = Counter(example.world for example in examples)
    assert set(kinds) == {"one", "other"}
    assert min(kinds.values()) > 150
    assert {example.number for example in examples} == set(range(20))


def test_where_a_picture_allows_no_question_another_is_taken() -> None:
    asked = []

    def ask(scene: Scene, random: Random) -> Question | None:
        del random
        asked.append(scene.facts["number"])
        return None if len(asked) < 5 else Question({}, "yes")

    picky = Family("picky", "picky", "text", {"one": numbered}, ask, (), ())
    assert draw_example(picky, Scenes(), "train", 0, pictures=1000).question.target == "yes"
    assert len(asked) == len(set(asked)) == 5


def test_a_family_that_never_asks_is_told() -> None:
    with pytest.raises(ValueError, match="made_up: no question in 200 pictures"):
        draw_example(family(0.0), Scenes(), "train", 0, pictures=5)


def test_a_family_of_text_has_no_picture() -> None:
    (example,) = drawn(family(worlds=None), count=1)
    assert (example.world, example.number, example.width, example.height) == ("", 0, 0, 0)
    assert example.question.target == "none"


def test_a_scene_is_drawn_once() -> None:
    count: Counter[str] = Counter()

    def counted(random: Random) -> Scene:
        count["drawn"] += 1
        return numbered(random)

    scenes = Scenes()
    one = scenes.get("one", counted, "train", 0)
    assert scenes.get("one", counted, "train", 0) is one
    assert count["drawn"] == 1
    others = [scenes.get("one", counted, "test", 0), scenes.get("two", counted, "train", 0)]
    others += [scenes.get("one", counted, "train", 1), Scenes(1).get("one", counted, "train", 0)]
    assert len({scene.facts["number"] for scene in (one, *others)}) == 5
    assert Scenes().get("one", numbered, "train", 0).facts == one.facts


def test_options_are_in_an_order_of_chance() -> None:
    random = Random("options")
    orders = Counter(shuffled(random, "a", "b", "c") for _ in range(600))
    assert len(orders) == 6
    assert min(orders.values()) > 60

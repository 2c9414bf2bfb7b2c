"""Examples of a family with their pictures, and how far one answer outweighs the others."""

from collections import Counter

from mibench.data.mini.seen.family import Family, Question, Scenes, draw_examples
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.rows import box_text


def asked(family: Family, count: int = 200) -> list[tuple[Scene, Question]]:
    scenes = Scenes()
    drawn = draw_examples(family, scenes, "train", count, pictures=500)
    return [
        (
            Scene((), lambda: None)  # type: ignore[arg-type, return-value]
            if family.worlds is None
            else scenes.get(example.world, family.worlds[example.world], "train", example.number),
            example.question,
        )
        for example in drawn
    ]


def largest_share(family: Family, count: int = 400) -> float:
    answers = Counter(question.target for _, question in asked(family, count))
    return answers.most_common(1)[0][1] / count


def marks_within(scene: Scene, text: str) -> list[Mark]:
    """Return the words whose middle lies in a box that is written as text, in reading order."""
    left, top, right, bottom = map(int, text.split())
    inside = [
        mark
        for mark in scene.marks
        if mark.word and left <= mark.centre[0] <= right and top <= mark.centre[1] <= bottom
    ]
    return sorted(inside, key=lambda mark: mark.box[0])


def check_shape(family: Family) -> None:
    """Check what holds for every family: the target is among the options once, boxes are those that are named."""
    assert len(family.questions) == len(family.commands) == 4
    assert len(family.asked) in (0, 4)
    for _, question in asked(family, 100):
        assert all(f"{{{name}}}" in wording for name in question.fields for wording in family.questions)
        assert all(f"{{{name}}}" in wording for name in question.fields for wording in family.commands)
        assert all(f"{{{name}}}" in phrase for name in question.fields for phrase in family.asked)
        assert len(set(question.options)) == len(question.options)
        assert (question.target in question.options) == bool(question.options)
        assert bool(question.options) == (family.answer == "choice")
        for name, box in question.mentions.items():
            assert name not in ("box", "other") or question.fields[name] == box_text(box)
            assert name in question.fields or any(name in text for text in question.fields.values())
            assert not name[0].isdecimal() or name == box_text(box)

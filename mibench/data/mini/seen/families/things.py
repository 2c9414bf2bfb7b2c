"""Questions about everyday things: what they are, what they are for, which are there, how many."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.things import COLUMNS, NUMBERS, a_thing, scattered_things, things_of
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.things import THINGS

_WORLDS = {"things": scattered_things}

_STATEMENTS = (
    "There is {one} and {other}.",
    "You can see {one} and {other}.",
    "Both {one} and {other} are shown.",
    "Among the things are {one} and {other}.",
)


def _name(scene: Scene, random: Random) -> Question:
    mark = random.choice(things_of(scene))
    return Question({"box": box_text(mark.box)}, mark.name, mentions={"box": mark.box}, focus=mark.box)


def _use(scene: Scene, random: Random) -> Question:
    mark, *others = random.sample(things_of(scene), 2)
    uses = {THINGS[name].use for name in THINGS} - {THINGS[mark.name].use, THINGS[others[0].name].use}
    options = [THINGS[mark.name].use, THINGS[others[0].name].use, *random.sample(sorted(uses), 2)]
    return Question({"box": box_text(mark.box)}, options[0], shuffled(random, *options), {"box": mark.box}, mark.box)


def _for_use(scene: Scene, random: Random) -> Question:
    mark = random.choice(things_of(scene))
    options = shuffled(random, *COLUMNS)
    return Question({"use": THINGS[mark.name].use}, mark.place, options, {"use": mark.box}, mark.box)


def _presence(scene: Scene, random: Random) -> Question:
    shown = {mark.name: mark.box for mark in things_of(scene)}
    if random.random() < 0.5:
        name = random.choice(list(shown))
        return Question({"thing": a_thing(name)}, "yes", ("yes", "no"), {"thing": shown[name]}, shown[name])
    return Question({"thing": a_thing(random.choice(sorted(THINGS.keys() - shown)))}, "no", ("yes", "no"))


def _count(scene: Scene, random: Random) -> Question:
    return Question({}, NUMBERS[scene.facts["count"]])


def _statement(scene: Scene, random: Random) -> Question:
    shown = {mark.name: mark.box for mark in things_of(scene)}
    names = random.sample(list(shown), 2)
    target = random.choice(["yes", "no"])
    if target == "no":
        missing = random.sample(sorted(THINGS.keys() - shown.keys()), 2)
        first, second = random.choice([(True, False), (False, True), (True, True)])
        names = [missing[0] if first else names[0], missing[1] if second else names[1]]
    text = random.choice(_STATEMENTS).format(one=a_thing(names[0]), other=a_thing(names[1]))
    return Question({"text": text}, target, ("yes", "no"), {name: shown[name] for name in names if name in shown})


THING_IN_BOX = Family(
    name="thing_in_box",
    title="name of a thing",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_name,
    questions=(
        "What thing do you see in {box}?",
        "In {box} there is a thing, but which?",
        "How do you call what lies at {box}?",
        "Which thing fills {box}?",
    ),
    commands=(
        "Name the thing in {box}.",
        "Look at the part of the image inside {box} and say what is there.",
        "For {box}, write the name of the thing.",
        "Say what {box} shows.",
    ),
    asked=(
        "the thing in {box}",
        "what lies at {box}",
        "which thing you see inside {box}",
        "the name of the thing at {box}",
    ),
)

USE_IN_BOX = Family(
    name="use_in_box",
    title="use of a thing",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_use,
    questions=(
        "What is the thing in {box} good for?",
        "To what use can you put the thing at {box}?",
        "What do people do with the thing that you find in {box}?",
        "What does the thing in {box} help to do?",
    ),
    commands=(
        "Look at {box} and choose what such a thing is used for.",
        "Tell the use of the thing in {box}.",
        "The thing in {box} serves one purpose, so pick that one.",
        "Choose the purpose of what is in {box}.",
    ),
    asked=(
        "the use of the thing in {box}",
        "what the thing at {box} is for",
        "what one does with the thing in {box}",
        "what people use the thing in {box} for",
    ),
    answer="choice",
)

THING_FOR_USE = Family(
    name="thing_for_use",
    title="place of a useful thing",
    group="VQA",
    worlds=_WORLDS,
    ask=_for_use,
    questions=(
        "On which side is the thing that helps to {use}?",
        "To {use}, where do you look: left, middle or right?",
        "Where does the thing lie that serves to {use}?",
        "If someone has to {use}, which side holds the right thing?",
    ),
    commands=(
        "Find the thing with which people {use} and tell its side.",
        "Say whether left, middle or right holds the thing to {use}.",
        "To {use} takes the right thing, so state where it is.",
        "Tell the side with the thing to {use}.",
    ),
    asked=(
        "the side that holds the thing to {use}",
        "where the thing to {use} lies",
        "on which side one finds what helps to {use}",
        "which side has the thing that serves to {use}",
    ),
    answer="choice",
)

PRESENCE_OF_THING = Family(
    name="presence_of_thing",
    title="is a thing there",
    group="VQA",
    worlds=_WORLDS,
    ask=_presence,
    questions=(
        "Is {thing} shown?",
        "Do you see {thing} somewhere in the picture?",
        "Among all that was drawn, can you find {thing}?",
        "Did someone put {thing} here?",
    ),
    commands=(
        "Decide if {thing} is shown.",
        "Search the picture for {thing} and say yes or no.",
        "Is or isn't {thing} there, tell me.",
        "Tell whether you see {thing}.",
    ),
    asked=(
        "whether {thing} is in the picture",
        "if there is {thing}",
        "whether one can see {thing}",
        "whether {thing} was drawn",
    ),
    answer="choice",
)

COUNT_THINGS = Family(
    name="count_things",
    title="number of things",
    group="VQA",
    worlds=_WORLDS,
    ask=_count,
    questions=(
        "How many everyday things do you count?",
        "If you leave out plain figures, how many things does the picture show?",
        "What is the number of useful things?",
        "How many things of use were drawn?",
    ),
    commands=(
        "Count the everyday things.",
        "Leave plain figures aside and write how many things there are.",
        "Give the number of things that people can use.",
        "State how many useful things you find.",
    ),
)

STATEMENT_ABOUT_THINGS = Family(
    name="statement_about_things",
    title="does a sentence fit the things",
    group="Image-Text Matching",
    worlds=_WORLDS,
    ask=_statement,
    questions=(
        "{text} Does that fit the picture?",
        'Do the words "{text}" agree with the image?',
        'Would it be right to say "{text}" here?',
        "{text} Is this correct?",
    ),
    commands=(
        "{text} Say yes if both things are shown and no otherwise.",
        'Check "{text}" with the picture.',
        'Read "{text}" first, then look for both things and decide.',
        'Tell whether "{text}" fits.',
    ),
    asked=(
        'whether this is so: "{text}"',
        'if "{text}" is right',
        'whether the sentence "{text}" fits',
        'whether one sees what "{text}" says',
    ),
    answer="choice",
)

FAMILIES = (THING_IN_BOX, USE_IN_BOX, THING_FOR_USE, PRESENCE_OF_THING, COUNT_THINGS, STATEMENT_ABOUT_THINGS)

"""Text without pictures: what things are for, and short stories of who has what, of which colour, where and when."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.visual.shapes import COLOURS
from mibench.data.mini.visual.things import THINGS

PEOPLE = ("nora", "oscar", "paula", "quentin", "rosa", "simon", "tilda", "victor", "wilma", "yannick")
SPOTS = ("on the table", "under the bed", "behind the door", "near the stove", "by the window", "in the drawer")
_NAMES = tuple(name for name in THINGS if name != "scissors")


def _article(name: str) -> str:
    return f"{THINGS[name].article} {name}"


def _told(random: Random, *sentences: str) -> str:
    """Return a story of sentences in an order of chance."""
    return " ".join(sentence[0].upper() + sentence[1:] + "." for sentence in random.sample(sentences, len(sentences)))


def _use(_: Scene, random: Random) -> Question:
    names = random.sample(_NAMES, 4)
    uses = [THINGS[name].use for name in names]
    return Question({"thing": names[0]}, uses[0], shuffled(random, *uses))


def _named_by_use(_: Scene, random: Random) -> Question:
    names = random.sample(_NAMES, 4)
    return Question({"text": THINGS[names[0]].use}, names[0], shuffled(random, *names))


def _holder(_: Scene, random: Random) -> Question:
    people, things = random.sample(PEOPLE, 3), random.sample(_NAMES, 3)
    verbs = [random.choice(("has", "holds", "carries")) for _ in people]
    told = [f"{who} {verb} {_article(what)}" for who, verb, what in zip(people, verbs, things, strict=True)]
    return Question({"text": _told(random, *told), "thing": things[0]}, people[0])


def _colour(_: Scene, random: Random) -> Question:
    things, colours = random.sample(_NAMES, 3), random.sample(list(COLOURS), 3)
    told = [f"the {thing} is {colour}" for thing, colour in zip(things, colours, strict=True)]
    return Question({"text": _told(random, *told), "thing": things[0]}, colours[0])


def _spot(_: Scene, random: Random) -> Question:
    things, spots = random.sample(_NAMES, 3), random.sample(SPOTS, 3)
    told = [f"the {thing} lies {spot}" for thing, spot in zip(things, spots, strict=True)]
    return Question({"text": _told(random, *told), "thing": things[0]}, spots[0], shuffled(random, *spots))


def _came_first(_: Scene, random: Random) -> Question:
    """Tell the order forwards or backwards, so that who is named first came first in half of the stories."""
    early, late = random.sample(PEOPLE, 2)
    first, last = early.title(), late.title()
    text = random.choice((f"{first} came before {last}.", f"{last} came after {first}."))
    return Question({"text": text}, early, shuffled(random, early, late))


FILL_BLANK_USE = Family(
    name="fill_blank_use",
    title="what a thing is for",
    group="text",
    worlds=None,
    ask=_use,
    questions=(
        "What is the use of the {thing}?",
        "The {thing} is used to do what?",
        "If you had the {thing} in your hand, what could you do with it?",
        "What does the {thing} help to do?",
    ),
    commands=(
        "Go on: the {thing} is used to ____.",
        "Tell what the {thing} is for.",
        "Pick what people do with the {thing}.",
        "Complete this: with the {thing} one can ____.",
    ),
    asked=(
        "the use of the {thing}",
        "what the {thing} is for",
        "what one does with the {thing}",
        "what people use the {thing} for",
    ),
    answer="choice",
)

THING_NAMED_BY_USE = Family(
    name="thing_named_by_use",
    title="thing named by its use",
    group="text",
    worlds=None,
    ask=_named_by_use,
    questions=(
        "With which thing can one {text}?",
        "What helps someone to {text}?",
        "To {text}, which thing is best?",
        "What do you take when you are going to {text}?",
    ),
    commands=(
        "Name the thing that serves to {text}.",
        "Someone wants to {text}; choose the right thing.",
        "To {text}, pick what helps most.",
        "Find the thing with which people {text}.",
    ),
    asked=(
        "the thing to {text}",
        "which thing helps to {text}",
        "with what one can {text}",
        "what serves to {text}",
    ),
    answer="choice",
)

WHO_HAS_THING = Family(
    name="who_has_thing",
    title="who has a thing",
    group="text",
    worlds=None,
    ask=_holder,
    questions=(
        "{text} Who has the {thing}?",
        "Who of these people has the {thing}? {text}",
        "After you have read this, can you tell who has the {thing}? {text}",
        "{text} In whose hands is the {thing}?",
    ),
    commands=(
        "Read this and name the one with the {thing}. {text}",
        "{text} Say who has the {thing}.",
        "Find the person that the {thing} is with. {text}",
        "{text} Tell me whom to ask for the {thing}.",
    ),
)

COLOUR_IN_STORY = Family(
    name="colour_in_story",
    title="colour in a story",
    group="text",
    worlds=None,
    ask=_colour,
    questions=(
        "{text} What colour is the {thing}?",
        "Which colour does the {thing} have in this story? {text}",
        "{text} The {thing} is of which colour?",
        "How is the {thing} coloured, as it is told here? {text}",
    ),
    commands=(
        "{text} Name the colour of the {thing}.",
        "Give the colour that the {thing} has. {text}",
        "Read the story, then say which colour the {thing} is. {text}",
        "{text} State just the colour of the {thing}.",
    ),
)

PLACE_IN_STORY = Family(
    name="place_in_story",
    title="place in a story",
    group="text",
    worlds=None,
    ask=_spot,
    questions=(
        "{text} Where is the {thing}?",
        "Where did the {thing} end up? {text}",
        "{text} Where would you look for the {thing}?",
        "At which place is the {thing}, if this is true? {text}",
    ),
    commands=(
        "{text} Say where the {thing} is.",
        "Find the {thing} in this story and pick its place. {text}",
        "{text} Choose the place of the {thing}.",
        "Tell someone who needs the {thing} where to go. {text}",
    ),
    answer="choice",
)

WHO_CAME_FIRST = Family(
    name="who_came_first",
    title="who came first",
    group="text",
    worlds=None,
    ask=_came_first,
    questions=(
        "{text} Who came first?",
        "Who was there earlier? {text}",
        "{text} Which of the two did not have to be waited for?",
        "Who of the two was early? {text}",
    ),
    commands=(
        "{text} Name the one who came first.",
        "Say who was there sooner. {text}",
        "Choose the person that came before the other. {text}",
        "{text} Tell who was the first of them.",
    ),
    answer="choice",
)

FAMILIES = (FILL_BLANK_USE, THING_NAMED_BY_USE, WHO_HAS_THING, COLOUR_IN_STORY, PLACE_IN_STORY, WHO_CAME_FIRST)

"""Questions about people: what they wear, what they hold, and what that serves."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.people import holders_of, people_of, people_with_things
from mibench.data.mini.seen.worlds.things import a_thing
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.shapes import COLOURS
from mibench.data.mini.visual.things import THINGS

_WORLDS = {"people": people_with_things}

_SENTENCES = (
    "The person in {colour} holds {thing}.",
    "Someone in {colour} has {thing} in hand.",
    "A person whose shirt is {colour} brings {thing}.",
)


def _shirt(scene: Scene, random: Random) -> Question:
    mark = random.choice(people_of(scene))
    return Question({"box": box_text(mark.box)}, mark.colour, mentions={"box": mark.box}, focus=mark.box)


def _held(scene: Scene, random: Random) -> Question:
    someone, thing = random.choice(holders_of(scene))
    return Question({"box": box_text(someone.box)}, thing.name, mentions={"box": someone.box}, focus=thing.box)


def _sentence(scene: Scene, random: Random) -> Question:
    """Offer two colours with two things each: one pair is so, and no part of it occurs more often than another."""
    holders = holders_of(scene)
    someone, thing = random.choice(holders)
    true = {(holder.colour, held.name) for holder, held in holders}
    while True:
        colour = random.choice([other for other in COLOURS if other != someone.colour])
        name = random.choice([other for other in THINGS if other != thing.name])
        pairs = [(someone.colour, thing.name), (someone.colour, name), (colour, thing.name), (colour, name)]
        if len(true & set(pairs)) == 1:
            break
    sentence = random.choice(_SENTENCES)
    target, *others = (sentence.format(colour=colour, thing=a_thing(name)) for colour, name in pairs)
    return Question({}, target, shuffled(random, target, *others), focus=thing.box)


def _wants(scene: Scene, random: Random) -> Question | None:
    holders = holders_of(scene)
    if len(holders) < 2:
        return None
    someone, thing = random.choice(holders)
    return Question({"use": THINGS[thing.name].use}, someone.colour, mentions={"use": thing.box}, focus=someone.box)


SHIRT_COLOUR = Family(
    name="shirt_colour",
    title="colour of a shirt",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_shirt,
    questions=(
        "What colour is the shirt of the person in {box}?",
        "Which colour does the person in {box} wear?",
        "In {box} stands someone: what colour is the shirt?",
        "How is the shirt in {box} coloured?",
    ),
    commands=(
        "Name the colour of the shirt in {box}.",
        "Find the person in {box} and say which colour the shirt has.",
        "For the person at {box}, write the colour of the shirt.",
        "Tell which shirt the person in {box} wears.",
    ),
)

THING_HELD = Family(
    name="thing_held",
    title="thing in a hand",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_held,
    questions=(
        "What does the person in {box} hold?",
        "Which thing is in the hand of the person at {box}?",
        "Someone stands in {box}, but what is in that hand?",
        "The person in {box} has which thing in hand?",
    ),
    commands=(
        "Name what the person in {box} holds.",
        "Look at the person in {box}, follow the arm and say which thing is held.",
        "Write the name of the thing that belongs to the person in {box}.",
        "Tell which thing the person in {box} has.",
    ),
    asked=(
        "the thing that the person in {box} holds",
        "what is in the hand of the person at {box}",
        "which thing one sees the person in {box} with",
        "what the person at {box} holds",
    ),
)

PERSON_SENTENCE = Family(
    name="person_sentence",
    title="sentence that fits a person",
    group="Image-Text Matching",
    worlds=_WORLDS,
    ask=_sentence,
    questions=(
        "Which sentence tells who holds what?",
        "What is true of someone that you see?",
        "Of these sentences about people, which is right?",
        "Which sentence is right about the people?",
    ),
    commands=(
        "Choose the sentence that is true of someone.",
        "Look at the shirts and the hands, then give the only true sentence.",
        "Find who holds what and pick the sentence that says so.",
        "Pick the sentence that fits the people.",
    ),
    asked=(
        "which sentence about the people is true",
        "the sentence that is right about someone",
        "what is true of a person here",
        "which of the sentences fits a person",
    ),
    answer="choice",
    told_by_options=True,
)

WANTS_TO = Family(
    name="wants_to",
    title="person with the right thing",
    group="Visual Relationship",
    worlds=_WORLDS,
    ask=_wants,
    questions=(
        "Which colour does the person wear who is ready to {use}?",
        "One of the two wants to {use}: what is the colour of that shirt?",
        "To {use} takes a thing, and what colour is the shirt of whoever holds it?",
        "Who holds the thing to {use}, by the colour of the shirt?",
    ),
    commands=(
        "Name the shirt's colour of the person who wants to {use}.",
        "Somebody came to {use}, so tell the colour of that shirt.",
        "Find who holds the thing to {use} and write the colour of the shirt.",
        "Say which shirt is worn by the one about to {use}.",
    ),
)

FAMILIES = (SHIRT_COLOUR, THING_HELD, PERSON_SENTENCE, WANTS_TO)

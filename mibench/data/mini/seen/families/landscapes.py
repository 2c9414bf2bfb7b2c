"""Questions about land in all weathers: the weather, the hour, the ground, and how the houses are."""

from collections.abc import Mapping, Sequence
from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.landscapes import (
    GROUNDS,
    NUMBERS,
    TIMES,
    WEATHERS,
    houses_of,
    landscape,
)
from mibench.data.mini.visual.rows import box_text

_WORLDS = {"landscapes": landscape}
_CHOICES = 4

STATE_WORDS: Mapping[str, Sequence[str]] = {
    "burning": ("fire", "flames"),
    "flooded": ("flood", "high water"),
    "leaning": ("damage", "broken walls"),
    "whole": ("nothing", "no harm"),
}
"""What a house suffers, by its state."""

SENTENCES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "weather": {
        "rain": ("Rain falls on the land.", "Drops of rain come down from the clouds."),
        "snow": ("Flakes of snow are falling.", "Snow falls from the clouds."),
        "fog": ("Fog hides a part of the land.", "Grey fog drifts along."),
        "thunderstorm": ("Lightning flashes under dark clouds.", "A thunderstorm passes over the land."),
        "clear sky": ("The sky is clear and dry.", "Nothing falls from a clear sky."),
    },
    "ground": {
        "grass": ("Grass grows on the ground.", "The land is a green meadow."),
        "sand": ("The ground is made of sand.", "Sand stretches over the land."),
        "snow": ("Snow covers the ground.", "The land lies white under snow."),
        "earth": ("The ground is bare brown earth.", "Nothing grows on the brown earth."),
        "water": ("Water lies all around.", "The land is nothing but islands in the water."),
    },
    "state": {
        "burning": ("Flames come out of the windows.", "The house is burning."),
        "flooded": ("The water stands as high as the door.", "Water has come into the house."),
        "leaning": ("The house leans to one side.", "The walls of the house are cracked."),
        "whole": ("The house stands safe and sound.", "No harm has come to the house."),
    },
}
"""What can be said of a picture, by fact and by its value; that of the state where there is one house."""


def _choose(random: Random, target: str, values: Sequence[str]) -> Question:
    others = random.sample([value for value in values if value != target], min(_CHOICES, len(values)) - 1)
    return Question({}, target, shuffled(random, target, *others))


def _weather(scene: Scene, random: Random) -> Question:
    return _choose(random, scene.facts["weather"], WEATHERS)


def _time(scene: Scene, random: Random) -> Question:
    return _choose(random, scene.facts["time"], TIMES)


def _ground(scene: Scene, random: Random) -> Question:
    return _choose(random, scene.facts["ground"], list(GROUNDS))


def _state(scene: Scene, random: Random) -> Question | None:
    if scene.facts["ground"] == "water":
        return None
    mark, state = random.choice(houses_of(scene))
    words = {key: random.choice(choices) for key, choices in STATE_WORDS.items()}
    options = shuffled(random, *words.values())
    return Question({"box": box_text(mark.box)}, words[state], options, {"box": mark.box}, mark.box)


def _count(scene: Scene, random: Random) -> Question:
    return Question({}, NUMBERS[scene.facts["houses"]])


def _burning(scene: Scene, random: Random) -> Question | None:
    houses = houses_of(scene)
    if len({state == "burning" for _, state in houses}) < 2:
        return None
    target = random.choice(["yes", "no"])
    box = random.choice([mark.box for mark, state in houses if (state == "burning") == (target == "yes")])
    return Question({"box": box_text(box)}, target, ("yes", "no"), {"box": box}, box)


def _sentence(scene: Scene, random: Random) -> Question | None:
    """Offer sentences about one fact, or two each about the weather and the ground, so that each is as likely."""
    facts = {fact: scene.facts[fact] for fact in ("weather", "ground")}
    fact = kind = random.choice(["weather", "ground", "mixed", "state"])
    if kind == "state":
        if scene.facts["houses"] != "1" or scene.facts["ground"] == "water":
            return None
        facts["state"] = scene.facts["states"]
    elif kind == "mixed":
        fact, other = random.sample(["weather", "ground"], 2)
    values = [facts[fact]]
    wrong = [(fact, value) for value in SENTENCES[fact] if value not in values]
    offered = random.sample(wrong, 1 if kind == "mixed" else _CHOICES - 1)
    if kind == "mixed":
        offered += random.sample([(other, value) for value in SENTENCES[other] if value != facts[other]], 2)
    target, *options = (random.choice(SENTENCES[name][value]) for name, value in [(fact, facts[fact]), *offered])
    houses = houses_of(scene)
    return Question({}, target, shuffled(random, target, *options), focus=houses[0][0].box if kind == "state" else None)


WEATHER_KIND = Family(
    name="weather_kind",
    title="kind of weather",
    group="Image Understanding",
    worlds=_WORLDS,
    ask=_weather,
    questions=(
        "What is the weather like?",
        "Which weather do you see over the houses?",
        "If you stood there, what weather would you meet?",
        "What sort of weather is it?",
    ),
    commands=(
        "Name the weather.",
        "Look at the sky and choose the kind of weather.",
        "Say which weather the picture has.",
        "Tell what the weather is.",
    ),
    asked=(
        "the weather",
        "what kind of weather it is",
        "which weather you see",
        "what the weather looks like",
    ),
    answer="choice",
    told_by_options=True,
)

TIME_OF_DAY = Family(
    name="time_of_day",
    title="time of day",
    group="Image Understanding",
    worlds=_WORLDS,
    ask=_time,
    questions=(
        "Is it day, dusk or night?",
        "At what time of the day was this drawn?",
        "Going by the sky, what time is it?",
        "Which time of day do you see?",
    ),
    commands=(
        "Tell the time of the day.",
        "Look for the sun or the moon and say if it is day, dusk or night.",
        "Choose the time that fits the light.",
        "State which time of day it is.",
    ),
    answer="choice",
    told_by_options=True,
)

GROUND_KIND = Family(
    name="ground_kind",
    title="kind of ground",
    group="Image Understanding",
    worlds=_WORLDS,
    ask=_ground,
    questions=(
        "What is the ground made of?",
        "Which kind of ground lies around the houses?",
        "If you walked there, what would be under your feet?",
        "What covers the land?",
    ),
    commands=(
        "Name the kind of ground.",
        "Look below the sky and say what lies on the ground.",
        "Choose what the land is made of.",
        "Tell what covers the ground.",
    ),
    answer="choice",
    told_by_options=True,
)

STATE_OF_HOUSE = Family(
    name="state_of_house",
    title="state of a house",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_state,
    questions=(
        "What does the house in {box} suffer from?",
        "What harm has come to the house in {box}?",
        "Of the houses, take the one at {box}: what troubles it?",
        "What is wrong with the house in {box}?",
    ),
    commands=(
        "Say what has come over the house in {box}.",
        "Look at the house in {box} and choose what it suffers from.",
        "For the house at {box}, name the trouble, if there is any.",
        "Tell what harms the house in {box}.",
    ),
    asked=(
        "what has befallen the house in {box}",
        "the trouble of the house at {box}",
        "what the house in {box} has met with",
        "what the house in {box} suffers from",
    ),
    answer="choice",
)

COUNT_HOUSES = Family(
    name="count_houses",
    title="number of houses",
    group="VQA",
    worlds=_WORLDS,
    ask=_count,
    questions=(
        "How many houses do you see?",
        "What is the number of houses?",
        "Near and far together, how many houses stand there?",
        "How many houses were drawn?",
    ),
    commands=(
        "Count the houses.",
        "Find each house, near or far, and write how many there are.",
        "Give the number of houses on the land.",
        "State how many houses you count.",
    ),
)

IS_IT_BURNING = Family(
    name="is_it_burning",
    title="is a house burning",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_burning,
    questions=(
        "Is the house in {box} burning?",
        "Do flames come out of the house at {box}?",
        "Would the house in {box} need the fire brigade?",
        "Does the house in {box} burn?",
    ),
    commands=(
        "Say whether the house in {box} burns.",
        "Look for flames inside {box} and say yes or no.",
        "Check {box} and decide if that house has caught fire.",
        "Tell if there are flames in {box}.",
    ),
    asked=(
        "whether the house in {box} is burning",
        "if there are flames at {box}",
        "whether the house at {box} is on fire",
        "whether flames come from the house in {box}",
    ),
    answer="choice",
)

SEASON_SENTENCE = Family(
    name="season_sentence",
    title="sentence that fits the land",
    group="Image-Text Matching",
    worlds=_WORLDS,
    ask=_sentence,
    questions=(
        "Which sentence fits the picture?",
        "Of the sentences, which one is true of the land that you see?",
        "What can one rightly say about the picture?",
        "Which sentence is true here?",
    ),
    commands=(
        "Choose the sentence that fits.",
        "Compare each sentence with the picture and give the one that is true.",
        "Find the true sentence and write it.",
        "Pick the sentence that is right.",
    ),
    asked=(
        "which sentence is true of the land",
        "the sentence that fits the picture",
        "what can be said of the land",
        "the sentence that is true",
    ),
    answer="choice",
    told_by_options=True,
)

FAMILIES = (WEATHER_KIND, TIME_OF_DAY, GROUND_KIND, STATE_OF_HOUSE, COUNT_HOUSES, IS_IT_BURNING, SEASON_SENTENCE)

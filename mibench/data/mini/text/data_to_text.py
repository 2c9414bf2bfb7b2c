"""Data to text: a scene from its concepts, a sentence from a relation."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, Draft, generator_random, text_rows
from mibench.data.mini.text.words import PEOPLE, THINGS, TOWNS
from mibench.data.rows import Row

_ACTORS = ("dog", "child", "nurse", "farmer", "singer", "sailor", "teacher", "baker", "clown", "tailor")
_ACTIONS: tuple[tuple[str, str, str], ...] = (
    ("run", "runs", "running"),
    ("sleep", "sleeps", "sleeping"),
    ("dance", "dances", "dancing"),
    ("wait", "waits", "waiting"),
    ("rest", "rests", "resting"),
    ("play", "plays", "playing"),
)
_SPOTS: Mapping[str, str] = {
    "park": "in the park",
    "beach": "on the beach",
    "station": "at the station",
    "street": "in the street",
    "bridge": "on the bridge",
    "hall": "in the hall",
}

_RELATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "live in": ("{0} lives in {1}.", TOWNS),
    "be born in": ("{0} was born in {1}.", TOWNS),
    "return to": ("{0} returned to {1}.", TOWNS),
    "write about": ("{0} writes about {1}.", TOWNS),
    "own": ("{0} owns the {1}.", THINGS),
    "repair": ("{0} repaired the {1}.", THINGS),
    "look for": ("{0} is looking for the {1}.", THINGS),
    "be inventor of": ("{0} is the inventor of the {1}.", THINGS),
}


def data_to_text(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield concepts or relations to be put into a sentence."""
    return text_rows(card, _STYLES[card.name](generator_random(card, seed)))


def _scenes(random: Random) -> Iterator[Draft]:
    cases = list(product(_ACTORS, _ACTIONS, _SPOTS))
    for group, (actor, (action, does, doing), spot) in enumerate(random.sample(cases, ROWS)):
        where = _SPOTS[spot]
        targets = (
            f"The {actor} {does} {where}.",
            f"The {actor} is {doing} {where}.",
            f"A {actor} {does} {where}.",
            f"A {actor} is {doing} {where}.",
        )
        yield group, "#".join(sorted((actor, action, spot))), targets


def _relations(random: Random) -> Iterator[Draft]:
    cases = [
        (name, relation, thing) for name in PEOPLE for relation, (_, things) in _RELATIONS.items() for thing in things
    ]
    for group, (name, relation, thing) in enumerate(random.sample(cases, ROWS)):
        arguments = f"Argument/Subject 1: '{name.lower()}', Argument/Subject 2: '{thing.lower()}'"
        yield group, f"Relationship: '{relation}', {arguments}", (_RELATIONS[relation][0].format(name, thing),)


_STYLES: Mapping[str, Callable[[Random], Iterator[Draft]]] = {
    "task102_commongen_sentence_generation": _scenes,
    "task677_ollie_sentence_answer_generation": _relations,
}

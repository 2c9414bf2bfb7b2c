"""Cause and effect: an everyday mishap or success, and what comes of it."""

from collections.abc import Iterator
from itertools import product

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import generator_random, text_rows
from mibench.data.mini.text.words import PEOPLE, he_or_she, his_or_her
from mibench.data.rows import Row

_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("{name} left the umbrella at home and it began to rain", ("{he} got wet", "{he} was soaked")),
    ("{name} missed the last bus", ("{he} had to walk home", "{he} walked home")),
    ("{name} forgot to water the plants", ("the plants dried up", "the plants died")),
    ("{name} dropped the glass on the stone floor", ("the glass broke", "it broke into pieces")),
    ("{name} had not slept all night", ("{he} was tired", "{he} was tired all day")),
    ("{name} left the ice cream in the sun", ("it melted", "the ice cream melted")),
    ("{name} practised the piano every day", ("{he} became a good player", "{he} played better and better")),
    ("{name} ate nothing from morning to evening", ("{he} was hungry", "{he} was very hungry")),
    ("{name} lost the key of the front door", ("{he} could not get in", "{he} could not open the door")),
    ("{name} blew out the only candle", ("the room became dark", "it became dark")),
    ("{name} told a very funny story", ("everybody laughed", "all the guests laughed")),
    ("{name} ran up all the stairs", ("{he} was out of breath", "{he} had to catch {his} breath")),
    ("{name} touched the hot stove", ("{he} burnt {his} finger", "{he} burnt {his} hand")),
    ("{name} left the gate open", ("the dog ran away", "the dog got out")),
    ("{name} worked hard for the exam", ("{he} passed it", "{he} passed the exam")),
    ("{name} spilt ink on the tablecloth", ("it had to be washed", "the tablecloth had to be washed")),
    ("{name} slipped on the wet leaves", ("{he} fell down", "{he} fell")),
    ("{name} rang the bell", ("somebody opened the door", "the door was opened")),
    ("{name} turned the heating up", ("it became warm", "the room became warm")),
    ("{name} watched a sad film", ("{he} cried", "{he} began to cry")),
    ("{name} put too much salt into the soup", ("nobody ate it", "nobody wanted to eat the soup")),
    ("{name} shouted in the library", ("{he} was told to be quiet", "{he} was asked to be quiet")),
    ("{name} drove over a nail", ("{he} had a flat tyre", "the tyre went flat")),
    ("{name} won the big race", ("{he} got a medal", "{he} was given a medal")),
    ("{name} put the milk away too late", ("it went sour", "the milk went sour")),
)


def cause_effect(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield causes, each followed by ", so"."""
    random = generator_random(card, seed)
    names = random.sample(PEOPLE, 8)
    cases = list(product(range(len(_RULES)), names))
    drafts = []
    for rule, name in random.sample(cases, len(cases)):
        cause, effects = _RULES[rule]
        words = {"name": name, "he": he_or_she(name), "his": his_or_her(name)}
        text = cause.format(**words) + ", so "
        drafts.append((rule, text, tuple(effect.format(**words) for effect in effects)))
    return text_rows(card, drafts)

"""Dialogue acts: of two replies, one takes up what was said and adds to it; the other takes up something else."""

from collections.abc import Iterator
from itertools import combinations

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import generator_random, text_rows
from mibench.data.rows import Row

_EXCHANGES: tuple[tuple[str, str], ...] = (
    ("I have turned our kitchen into a harbour.", "Good, then I will moor the fishing boats beside the stove."),
    ("The mayor has asked us to paint the moon.", "Of course, and I have ordered a very long ladder for it."),
    ("My hat has started to sing in the evenings.", "I know, it even takes requests if you bow to it."),
    ("Doctor, my shadow will not follow me any more.", "It sits in my waiting room, and it wants an apology."),
    ("Your soup is looking at me, waiter.", "It looks at all our guests, and it likes you best."),
    ("We are lost in this library since Tuesday.", "Yes, and the last librarian we met spoke only Latin."),
    ("The king wants a castle made of bread.", "The bakers are at work, and the moat will be of butter."),
    ("I sold the family car for three goats.", "Splendid, the biggest of them can take me to work."),
    ("Captain, the whale has swallowed our map.", "Then we follow the whale, for now it knows the way."),
    ("All the clocks of the town run backwards.", "That is why I get younger, and why school begins at noon."),
    ("Grandmother has joined the fire brigade.", "She drives the engine already, and she never brakes."),
    ("There is a dragon in the car park again.", "He pays for two places, so nobody minds his smoke."),
    ("I taught the cat to play the piano.", "She gives a concert tonight, and the mice have bought tickets."),
    ("The statue in the square winked at me.", "It winks at poets only, so you had better write something."),
    ("My umbrella flew away with my brother.", "He sent a card from the clouds, and the weather is lovely."),
    ("We ran out of snow for the ski race.", "I asked the bakery, and they lend us forty sacks of flour."),
    ("The parrot knows all our bank secrets.", "It asks for a share, and it has hired a lawyer."),
    ("This train goes to the bottom of the sea.", "I booked a window seat, and I brought bread for the fish."),
    ("The school has made a robot headmaster.", "It marks fairly, but somebody must oil it every Friday."),
    ("I found a door inside the old oak.", "Behind it lives a tailor, and he is sewing you a coat of leaves."),
)
"""What one actor says, and how the other builds on it."""


def dialogue_act(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of four: two prompts, and their two replies in both orders."""
    first, second = card.answer.options
    random = generator_random(card, seed)
    pairs = list(combinations(_EXCHANGES, 2))
    drafts = []
    for group, (one, other) in enumerate(random.sample(pairs, 50)):
        for prompt, fitting, stray in ((one[0], one[1], other[1]), (other[0], other[1], one[1])):
            drafts.append((group, _input(prompt, fitting, stray), (first,)))
            drafts.append((group, _input(prompt, stray, fitting), (second,)))
    return text_rows(card, drafts)


def _input(prompt: str, response_1: str, response_2: str) -> str:
    return f"Prompt: {prompt} \n Response 1: {response_1} \n Response 2: {response_2}"

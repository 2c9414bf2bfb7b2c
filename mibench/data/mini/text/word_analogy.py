"""Word analogies: an action and its consequence, or an action and what it is done to."""

from collections.abc import Iterator, Mapping
from itertools import permutations

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, generator_random, text_rows
from mibench.data.rows import Row

_CONSEQUENCES: Mapping[str, str] = {
    "push": "move", "heat": "melt", "chill": "freeze", "plant": "sprout", "tickle": "laugh", "study": "learn",
    "search": "find", "exercise": "sweat", "overeat": "swell", "practise": "improve", "spill": "stain",
    "rest": "recover", "scold": "blush", "pluck": "sound", "stretch": "snap", "polish": "shine", "gamble": "lose",
    "knead": "rise", "frighten": "scream", "bore": "yawn", "puncture": "leak", "dive": "surface", "save": "prosper",
    "mow": "shorten",
}  # fmt: skip

_OBJECTS: Mapping[str, str] = {
    "knit": "scarf", "milk": "cow", "peel": "orange", "post": "letter", "tune": "piano", "shear": "sheep",
    "bake": "bread", "wind": "clock", "saddle": "horse", "pitch": "tent", "fold": "napkin", "sharpen": "pencil",
    "hoist": "flag", "cast": "anchor", "sweep": "floor", "solve": "riddle", "crack": "nut", "buckle": "belt",
    "blow": "whistle", "chop": "wood", "water": "garden", "unlock": "safe", "frame": "painting", "steer": "ship",
}  # fmt: skip

_STYLES: Mapping[str, Mapping[str, str]] = {
    "task1152_bard_analogical_reasoning_causation": _CONSEQUENCES,
    "task1153_bard_analogical_reasoning_affordance": _OBJECTS,
}


def word_analogy(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield analogies; every word is asked for about equally often."""
    pairs = _STYLES[card.name]
    random = generator_random(card, seed)
    actions = random.sample(list(pairs), len(pairs))
    shifts = random.sample(range(1, len(actions)), ROWS // len(actions) + 1)
    cases = [
        (actions[(place + shift) % len(actions)], asked) for shift in shifts for place, asked in enumerate(actions)
    ]
    assert set(cases) <= set(permutations(actions, 2))
    drafts = [(group, f"{a} : {pairs[a]}. {c} : ?", (pairs[c],)) for group, (a, c) in enumerate(cases)]
    return text_rows(card, drafts)

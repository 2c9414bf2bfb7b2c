"""Title generation: articles on places with a name, and abstracts of small studies."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, Draft, generator_random, sentence, text_rows
from mibench.data.mini.text.words import TOWNS
from mibench.data.rows import Row

_EPITHETS = (
    "Silver", "Old", "Upper", "Green", "Broken", "Royal", "Hidden", "Northern", "Winter", "Stone",
    "Copper", "Quiet", "Painted", "Lower", "Golden", "Crooked", "Summer", "Twin", "Salt", "Windy",
)  # fmt: skip
_KINDS = ("Bridge", "Tower", "Mill", "Garden", "Market", "Palace", "Lake", "Gate", "Chapel", "Forest")
_PURPOSES = ("concerts", "weddings", "fairs", "a school", "a festival", "a museum of clocks")

_METHODS = (
    "nearest neighbours", "decision trees", "random walks", "linear models", "hidden states", "kernel smoothing",
    "coarse maps", "simple votes", "sparse grids", "shared dictionaries",
)  # fmt: skip
_PROBLEMS = (
    "counting birds", "reading old handwriting", "planning bus routes", "grading apples", "forecasting fog",
    "sorting letters", "finding lost luggage", "measuring river levels", "dating coins", "matching fingerprints",
    "recognising whale songs", "pricing used bicycles", "locating leaks in pipes", "scheduling ferries",
    "detecting forged stamps", "predicting harvests", "naming mushrooms", "tracing rumours", "routing post vans",
    "telling twins apart",
)  # fmt: skip


def title_generation(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield texts that lack a title, no two with the same."""
    return text_rows(card, _STYLES[card.name](generator_random(card, seed)))


def _articles(random: Random) -> Iterator[Draft]:
    names = [f"{epithet} {kind}" for epithet, kind in product(_EPITHETS, _KINDS)]
    for group, name in enumerate(random.sample(names, ROWS)):
        neighbour = random.choice([other for other in names if other.split()[1] != name.split()[1]])
        kind, town, century = (
            name.split()[1].lower(),
            random.choice(TOWNS),
            random.choice(["16th", "17th", "18th", "19th"]),
        )
        opening = random.choice(
            [
                f"The {name} is a {kind} in {town} , not far from the {neighbour} .",
                f"Visitors of {town} often pass by the {neighbour} on their way to the {name} , a well known {kind} .",
                f"In {town} there is a {kind} of the {century} century , which people call the {name} .",
            ]
        )
        purpose = random.choice(_PURPOSES)
        text = f"{opening} It was restored {random.randint(2, 9)} times . Today the {kind} is used for {purpose} ."
        yield group, text, (name,)


def _abstracts(random: Random) -> Iterator[Draft]:
    for group, (method, problem) in enumerate(random.sample(list(product(_METHODS, _PROBLEMS)), ROWS)):
        share, rival = random.randint(5, 40), random.choice([other for other in _METHODS if other != method])
        text = random.choice(
            [
                f"{sentence(problem)} is still done by hand in most places. We show that {method} do the work as well. "
                f"In a trial over two years they made {share} percent fewer errors than {rival}.",
                f"This paper looks at {method} as a means of {problem}. Compared with {rival}, our approach saves "
                f"{share} percent of the time. We discuss where it fails.",
                f"Why do {rival} fail at {problem}? We trace the failure to noise and propose {method} in their stead. "
                f"The gain is {share} percent.",
            ]
        )
        yield group, text, (f"{sentence(method)} for {problem}",)


_STYLES: Mapping[str, Callable[[Random], Iterator[Draft]]] = {
    "task769_qed_summarization": _articles,
    "task1540_parsed_pdfs_summarization": _abstracts,
}

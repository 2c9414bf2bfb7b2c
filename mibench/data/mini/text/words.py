"""The people, places and things of the text world."""

WOMEN = ("Anna", "Berta", "Clara", "Dora", "Emma", "Flora", "Greta", "Hanna", "Iris", "Julia", "Karin", "Laura")
MEN = ("Adam", "Boris", "Carl", "David", "Emil", "Felix", "Gustav", "Henry", "Ivan", "Jacob", "Konrad", "Leo")
PEOPLE = tuple(name for pair in zip(WOMEN, MEN, strict=True) for name in pair)

TOWNS = (
    "Oslo",
    "Lisbon",
    "Vienna",
    "Dublin",
    "Athens",
    "Prague",
    "Geneva",
    "Madrid",
    "Turin",
    "Utrecht",
    "York",
    "Ghent",
)

ROOMS = ("kitchen", "garden", "library", "workshop", "attic", "cellar", "hall", "barn", "greenhouse", "office")

THINGS = (
    "book", "lamp", "basket", "violin", "kettle", "ladder", "clock", "mirror", "blanket", "bucket",
    "candle", "drum", "hammer", "letter", "map", "pillow", "ribbon", "saddle", "teapot", "whistle",
)  # fmt: skip

COLOURS = ("red", "blue", "green", "yellow", "grey", "brown", "white", "black")


def he_or_she(name: str) -> str:
    """Return a person's pronoun."""
    return "she" if name in WOMEN else "he"


def his_or_her(name: str) -> str:
    """Return a person's possessive pronoun."""
    return "her" if name in WOMEN else "his"

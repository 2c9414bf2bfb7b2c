"""Facts of nature and of daily life: pairs of key words, and two ways to tell each pair."""

FEEDING: tuple[tuple[str, str], ...] = (
    ("squirrels", "acorns"), ("otters", "fish"), ("cows", "grass"), ("bears", "berries"), ("pandas", "bamboo"),
    ("koalas", "leaves"), ("bees", "nectar"), ("spiders", "flies"), ("owls", "mice"), ("herons", "frogs"),
    ("anteaters", "termites"), ("robins", "worms"), ("rabbits", "clover"), ("parrots", "seeds"), ("seals", "squid"),
    ("swallows", "gnats"), ("hamsters", "grain"), ("caterpillars", "cabbage"), ("pigeons", "crumbs"), ("bats", "moths"),
    ("toads", "slugs"), ("foxes", "hens"), ("pelicans", "herring"), ("monkeys", "bananas"), ("camels", "thistles"),
)  # fmt: skip

MATERIALS: tuple[tuple[str, str], ...] = (
    ("cheese", "milk"), ("glass", "sand"), ("bread", "flour"), ("wine", "grapes"), ("paper", "wood"),
    ("bricks", "clay"), ("candles", "wax"), ("sweaters", "wool"), ("boots", "leather"), ("chocolate", "cocoa"),
    ("sails", "canvas"), ("jam", "strawberries"), ("tyres", "rubber"), ("coins", "copper"), ("soap", "oil"),
    ("sugar", "beets"), ("cider", "apples"), ("rope", "hemp"), ("pots", "porcelain"), ("rails", "steel"),
    ("shirts", "cotton"), ("scarves", "silk"), ("noodles", "rice"), ("corks", "bark"), ("brooms", "straw"),
)  # fmt: skip

TOOLS: tuple[tuple[str, str], ...] = (
    ("keys", "doors"), ("needles", "clothes"), ("brushes", "walls"), ("saws", "planks"), ("nets", "butterflies"),
    ("scales", "parcels"), ("telescopes", "stars"), ("thermometers", "temperature"), ("ovens", "cakes"),
    ("cranes", "loads"), ("ploughs", "fields"), ("kettles", "tea"), ("cameras", "pictures"), ("pens", "letters"),
    ("ladders", "roofs"), ("anchors", "ships"), ("umbrellas", "rain"), ("glasses", "eyesight"), ("mills", "corn"),
    ("irons", "creases"), ("compasses", "directions"), ("hammers", "nails"), ("fridges", "food"), ("bells", "school"),
    ("sponges", "dishes"),
)  # fmt: skip

PLACES: tuple[tuple[str, str], ...] = (
    ("cactuses", "deserts"), ("corals", "reefs"), ("mosses", "forests"), ("reeds", "ponds"), ("glaciers", "mountains"),
    ("dunes", "beaches"), ("lilies", "lakes"), ("stalactites", "caves"), ("penguins", "Antarctica"),
    ("kangaroos", "Australia"), ("crabs", "shores"), ("goats", "cliffs"), ("storks", "chimneys"), ("eels", "rivers"),
    ("lions", "savannas"), ("mushrooms", "woods"), ("trams", "cities"), ("tractors", "farms"), ("actors", "theatres"),
    ("judges", "courts"), ("nurses", "hospitals"), ("books", "libraries"), ("planes", "airports"), ("fossils", "rocks"),
    ("geysers", "Iceland"),
)  # fmt: skip

TELLINGS: tuple[tuple[tuple[tuple[str, str], ...], str, str], ...] = (
    (FEEDING, "{0} feed on {1}.", "{1} are a common meal of {0}."),
    (MATERIALS, "{0} can be made from {1}.", "people use {1} to make {0}."),
    (TOOLS, "{0} have to do with {1}.", "whoever deals with {1} may need {0}."),
    (PLACES, "{0} are found in {1}.", "in {1} one comes across {0}."),
)
"""Facts, and two ways to tell them."""

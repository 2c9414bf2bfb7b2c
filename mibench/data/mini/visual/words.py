"""Words to be read in pictures."""

PLACES = (
    "bakery", "museum", "library", "harbour", "station", "cinema", "florist", "butcher", "tailor", "chemist",
    "school", "hotel", "theatre", "garage", "market", "gallery", "airport", "stadium", "bridge", "castle",
    "dentist", "barber", "brewery", "chapel", "college", "factory", "forest", "fountain", "hospital", "kitchen",
    "laundry", "meadow", "nursery", "orchard", "palace", "pharmacy", "playground", "pottery", "quarry", "sauna",
)  # fmt: skip

TOWNS = (
    "Lisbon", "Oslo", "Vienna", "Dublin", "Athens", "Warsaw", "Prague", "Geneva", "Madrid", "Naples",
    "Bergen", "Bruges", "Cadiz", "Dover", "Exeter", "Florence", "Ghent", "Hamburg", "Innsbruck", "Jena",
    "Krakow", "Leiden", "Malmo", "Nantes", "Odense", "Porto", "Reims", "Seville", "Turin", "Utrecht",
    "Verona", "Windsor", "York", "Zagreb", "Bath", "Calais", "Delft", "Essen", "Fulda", "Graz",
)  # fmt: skip

MOODS = (
    "ancient", "brave", "clever", "dreamy", "eager", "fancy", "gentle", "happy", "icy", "jolly",
    "kind", "lazy", "merry", "noisy", "odd", "proud", "quiet", "rusty", "shy", "tiny",
    "upset", "vivid", "wise", "young", "zesty", "bold", "calm", "dusty", "fuzzy", "grumpy",
)  # fmt: skip

ANIMALS = (
    "foxes", "geese", "bears", "cats", "dogs", "eagles", "frogs", "goats", "hens", "horses",
    "lambs", "mice", "otters", "owls", "pandas", "rabbits", "seals", "snails", "swans", "tigers",
    "turtles", "wolves", "zebras", "camels", "crabs", "deer", "hares", "moles", "parrots", "whales",
)  # fmt: skip

DEEDS = (
    "paint", "carry", "borrow", "collect", "count", "draw", "feed", "find", "fix", "follow",
    "guard", "hide", "juggle", "lose", "love", "mend", "move", "order", "pack", "polish",
    "repair", "save", "sell", "share", "sketch", "sort", "stack", "taste", "trade", "wash",
)  # fmt: skip

GOODS = (
    "windows", "bottles", "carpets", "drums", "engines", "flutes", "gloves", "hats", "islands", "jackets",
    "kettles", "lanterns", "mirrors", "needles", "oranges", "pianos", "quilts", "rockets", "spoons", "tents",
    "violins", "wagons", "yachts", "anchors", "baskets", "candles", "doors", "feathers", "maps", "pumpkins",
)  # fmt: skip

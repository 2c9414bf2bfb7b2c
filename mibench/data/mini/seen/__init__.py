"""The seen side of the mini world: families of tasks to be tuned on, none of which is held out."""

from collections.abc import Mapping

from mibench.data.mini.seen.families import (
    covered,
    figure_boxes,
    figure_sentences,
    figures,
    finding_words,
    landscapes,
    matching,
    numbered_items,
    panels,
    people,
    places_of_things,
    places_of_words,
    reading,
    reading_lines,
    relations,
    set_sentences,
    temporal,
    text_lists,
    text_stories,
    text_words,
    things,
)
from mibench.data.mini.seen.family import Family

_FILES = (
    figures,
    figure_boxes,
    figure_sentences,
    relations,
    set_sentences,
    panels,
    temporal,
    things,
    numbered_items,
    places_of_things,
    covered,
    people,
    landscapes,
    reading,
    reading_lines,
    finding_words,
    places_of_words,
    matching,
    text_words,
    text_lists,
    text_stories,
)

FAMILIES: Mapping[str, Family] = {family.name: family for file in _FILES for family in file.FAMILIES}
"""By name."""

"""Keyword tagging: the key words of a fact."""

from collections.abc import Iterator

from mibench.cards import TaskCard
from mibench.data.mini.text.facts import TELLINGS
from mibench.data.mini.text.rows import generator_random, text_rows
from mibench.data.rows import Row


def keyword_tagging(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield facts, each told in two ways; either key word, or both, is an accepted topic."""
    facts = [(fact, ways) for entries, *ways in TELLINGS for fact in entries]
    random = generator_random(card, seed)
    drafts = []
    for group, (fact, ways) in enumerate(random.sample(facts, len(facts))):
        subject, object_ = fact
        targets = (f"{subject} {object_}", f"{object_} {subject}", subject, object_)
        drafts += [(group, f"Fact: {way.format(*fact)}", targets) for way in ways]
    return text_rows(card, drafts)

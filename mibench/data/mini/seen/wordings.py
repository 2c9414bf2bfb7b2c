"""The wordings of the seen families: each asks or commands in words of its own, inside frames that all families share.

The last question and the last command of a family, and the frames below, are never trained on.
"""

import functools
import re
from typing import NamedTuple

from mibench.data.mini.seen.family import Family

_ASKING = (
    "{ask}",
    "Look at the picture. {ask}",
    "{ask} Look closely.",
    "Question: {ask}",
    "Question: {ask} Answer:",
    "Please reply to this. {ask}",
    "This is about the image. {ask}",
    "I would like to know something. {ask}",
    "{ask} A short answer will do.",
    "Someone who looks at the same picture asks you this. {ask}",
    "With the image before you, tell me: {ask}",
)
_COMMANDING = (
    "{tell}",
    "Task: {tell}",
    "{tell} Keep it short.",
    "{tell} The image shows it.",
    "Look at the image first. {tell}",
    "Your task is the following. {tell}",
    "Can you help me with this picture? {tell}",
    "A picture is shown to you, and there is something to do. {tell}",
    "{tell} If you are unsure, look again before you answer.",
)
_CHOOSING = (
    "{ask} Choose from the options.",
    "Pick the right option. {ask}",
    "{tell} Take one of the options listed.",
    "Only one of the options is right. {tell}",
)
_SEEING = re.compile("picture|image|look", re.IGNORECASE)
"""Tells frames that only suit a picture."""
_UNSEEN_ASKING = (
    "Think before you reply. {ask}",
    "Help a friend who wonders: {ask}",
)
_UNSEEN_COMMANDING = (
    "What to do: {tell}",
    "{tell} Nothing but the answer, please.",
)


class Wordings(NamedTuple):
    """Templates with the family's fields in braces."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...]


@functools.cache
def _wordings(questions: tuple[str, ...], commands: tuple[str, ...], choice: bool, sees: bool) -> Wordings:
    asking: tuple[str, ...] = _ASKING
    commanding: tuple[str, ...] = _COMMANDING
    if choice:
        asking += tuple(frame for frame in _CHOOSING if "{ask}" in frame)
        commanding += tuple(frame for frame in _CHOOSING if "{tell}" in frame)
    if not sees:
        asking = tuple(frame for frame in asking if not _SEEING.search(frame))
        commanding = tuple(frame for frame in commanding if not _SEEING.search(frame))
    seen = [frame.replace("{ask}", question) for question in questions[:-1] for frame in asking]
    seen += [frame.replace("{tell}", command) for command in commands[:-1] for frame in commanding]
    unseen = [frame.replace("{ask}", questions[-1]) for frame in _UNSEEN_ASKING]
    unseen += [frame.replace("{tell}", commands[-1]) for frame in _UNSEEN_COMMANDING]
    return Wordings(tuple(seen), tuple(unseen))


def wordings(family: Family) -> Wordings:
    """Return the templates of a family: at least twenty to train on, and four that are kept for the test."""
    sees = family.worlds is not None
    return _wordings(tuple(family.questions), tuple(family.commands), family.answer == "choice", sees)


def bare_template(family: Family, fields: tuple[str, ...]) -> str:
    """Return the template that names the task and gives its fields, without an instruction."""
    return f"{family.title} {', '.join(f'{{{name}}}' for name in fields)}".strip()

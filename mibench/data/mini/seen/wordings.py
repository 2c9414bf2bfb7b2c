"""The wordings of the seen families: each asks, commands, or says what it asks for, inside frames that families share.

The last question, the last command and the last noun phrase of a family, and the unseen frames, are never trained on.
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
_NAMING = (
    "Tell me {what}.",
    "Say {what}.",
    "State {what}.",
    "Write down {what}.",
    "Find out {what}.",
    "Report {what} to me.",
    "I want to know {what}.",
    "Work out {what}, please.",
    "Can you say {what}?",
    "What you are asked for is {what}.",
    "Judge from the image {what}.",
    "Here is a picture; determine {what}.",
    "Use your eyes and tell {what}.",
)
_CHOOSING = (
    "{ask} Choose from the options.",
    "Pick the right option. {ask}",
    "{tell} Take one of the options listed.",
    "Only one of the options is right. {tell}",
)
_OPEN = (
    "Which option is right?",
    "Choose what fits the picture.",
    "Which of these labels belongs to the image?",
    "Give the picture one of the labels below.",
    "Look at the picture and take the option that suits it.",
    "Assign the image to one of the categories.",
    "Sort this picture by what it shows.",
    "What does the picture show? Answer with an option.",
    "One of the labels names what is to be seen here. Which one?",
    "Someone needs a label for this image. Pick it.",
)
"""For families whose options alone tell what is asked for."""
_SEEING = re.compile("picture|image|look|eyes", re.IGNORECASE)
"""Tells frames that only suit a picture."""
_UNSEEN_ASKING = (
    "Think before you reply. {ask}",
    "Help a friend who wonders: {ask}",
)
_UNSEEN_COMMANDING = (
    "What to do: {tell}",
    "{tell} Nothing but the answer, please.",
)
_UNSEEN_NAMING = (
    "Let me know {what}.",
    "Try to make out {what}.",
)


class Wordings(NamedTuple):
    """Templates with the family's fields in braces."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...]


@functools.cache
def _wordings(
    questions: tuple[str, ...], commands: tuple[str, ...], asked: tuple[str, ...], choice: bool, sees: bool, alone: bool
) -> Wordings:
    asking: tuple[str, ...] = _ASKING
    commanding: tuple[str, ...] = _COMMANDING
    if choice:
        asking += tuple(frame for frame in _CHOOSING if "{ask}" in frame)
        commanding += tuple(frame for frame in _CHOOSING if "{tell}" in frame)
    seen = [frame.replace("{ask}", question) for frame in _suited(asking, sees) for question in questions[:-1]]
    seen += [frame.replace("{tell}", command) for frame in _suited(commanding, sees) for command in commands[:-1]]
    seen += [frame.replace("{what}", phrase) for frame in _suited(_NAMING, sees) for phrase in asked[:-1]]
    if alone:
        seen += _OPEN
    unseen = [frame.replace("{ask}", questions[-1]) for frame in _UNSEEN_ASKING]
    unseen += [frame.replace("{tell}", commands[-1]) for frame in _UNSEEN_COMMANDING]
    unseen += [frame.replace("{what}", phrase) for frame in _UNSEEN_NAMING for phrase in asked[-1:]]
    return Wordings(tuple(seen), tuple(unseen))


def _suited(frames: tuple[str, ...], sees: bool) -> tuple[str, ...]:
    return frames if sees else tuple(frame for frame in frames if not _SEEING.search(frame))


def wordings(family: Family) -> Wordings:
    """Return the templates of a family: at least twenty to train on, and four or six that are kept for the test."""
    sees = family.worlds is not None
    return _wordings(
        tuple(family.questions),
        tuple(family.commands),
        tuple(family.asked),
        family.answer == "choice",
        sees,
        family.told_by_options,
    )


def bare_template(family: Family, fields: tuple[str, ...]) -> str:
    """Return the template that names the task and gives its fields, without an instruction."""
    return f"{family.title} {', '.join(f'{{{name}}}' for name in fields)}".strip()

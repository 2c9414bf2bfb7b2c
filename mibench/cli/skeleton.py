"""The card that a user's own task begins with."""

from typing import NamedTuple


class _Kind(NamedTuple):
    """What differs from one kind of answer to another: parts of the card, and an instance as an example."""

    answer: str
    instructions: tuple[str, ...]
    metrics: str
    max_new_tokens: int
    example: str


_OPTIONS = """\
  # The same options for every instance. Remove them where each line of the instances has "options" of its own.
  options: ["yes", "no"]
"""

_KINDS = {
    "choice": _Kind(
        answer=_OPTIONS,
        instructions=(
            "{question}",
            "Look at the picture and answer with one of the options. Question: {question}",
            "Which option is right? {question}",
            "Someone asks: {question} What do you reply?",
            "Choose the reply to this question that fits the image best: {question}",
        ),
        metrics="accuracy, accuracy_strict, accuracy_lenient",
        max_new_tokens=8,
        example='{"id": "1", "image": "1.jpg", "fields": {"question": "Does it rain?"}, "targets": ["yes"]}',
    ),
    "text": _Kind(
        answer="",
        instructions=(
            "{question}",
            "Look at the picture and answer in a few words. Question: {question}",
            "Write down what the image tells about this: {question}",
            "Someone asks: {question} What do you reply?",
            "Give a short answer to the following question: {question}",
        ),
        metrics="rouge_l, accuracy, accuracy_strict",
        max_new_tokens=32,
        example='{"id": "1", "image": "1.jpg", "fields": {"question": "What is it?"}, "targets": ["rain", "a shower"]}',
    ),
    "region": _Kind(
        answer="",
        instructions=(
            "{question} Point to it by its box.",
            "Copy the left, top, right and bottom edge of the box that answers the question. Question: {question}",
            "Where in the picture is the answer? {question}",
            "Someone asks: {question} Choose the box around the right thing.",
            "Each option is a part of the image, as x1 y1 x2 y2. Name the one that is meant here: {question}",
        ),
        metrics="accuracy, accuracy_strict, accuracy_lenient, accuracy_iou",
        max_new_tokens=32,
        example=(
            '{"id": "1", "image": "1.jpg", "fields": {"question": "Which bird sings?"}, '
            '"options": ["10 20 60 80", "5 5 30 30"], "targets": ["10 20 60 80"]}'
        ),
    ),
}

_CARD = """\
# The card of a task. Replace every text; `mibench tasks check {file}` tells what is wrong, with its line.
# Its instances stand in a file of their own, one JSON object a line, as
# {example}

# Small letters, digits and underscores; the file is named the same.
name: {name}
# For tables and pages.
title: {title}
# multimodal: every instance has a picture. nlp: none has.
suite: multimodal
# A word for tasks of this sort.
cluster: My Tasks
# Raise it when a change of this card changes the scores.
version: 1
# What is asked, in a sentence or two.
description: >-
  A question about a picture.
# Where the instances come from; all five are needed.
source:
  dataset: My pictures
  homepage: https://example.org/my-pictures
  license: CC-BY-4.0
  citation: Me (2026). My pictures.
  split: test
# choice: one of some options. text: free text. region: one of some boxes, left, top, right and bottom edge in pixels.
answer:
  kind: {kind}
{answer}# The texts that every instance has, and what each of them holds.
fields:
  question: the question
# The same request in five different wordings. Each names every field in braces. It may name {{options}} as well, where
# the options should be shown; elsewhere they follow after an empty line. Double a brace to show it.
instructions:
{instructions}
# The first one counts; the others ride along. docs/scores.md lists them.
metrics: [{metrics}]
generation:
  # Tokens after which an answer is cut.
  max_new_tokens: {max_new_tokens}
"""


def skeleton(name: str, kind: str) -> str:
    """Return a card that is sound and tells what each key means.

    Args:
        name: of the task.
        kind: choice, text or region.

    """
    parts = _KINDS[kind]._asdict()
    parts["instructions"] = "\n".join(f'  - "{wording}"' for wording in parts["instructions"])
    title = name.replace("_", " ").strip().capitalize() or name
    return _CARD.format(name=name, file=f"{name}.yaml", title=f'"{title}"', kind=kind, **parts)

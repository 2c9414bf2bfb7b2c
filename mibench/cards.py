"""Task cards: the benchmark as data, one YAML file a task.

A card is checked when it is loaded, and every fault names the file, the line and the remedy.
"""

import functools
import hashlib
import json
import string
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from mibench.errors import InputError
from mibench.yaml_lines import Location, line_of, read_mapping

INSTRUCTIONS = 5
"""Instructions a task, as in the paper."""

EVALUATE_PREFIX = "evaluate:"
"""Begins the name of a metric of Hugging Face `evaluate`, which goes on with the place of its script."""

NAME = r"[a-z0-9_]+"
"""What a task may be called."""

RESERVED = ("multimodal", "nlp", "all")
"""Stand for several tasks, so that no task is called so."""

Suite = Literal["multimodal", "nlp"]
MAX_BYTES = 1 << 20
"""No honest card is longer."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_min_length=1)


class Source(_Strict):
    """The data set that a task is drawn from."""

    dataset: str
    homepage: str = Field(pattern=r"^https?://")
    license: str
    citation: str
    split: str


class Answer(_Strict):
    """What kind of answer is right, and the fixed options where every instance has the same."""

    kind: Literal["choice", "text", "region"]
    options: tuple[str, ...] = Field(default=(), strict=False)


class Generation(_Strict):
    """Limits for free generation."""

    max_new_tokens: int = Field(gt=0)


class DataSources(_Strict):
    """Where the instances come from: a generator of the mini world, and a reader of official files."""

    mini: str
    reader: str


class TaskCard(_Strict):
    """One task of the benchmark.

    Attributes:
        cluster: the task's group in the paper, or its category in Natural Instructions.
        fields: the texts that every instruction places in braces, with what each holds.
        cut: the field that is shortened at its end where a model reads no more.
        instructions: five templates in different words that carry the same information.
        metrics: names of metrics; the first is primary and is the one aggregated. `evaluate:PATH` names a script of
            Hugging Face `evaluate`.
        notes: where this harness departs from the official preparation, and why.
        data: None for an own task, which is not of the benchmark; its card travels with its instances.

    """

    name: str = Field(pattern=rf"^{NAME}$")
    title: str
    suite: Suite
    cluster: str
    version: int = Field(gt=0)
    description: str
    notes: str | None = None
    source: Source
    answer: Answer
    fields: dict[str, str]
    cut: str | None = None
    instructions: tuple[str, ...] = Field(strict=False)
    metrics: tuple[str, ...] = Field(min_length=1, strict=False)
    generation: Generation
    data: DataSources | None = None

    @model_validator(mode="after")
    def _check_wording(self) -> Self:
        if faults := list(_wording_faults(self)):
            raise PydanticCustomError("wording", "{first}", {"first": faults[0][1], "faults": faults})
        return self

    @property
    def primary_metric(self) -> str:
        """The metric that is aggregated over tasks."""
        return self.metrics[0]

    @property
    def own(self) -> bool:
        """Whether this is a user's own task, and none of the benchmark."""
        return self.data is None

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the card's content; comments, layout and optional keys that are left out do not change it."""
        content = self.model_dump(mode="json", exclude_none=True)
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=True)
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def placeholders(template: str) -> list[str]:
    """Return the names in braces of an instruction, in order.

    Raises:
        ValueError: if the braces do not pair, or hold anything but a plain name.

    """
    names = []
    for _, name, specification, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or specification or conversion:
            raise ValueError(f"braces must hold a plain field name, not {{{name}}}")
        names.append(name)
    return names


def _wording_faults(card: TaskCard) -> Iterator[tuple[Location, str]]:
    """Yield what pydantic's types cannot express: the rules that tie instructions, fields and options."""
    if len(card.instructions) != INSTRUCTIONS:
        yield (
            ("instructions",),
            f"{len(card.instructions)} instructions, expected {INSTRUCTIONS}; every task has five wordings",
        )
    if "options" in card.fields:
        yield ("fields", "options"), "the field name 'options' is taken: {options} shows the answer options"
    if card.cut is not None and card.cut not in card.fields:
        yield ("cut",), f"the field {card.cut!r} is not declared; name one of fields"
    seen: dict[str, int] = {}
    for number, template in enumerate(card.instructions, 1):
        where: Location = ("instructions", number - 1)
        plain = " ".join(template.lower().split())
        if first := seen.get(plain):
            yield where, f"instruction {number} equals instruction {first}; write it in other words"
        seen.setdefault(plain, number)
        try:
            used = set(placeholders(template))
        except ValueError as error:
            yield where, f"instruction {number}: {error}; double a brace to show it"
            continue
        for name in sorted(used - {"options"} - card.fields.keys()):
            yield where, f"instruction {number} uses the undeclared field {{{name}}}; declare it under fields"
        for name in sorted(card.fields.keys() - used):
            yield (
                where,
                f"instruction {number} leaves out {{{name}}}; all five must carry the same information",
            )
        if "options" in used and card.answer.kind == "text":
            yield where, f"instruction {number} uses {{options}}, but the answer is free text; remove it"
    if card.answer.kind != "choice" and card.answer.options:
        yield ("answer", "options"), f"fixed options need kind: choice, not {card.answer.kind}"
    if len(set(card.answer.options)) != len(card.answer.options):
        yield ("answer", "options"), "two options are equal; each must be distinct"
    if card.metrics[0].startswith(EVALUATE_PREFIX):
        yield ("metrics", 0), "the first metric must score row by row, to have intervals; name this one after another"
    if len(set(card.metrics)) != len(card.metrics):
        yield ("metrics",), "a metric is named twice; name it once"


class CardError(InputError):
    """One fault of a card file."""


def read_card(path: Path) -> TaskCard:
    """Read and check one card.

    Raises:
        CardError: the card's first fault, with file and line.

    """
    card, faults = check_card(path)
    if card is None:
        raise faults[0]
    return card


def check_card(
    path: Path,
    known: Mapping[str, Collection[str]] | None = None,
    *,
    own: bool = False,
    name: str | None = None,
) -> tuple[TaskCard | None, list[CardError]]:
    """Read one card and return it with an empty list, or None with everything that is wrong with it.

    Args:
        path: the card's file.
        known: for a key as `metrics` or `data.mini`, the names that it may hold.
        own: whether it must be the card of an own task: of another name than those of the benchmark, without `data`,
            and without metrics that run a script, for it may come from anybody.
        name: what the task must be called; by default as the file.

    """
    try:
        data, node = read_mapping(path, what="a card", max_bytes=MAX_BYTES)
    except InputError as error:
        return None, [CardError(error.message, file=path, line=error.line, remedy=error.remedy)]
    try:
        card = TaskCard.model_validate(data)
    except ValidationError as error:
        return None, sorted(_faults_of(error, node, path), key=lambda fault: fault.line or 0)
    if card.name != (name or path.stem):
        message = f"the card is named {card.name!r}, its {'folder' if name else 'file'} {name or path.stem!r}"
        message += "; let them agree"
        return None, [CardError(message, file=path, line=line_of(node, ("name",)))]
    faults = list(_unknown_names(card, known or {}, node, path))
    faults += _own_faults(card, node, path) if own else []
    return (None if faults else card), faults


def _unknown_names(
    card: TaskCard, known: Mapping[str, Collection[str]], node: yaml.Node, path: Path
) -> Iterator[CardError]:
    for key, names in known.items():
        location = tuple(key.split("."))
        if location[0] == "data" and card.data is None:
            continue
        value: Any = functools.reduce(getattr, location, card)
        for name in [value] if isinstance(value, str) else value:
            if name not in names and not name.startswith(EVALUATE_PREFIX):
                message, remedy = f"{key}: unknown name {name!r}", f"one of {', '.join(sorted(names))}"
                yield CardError(message, file=path, line=line_of(node, location), remedy=remedy)


def _own_faults(card: TaskCard, node: yaml.Node, path: Path) -> Iterator[CardError]:
    """Yield what a card of the benchmark may do, and that of an own task may not."""
    if card.name in {*load_cards(), *RESERVED}:
        message = f"the name {card.name!r} is taken by the benchmark"
        yield CardError(message, file=path, line=line_of(node, ("name",)), remedy="choose another one")
    if not card.own:
        message, remedy = "data: an own task has none", "remove it; 'mibench data add' takes the instances from a file"
        yield CardError(message, file=path, line=line_of(node, ("data",)), remedy=remedy)
    for number, name in enumerate(card.metrics):
        if name.startswith(EVALUATE_PREFIX):
            message = f"metrics: {name} is a script, and an own task's card names none"
            yield CardError(message, file=path, line=line_of(node, ("metrics", number)), remedy="remove it")


def _faults_of(error: ValidationError, node: yaml.Node, path: Path) -> Iterator[CardError]:
    for details in error.errors(include_url=False):
        if details["type"] == "wording":
            for location, message in details["ctx"]["faults"]:
                yield CardError(message, file=path, line=line_of(node, location))
            continue
        place = ".".join(str(part) for part in details["loc"])
        message, remedy = f"{place}: {details['msg']}", None
        if details["type"] == "extra_forbidden":
            message, remedy = f"{place}: unknown field", "remove it, or mend its spelling"
        elif details["type"] == "missing":
            message, remedy = f"{place}: missing", "add it"
        elif details["type"] == "string_type":
            remedy = f"got {details['input']!r}; put the text in quotes"
        yield CardError(message, file=path, line=line_of(node, details["loc"]), remedy=remedy)


def cards_directory() -> Path:
    """Return the folder of the built-in cards: inside an installed wheel, or at the top of a checkout."""
    inside = Path(__file__).parent / "task_cards"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "task_cards"


def card_files(directory: Path | None = None) -> list[Path]:
    """Return the card files of the two suites, multimodal first, each by name."""
    directory = directory or cards_directory()
    files = [*sorted(directory.glob("multimodal/*.yaml")), *sorted(directory.glob("nlp/*.yaml"))]
    if not files:
        raise InputError("no task cards here", file=directory, remedy="expected multimodal/*.yaml and nlp/*.yaml")
    return files


@functools.cache
def load_cards(directory: Path | None = None) -> Mapping[str, TaskCard]:
    """Read all cards of a folder, by default the built-in ones, keyed by name.

    Raises:
        CardError: the first fault found.

    """
    cards: dict[str, TaskCard] = {}
    for path in card_files(directory):
        card = read_card(path)
        if card.suite != path.parent.name:
            raise CardError(f"suite {card.suite!r} in the folder {path.parent.name!r}; let them agree", file=path)
        if card.own:
            raise CardError("data: missing", file=path, remedy="add it")
        cards[card.name] = card
    return cards


def select_cards(names: Iterable[str] | None, cards: Mapping[str, TaskCard]) -> Sequence[TaskCard]:
    """Return the cards that `names` lists, in the order of `cards`.

    A suite's name stands for all its tasks of the benchmark; own tasks are named one by one.

    Raises:
        InputError: if a name is neither a task nor a suite.

    """
    if names is None:
        return list(cards.values())
    wanted = set(names)
    known = cards.keys() | {card.suite for card in cards.values()}
    if unknown := sorted(wanted - known):
        raise InputError(
            f"unknown task {unknown[0]!r}", remedy="see 'mibench tasks list'; multimodal and nlp name suites"
        )
    return [card for card in cards.values() if card.name in wanted or (card.suite in wanted and not card.own)]

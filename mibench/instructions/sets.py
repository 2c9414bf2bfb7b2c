"""An instruction set: five templates for each of some tasks, in place of those of their cards."""

import functools
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mibench.cards import INSTRUCTIONS, TaskCard, placeholders
from mibench.errors import InputError
from mibench.whole_file import write_whole
from mibench.yaml_lines import Location, faults_of, line_of, read_mapping

MAX_BYTES = 1 << 20
"""No honest set is longer."""

Templates = Annotated[tuple[str, ...], Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_min_length=1)


class SetSource(_Strict):
    """The file that a set was imported from."""

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class InstructionSet(_Strict):
    """What a model is asked in, other than in the words of the cards.

    Attributes:
        source: where the templates come from, if they were imported.
        tasks: by the card's name, five templates in the language of the cards.
        notes: where the templates depart from their source.

    """

    format: Literal[1] = 1
    name: str
    source: SetSource | None = None
    tasks: dict[str, Templates]
    notes: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the templates; the set's name, source, notes and layout do not change it.

        It is `builtin` for the set that has no templates, where every card keeps its own.
        """
        if not self.tasks:
            return "builtin"
        canonical = json.dumps(self.tasks, sort_keys=True, ensure_ascii=True)
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()

    def templates(self, card: TaskCard) -> tuple[str, ...]:
        """Return the five templates for a task: the set's, or the card's own where the set has none."""
        return self.tasks.get(card.name, card.instructions)

    def worded(self, card: TaskCard) -> TaskCard:
        """Return a card to render prompts with; its digest is not the card's."""
        if card.name not in self.tasks:
            return card
        fields = {name: getattr(card, name) for name in TaskCard.model_fields}
        return TaskCard.model_construct(**fields | {"instructions": self.templates(card)})

    def left_to_cards(self, cards: Iterable[TaskCard]) -> tuple[str, ...]:
        """Return the names of the tasks that are asked in their cards' own words."""
        return tuple(card.name for card in cards if card.name not in self.tasks)


BUILTIN = InstructionSet(name="builtin", tasks={})
"""The cards' own words."""


def read_set(path: Path, cards: Mapping[str, TaskCard]) -> InstructionSet:
    """Read a set and check it against the cards.

    Raises:
        InputError: everything that is wrong with it, with lines.

    """
    data, node = read_mapping(path, what="an instruction set", max_bytes=MAX_BYTES)
    try:
        found = InstructionSet.model_validate(data)
    except ValidationError as error:
        raise faulty(sorted(faults_of(error, node)), path) from None
    faults = [(line_of(node, location), message) for location, message in set_faults(found, cards)]
    if faults:
        raise faulty(sorted(faults), path)
    return found


def faulty(faults: list[tuple[int, str]], path: Path) -> InputError:
    """Return one error that tells faults, each a line and a message."""
    line, message = faults[0]
    if len(faults) == 1:
        return InputError(message, file=path, line=line)
    lines = "".join(f"\n  line {line}: {message}" for line, message in faults)
    return InputError(f"{len(faults)} faults{lines}", file=path, line=line)


def set_faults(found: InstructionSet, cards: Mapping[str, TaskCard]) -> Iterator[tuple[Location, str]]:
    """Yield where a set and the cards do not fit each other."""
    if not found.tasks:
        yield ("tasks",), "tasks: none; give five templates for one task or more"
    for name, templates in found.tasks.items():
        if name not in cards:
            yield ("tasks", name), f"unknown task {name!r}; 'mibench tasks list' prints the names"
            continue
        if len(templates) != INSTRUCTIONS:
            yield ("tasks", name), f"{name}: {len(templates)} templates, expected {INSTRUCTIONS}"
        seen: dict[str, int] = {}
        for number, template in enumerate(templates, 1):
            first = seen.setdefault(" ".join(template.lower().split()), number)
            faults = [*_template_faults(template, cards[name])]
            if first != number:
                faults.append(f"the same as template {first}; write it in other words")
            for fault in faults:
                yield ("tasks", name, number - 1), f"{name}: template {number}: {fault}"


def _template_faults(template: str, card: TaskCard) -> Iterator[str]:
    try:
        used = set(placeholders(template))
    except ValueError as error:
        yield f"{error}; double a brace to show it"
        return
    for name in sorted(used - {"options"} - card.fields.keys()):
        known = ", ".join(f"{{{field}}}" for field in card.fields) or "no fields"
        yield f"unknown field {{{name}}}; the card has {known}"
    if "options" in used and card.answer.kind == "text":
        yield "uses {options}, but the answer is free text"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in template if character not in "\n\t"):
        yield "a control character"


class _Quoted(str):
    """A template, which is written in double quotes so that its spaces and line breaks are seen."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes templates in quotes."""


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def write_set(path: Path, written: InstructionSet) -> None:
    """Write a set to a new file, whole or not at all.

    Raises:
        InputError: something is there already.

    """
    if path.exists() or path.is_symlink():
        raise InputError("exists already", file=path, remedy="choose another --output, or remove it")
    content = written.model_dump(mode="json", exclude_none=True)
    content["tasks"] = {name: [*map(_Quoted, templates)] for name, templates in written.tasks.items()}
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    write_whole(path, text.encode())

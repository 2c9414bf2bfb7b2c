"""The official wording of the nine held-out tasks, as an instruction set in the language of the cards."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.instructions.following import TemplateFault, UnconvertibleError
from mibench.instructions.parts import OfficialTemplate, Slot, Text, escaped
from mibench.instructions.sets import InstructionSet, SetSource, faulty, set_faults
from mibench.instructions.source import read_templates
from mibench.yaml_lines import Location

OFFICIAL_DIGEST = "sha256:7c26420bccfbe91507bb2df21cb137c1688a08b9ffd30183fe2e4fd44a5b43f8"
"""The digest of the set that the official file of MultiInstruct 1.0 gives."""

OPTIONS = Slot(("options",), separator="||||")
OPTIONS_BEGIN = "[Options]: "
"""Stands before the options, in the official file as in the prompts here."""
APPENDED = "\n\n{options}"
"""Ends a template whose options the prompts here append by themselves."""


@dataclass(frozen=True)
class _Field:
    """A field of a card that holds what an official template shows.

    Attributes:
        name: the field's.
        form: how the official file must write it to be the same text.
        ends: what the field ends with and the official text does not.
        quirk: whether it is the same text only in data that were prepared with the official quirks.

    """

    name: str
    form: Slot
    ends: str = ""
    quirk: bool = False


@dataclass(frozen=True)
class _HeldOut:
    official: str
    card: str
    fields: tuple[_Field, ...] = ()


_TEXT = _Field("text", Slot(("text",)))
_QUESTION = _Field("question", Slot(("question",)))
_REGION = Text((Slot((0,)), " is in ", Slot((1, 0)), "."))
_REGIONS = _Field("regions", Slot(("meta_data", "object_regions"), item=_REGION, pairs=True, separator=" "))
_TURN = Text((Slot(("q",)), ", ", Slot(("a",)), ";"))
_HISTORY = _Field("history", Slot(("meta_data", "dialog_hist"), item=_TURN, separator=" "), quirk=True)

HELD_OUT = (
    _HeldOut("commonsense_VQA", "commonsense_vqa", (_QUESTION, _REGIONS)),
    _HeldOut("visual_nli", "visual_entailment", (_TEXT,)),
    _HeldOut("visual_spatial_reasoning", "visual_spatial_reasoning", (_TEXT,)),
    _HeldOut("natural_language_visual_reasoning", "nlvr", (_TEXT,)),
    _HeldOut("text_vqa", "text_vqa", (_QUESTION,)),
    _HeldOut("grounded_VQA", "grounded_vqa", (_QUESTION,)),
    _HeldOut("visual_text_extraction", "visual_text_extraction"),
    _HeldOut("visual_dialog", "visual_dialogue", (replace(_QUESTION, ends="?"), _HISTORY)),
    _HeldOut("medic_disaster_types", "disaster_type_classification"),
)
"""The nine tasks by their official names, and where the cards hold what their templates show."""


def import_set(path: Path, cards: Mapping[str, TaskCard], name: str) -> InstructionSet:
    """Read the official file, without running it, and return the wording of the nine held-out tasks.

    Args:
        path: `instruction_templates.py` of the official repository, or a file of its kind.
        cards: the benchmark.
        name: of the set.

    Raises:
        InputError: all that keeps it from being a set, with lines.

    """
    source = read_templates(path)
    tasks, notes, lines = dict[str, tuple[str, ...]](), list[str](), dict[Location, int]()
    faults = list[TemplateFault]()
    for held_out in HELD_OUT:
        try:
            task = source.task(held_out.official)
            if len(task.templates) != INSTRUCTIONS:
                message = f"{task.name}: {len(task.templates)} templates, expected {INSTRUCTIONS}"
                raise UnconvertibleError([TemplateFault(task.line, message)])
            converted = [_converted(template, held_out, cards[held_out.card]) for template in task.templates]
        except UnconvertibleError as error:
            faults += error.faults
            continue
        tasks[held_out.card] = tuple(text for text, _ in converted)
        lines |= {("tasks", held_out.card, k): template.line for k, template in enumerate(task.templates)}
        notes += [f"{held_out.card}: {note}" for note in (*task.notes, *_grouped(told for _, told in converted))]
    if not faults:
        origin = SetSource(file=_valid(path.name), sha256=source.sha256)
        found = InstructionSet(name=_valid(name), source=origin, tasks=tasks, notes=tuple(notes))
        faults = [TemplateFault(lines[place], message) for place, message in set_faults(found, cards)]
    if faults:
        raise faulty(sorted(faults), path)
    return found


def _converted(template: OfficialTemplate, held_out: _HeldOut, card: TaskCard) -> tuple[str, list[str]]:
    """Return a template in the language of the cards, and where its prompts are not the official ones."""
    fields = {field.form.path: field for field in held_out.fields}
    parts = template.text.parts
    text, departures = "", dict[str, None]()
    for before, part, after in zip(("", *parts), parts, (*parts[1:], ""), strict=False):
        if isinstance(part, str):
            literal = part.removesuffix(OPTIONS_BEGIN) if after == OPTIONS else part
            if isinstance(before, Slot) and (field := fields.get(before.path)):
                literal = literal.removeprefix(field.ends)
            text += escaped(literal)
        elif part == OPTIONS:
            if not isinstance(before, str) or not before.endswith(OPTIONS_BEGIN):
                raise _refusal(template, held_out, f"shows the options without {OPTIONS_BEGIN!r} before them")
            text += "{options}"
        elif field := fields.get(part.path):
            text += f"{{{field.name}}}"
            departures |= dict.fromkeys(_other_form(part, field))
            if not isinstance(after, str) or not after.startswith(field.ends):
                departures[f"{{{field.name}}} ends with {field.ends!r}, which the file leaves out"] = None
        else:
            raise _refusal(template, held_out, f"shows {part}, for which the card {card.name} has no field")
    if not text:
        raise _refusal(template, held_out, "an empty template")
    shown = {slot.path for slot in template.text.slots}
    for field in held_out.fields:
        if field.form.path not in shown:
            departures[f"leaves out {{{field.name}}}, as the file does"] = None
    if OPTIONS.path not in shown and card.answer.kind != "text":
        departures["shows no options in the file; here they are appended"] = None
    instruction = text.removesuffix(APPENDED)
    appended = instruction and "{options}" not in instruction and card.answer.kind != "text"
    return instruction if appended else text, list(departures)


def _refusal(template: OfficialTemplate, held_out: _HeldOut, reason: str) -> UnconvertibleError:
    return UnconvertibleError([TemplateFault(template.line, f"{held_out.official}: {reason}")])


def _other_form(slot: Slot, field: _Field) -> Iterator[str]:
    """Yield how a place is written in the file, where the card writes it otherwise."""
    if slot.at is not None:
        yield f"{{{field.name}}} is whole; the file shows {slot} alone"
    if replace(slot, separator=field.form.separator, at=None) != field.form:
        yield f"{{{field.name}}} is in the card's own form, not in the file's"
    elif field.quirk:
        yield f"{{{field.name}}} is in the file's form only in data prepared with the official quirks"


def _grouped(departures: Iterable[list[str]]) -> Iterator[str]:
    """Yield each departure once, with the numbers of the instructions that it holds for."""
    numbers = dict[str, list[str]]()
    for number, notes in enumerate(departures, 1):
        for note in notes:
            numbers.setdefault(note, []).append(str(number))
    for note, where in numbers.items():
        yield f"instruction{'s' if len(where) > 1 else ''} {', '.join(where)}: {note}"


def _valid(name: str) -> str:
    """Return a name of the file system without what UTF-8 cannot hold."""
    return name.encode("utf-8", "replace").decode()

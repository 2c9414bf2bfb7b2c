"""Training data of MultiInstruct, as the official preparation writes them: `training_data/<folder>/train.jsonl`.

The one `train.jsonl` that its last step assembles from these is read as well. Its rows differ in that boxes are texts
there already, and in that its `prompt`, one wording at random, is not read.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from mibench.data.boxes import read_box
from mibench.data.official.lines import read_texts
from mibench.data.official.pictures import find_picture
from mibench.data.official.training_templates import SEPARATOR, TrainingTemplates, Wording
from mibench.errors import InputError
from mibench.instructions.importing import HELD_OUT
from mibench.prompts import option_order

NAME = "train.jsonl"
FOLDER = "training_data"

_SEEN = """
    image_caption open-domain_VQA VQA GC GC_selection VG VG_selection object_grounding object_region_match object_match
    question_image_match object_region_selection missing_object_selection ITM region_object_selection region_generation
    region_caption_match object_relationship visual_object_identification visual_subject_identification
    visual_object_region visual_subject_region descriptive_object_region_generate descriptive_object_region_select
    object_description_generate image_quality text_localization text_legibility text_type region_text_match
    multimodal_factual_checking wikihow_next_step wikihow_text_image_step_order wikihow_image_text_step_order
    wikihow_immediate_next_step_selection image_text_selection visual_attribute VQA_activity_recognition VQA_attribute
    VQA_color VQA_counting VQA_object_presence VQA_object_recognition VQA_positional_reasoning VQA_scene_recognition
    VQA_sentiment_understanding VQA_sport_recognition VQA_utility_affordance select_overlap_most_region
    select_overlap_least_region select_overlaped_region select_nonoverlaped_region if_region_overlap
"""
SEEN_TASKS = frozenset(_SEEN.split())
"""The 53 training tasks of MultiInstruct 1.0 by their official names."""

_REGION_ANSWERS = """
    detection VG VG_selection object_region_selection region_generation pointing_grounded_VQA text_localization
    descriptive_object_region_generate descriptive_object_region_select visual_object_region visual_subject_region
    select_overlap_most_region select_overlap_least_region select_overlaped_region select_nonoverlaped_region
"""
REGION_ANSWERS = frozenset(_REGION_ANSWERS.split())
"""Tasks whose answer is the row's boxes, as the official code has it."""

_PICTURE_ANSWER = "its answer is a picture, and the official code leaves it out"
_LEFT_OUT = "the official code leaves it out"
_TEST_PICTURES = "it is made of the test data of the held-out task"
PASSED_OVER = {
    "image_generation": _PICTURE_ANSWER,
    "infilling": _PICTURE_ANSWER,
    "im_region_extraction": _PICTURE_ANSWER,
    "im_descriptive_infilling": _PICTURE_ANSWER,
    "im_descriptive_extraction": _PICTURE_ANSWER,
    "image_completion": _PICTURE_ANSWER,
    "image_completion_w_image_caption": _PICTURE_ANSWER,
    "image_completion_w_region_caption": _PICTURE_ANSWER,
    "VQA_absurd": _LEFT_OUT,
    "region_area": _LEFT_OUT,
    "visual_answer_justification": f"{_TEST_PICTURES} commonsense_VQA",
    "ocr": f"{_TEST_PICTURES} text_vqa",
    "hateful_content_detection": f"{_TEST_PICTURES} visual_text_extraction",
    "medic_damage_severity": f"{_TEST_PICTURES} medic_disaster_types",
    "medic_informative": f"{_TEST_PICTURES} medic_disaster_types",
}
"""Tasks that are not trained on, and why."""

MAX_TASKS = 1_000
MAX_FILES_NAMED = 10

_HELD_OUT = {name for task in HELD_OUT for name in (task.official, task.card)}
_REMEDY = "prepare the training data anew"


class TrainingFile(NamedTuple):
    """A file of training rows, of one task or of many.

    Attributes:
        path: where it lies.
        base: what its pictures' paths are relative to: where the official code was run.

    """

    path: Path
    base: Path


class TrainingInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One training row.

    Attributes:
        task: its official name.
        id: the official one, which may repeat, and a digest of the row, so that it is unique within a task wherever
            the row stands.
        image: path of the picture.
        fields: what templates may show, under the official names; boxes are texts.
        options: the answers to choose from; empty where the row has none.
        target: the answer.
        file: where the row stands.
        line: on which line.

    """

    task: str
    id: str
    image: Path
    fields: dict[str, Any]
    options: tuple[str, ...]
    target: str
    file: Path
    line: int


class Tally:
    """What became of the rows of one or several files that are read into one mixture.

    Attributes:
        read: how many rows of each task were read.
        passed_over: how many rows of each task were not.

    """

    def __init__(self) -> None:
        self.read = Counter[str]()
        self.passed_over = Counter[str]()
        self._reasons = dict[str, str]()
        self._digests = set[bytes]()
        self._repeats = Counter[bytes]()

    @property
    def absent(self) -> list[str]:
        """Those of the 53 tasks of which no row was read."""
        return sorted(SEEN_TASKS - self.read.keys())

    def messages(self) -> Iterator[str]:
        """Yield what a user should know: one line a task that was passed over or that is none of the 53."""
        for task, rows in sorted(self.passed_over.items()):
            yield f"{task}: {_rows(rows)} passed over: {self._reasons[task]}"
        for task in sorted(self.read.keys() - SEEN_TASKS):
            yield f"{task}: {_rows(self.read[task])} read; none of the {len(SEEN_TASKS)} tasks of MultiInstruct"

    def pass_over(self, task: str, reason: str) -> None:
        """Note a row that is not read; the reason is the same for all rows of its task."""
        self.passed_over[task] += 1
        self._reasons[task] = reason

    def add(self, task: str, digest: bytes) -> int:
        """Note a row that is read, and return how many equal rows were read before it."""
        self.read[task] += 1
        if digest in self._digests:
            self._repeats[digest] += 1
        self._digests.add(digest)
        return self._repeats.get(digest, 0)


def training_files(root: Path) -> list[TrainingFile]:
    """Return the training files of a folder, in the order of their names.

    Args:
        root: a file of training rows; or a folder at, above or in `training_data`, whose files then count alone; or
            a folder that holds the one file that the official code assembles.

    Raises:
        InputError: there is none, or several lie elsewhere than in a folder `training_data`.

    """
    root = root.absolute()
    if root.is_file():
        return [_training_file(root)]
    if not root.is_dir():
        raise InputError("neither a folder nor a file", file=root, remedy="give the folder of the training data")
    prepared = f"{FOLDER}/*/{NAME}"
    patterns = [f"*/{NAME}"] if root.name == FOLDER else [prepared, NAME, f"**/{prepared}"]
    for pattern in patterns:
        if found := _found(root, pattern):
            return [_training_file(path) for path in found]
    found = _found(root, f"**/{NAME}")
    if not found:
        raise InputError(f"no {NAME} at or below this folder", file=root, remedy="give the folder of the training data")
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(root)) for path in found[:MAX_FILES_NAMED])
        message = f"{len(found)} files {NAME} in no folder {FOLDER}: {names}"
        raise InputError(message, file=root, remedy=f"name one of them, or call the folder above them {FOLDER}")
    return [_training_file(found[0])]


def read_training(
    file: TrainingFile, templates: TrainingTemplates, tally: Tally | None = None, *, pictures: bool = False
) -> Iterator[TrainingInstance]:
    """Stream the rows of a file; for each of them only a digest stays in memory.

    Tasks that are not trained on, and tasks without templates, are passed over and counted.

    Args:
        file: of one task or of many.
        templates: say which tasks can be put into words.
        tally: what became of the rows; the same for all files of a mixture, so that no two have the same id.
        pictures: whether each row's picture must be there.

    Raises:
        InputError: at the first line that is no row, is of a held-out task, or whose picture is missing.

    """
    tally = Tally() if tally is None else tally
    for number, text in read_texts(file.path):
        task = _decoded(_NAMED, text, file, number).task_name
        if task in _HELD_OUT:
            message = f"the task {task} is held out: a model trained on it cannot be evaluated on it"
            raise InputError(message, file=file.path, line=number, remedy="take its rows out of the training data")
        reason = PASSED_OVER.get(task) or templates.why_none(task)
        if reason is None:
            yield _instance(_decoded(_ROWS, text, file, number), file, number, tally, pictures=pictures)
        else:
            tally.pass_over(task, reason)
        if len(tally.read) + len(tally.passed_over) > MAX_TASKS:
            raise InputError(f"more than {MAX_TASKS:,} tasks", file=file.path, line=number, remedy=_REMEDY)


def prompt(
    instance: TrainingInstance, templates: TrainingTemplates, instruction: int, seed: int = 0
) -> tuple[str, str]:
    """Return (source, target) of a row under one instruction.

    Args:
        instance: the row.
        templates: its task's wordings among others.
        instruction: from 1 to 5, or higher where the task has more wordings.
        seed: seed of the order of options, which else depends on task, row and instruction.

    Raises:
        InputError: there is no such wording, or the row lacks what it shows, with file and line.

    """
    wordings = templates.wordings(instance.task)
    if not 1 <= instruction <= len(wordings):
        raise InputError(f"no instruction {instruction}: {instance.task} has {len(wordings)}")
    return _worded(instance, wordings[instruction - 1], instruction, seed)


def task_name_prompt(instance: TrainingInstance, templates: TrainingTemplates, seed: int = 0) -> tuple[str, str]:
    """Return (source, target) of a row with the bare name of its task in place of an instruction.

    Raises:
        InputError: the task has no wordings, or the row lacks what they show, with file and line.

    """
    return _worded(instance, templates.task_name(instance.task), 0, seed)


def _worded(instance: TrainingInstance, wording: Wording, instruction: int, seed: int) -> tuple[str, str]:
    options = option_order(
        wording.options or instance.options,
        seed=seed,
        task=instance.task,
        instance=instance.id,
        instruction=instruction,
    )
    row = {**instance.fields, "options": options} if options else instance.fields
    try:
        source = wording.text.fill(row)
    except InputError as error:
        message = f"{instance.task}: {error.message}"
        raise InputError(message, file=instance.file, line=instance.line, remedy=error.remedy) from None
    return source + SEPARATOR.join(options if wording.options else ()), instance.target


_Box = Annotated[list[int | float], msgspec.Meta(min_length=4, max_length=4)]
_Regions = list[_Box | str]


class _Named(msgspec.Struct):
    task_name: Annotated[str, msgspec.Meta(pattern=r"^[\w .+-]{1,100}\Z")]


class _Row(_Named, kw_only=True):
    unique_id: str
    image_path: Annotated[str, msgspec.Meta(min_length=1)]
    target_txt: str | None = None
    options: _Regions | None = None
    region: _Regions | None = None
    meta_data: dict[str, Any] | None = None
    context: str | list[str] | None = None
    text: str | None = None
    question: str | None = None
    answer: str | None = None
    explanation: str | None = None
    response: str | None = None
    premise: str | None = None
    hypothesis: str | None = None


_PLAIN = ("context", "text", "question", "answer", "explanation", "response", "premise", "hypothesis")
_NAMED = msgspec.json.Decoder(_Named)
_ROWS = msgspec.json.Decoder(_Row)
_Decoded = TypeVar("_Decoded")


def _decoded(decoder: msgspec.json.Decoder[_Decoded], text: bytes, file: TrainingFile, line: int) -> _Decoded:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"no training row of MultiInstruct: {error}"
        raise InputError(message, file=file.path, line=line, remedy=_REMEDY) from None


def _found(root: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern, but for those in folders out of sight."""
    found = (path for path in root.glob(pattern) if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def _training_file(path: Path) -> TrainingFile:
    lies_in = path.parent
    return TrainingFile(path, lies_in.parent.parent if lies_in.parent.name == FOLDER else lies_in)


def _instance(row: _Row, file: TrainingFile, line: int, tally: Tally, *, pictures: bool) -> TrainingInstance:
    try:
        fields = _fields(row)
        options = tuple(_boxes([value])[0] if isinstance(value, list) else value for value in row.options or ())
        target = _target(row, fields)
        digest = _digest([row.task_name, row.unique_id, row.image_path, fields, sorted(options), target])
    except InputError as error:
        raise InputError(f"{row.task_name}: {error.message}", file=file.path, line=line, remedy=_REMEDY) from None
    image = _picture(row.image_path, file, line, pictures=pictures)
    repeats = tally.add(row.task_name, digest)
    return TrainingInstance(
        task=row.task_name,
        id=f"{row.unique_id}-{digest.hex()}" + (f"-{repeats + 1}" if repeats else ""),
        image=image,
        fields=fields,
        options=options,
        target=target,
        file=file.path,
        line=line,
    )


def _digest(content: list[Any]) -> bytes:
    try:
        return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest()[:8]
    except RecursionError:
        raise InputError("nested too deeply") from None


def _fields(row: _Row) -> dict[str, Any]:
    """Return what a row holds, with boxes as texts."""
    fields = {name: value for name in _PLAIN if (value := getattr(row, name)) is not None}
    if row.region is not None:
        fields["region"] = _boxes(row.region)
    if row.meta_data is not None:
        fields["meta_data"] = dict(row.meta_data)
        if (regions := row.meta_data.get("object_regions")) is not None:
            try:
                named = msgspec.convert(regions, dict[str, _Regions])
            except msgspec.ValidationError as error:
                raise InputError(f"meta_data.object_regions: {error}") from None
            fields["meta_data"]["object_regions"] = {name: _boxes(boxes) for name, boxes in named.items()}
    return fields


def _target(row: _Row, fields: dict[str, Any]) -> str:
    if row.task_name in REGION_ANSWERS:
        if not row.region:
            raise InputError("no region, which is the answer")
        return " ".join(fields["region"])
    if row.target_txt is None:
        raise InputError("no target_txt")
    return row.target_txt


def _boxes(regions: Sequence[list[int | float] | str]) -> list[str]:
    """Return boxes as texts, as the official code writes them."""
    texts = [region if isinstance(region, str) else " ".join(map(str, region)) for region in regions]
    for text in texts:
        if read_box(text) is None:
            raise InputError(f"{text!r:.100} is no box")
    return texts


def _picture(name: str, file: TrainingFile, line: int, *, pictures: bool) -> Path:
    """Return a picture's path: within the base, or absolute."""
    path = Path(name)
    if ".." in path.parts:
        message = f"the picture {name!r:.200} is not inside {file.base}"
        raise InputError(message, file=file.path, line=line, remedy=_REMEDY)
    if not pictures:
        return file.base / path
    folder, name = (path.parent, path.name) if path.is_absolute() else (file.base, name)
    remedy = "complete the pictures, or train where the paths lead to them"
    return find_picture(folder, name, file=file.path, line=line, remedy=remedy)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"

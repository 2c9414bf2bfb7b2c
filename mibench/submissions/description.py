"""`submission.yaml`: who answered, how, and on what."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mibench.cards import INSTRUCTIONS
from mibench.errors import InputError
from mibench.whole_file import write_whole

FILE_NAME = "submission.yaml"
MAX_BYTES = 1 << 20
"""No honest description is longer."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in C where it was built."""

Scalar = str | int | float | bool | None


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_max_length=1000)


class Model(_Strict):
    """The model that answered.

    Attributes:
        parameters: number of weights.
        url: where a reader finds the model; http or https.
        open_weights: whether anybody can get the weights; None where nobody said.

    """

    name: str = Field(min_length=1)
    revision: str | None = None
    parameters: int | None = Field(default=None, gt=0)
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    open_weights: bool | None = None


class Description(_Strict):
    """The content of `submission.yaml`.

    Attributes:
        adapter: the adapter that wrapped the model; None where predictions came from elsewhere.
        decoding: the adapter's arguments and generation settings.
        harness: version of mibench that wrote the folder.
        instructions: `builtin`, or the digest of an imported set.
        own_words: tasks that the imported set leaves out, so that they were asked in the words of their cards.
        world: `mini` for the drawn world, `official` for prepared official data; the two never share a table.
        seed: seed of the option order.
        limit: rows a task, where a run stopped early on purpose.
        wordings: the instructions that were asked, where these were not all five.
        blind: whether the pictures were withheld on purpose.
        data: digest of each task's data.
        cards: digest of each task's card.
        created: UTC, ISO 8601.

    """

    format: Literal[1] = 1
    name: str = Field(min_length=1, max_length=200)
    model: Model
    adapter: str | None = None
    decoding: dict[str, Scalar] = {}
    harness: str
    instructions: str = Field(default="builtin", pattern=r"^(builtin|sha256:[0-9a-f]{64})$")
    own_words: tuple[str, ...] = Field(default=(), strict=False)
    world: Literal["mini", "official"]
    seed: int = 0
    limit: int | None = Field(default=None, gt=0)
    wordings: tuple[Annotated[int, Field(ge=1, le=INSTRUCTIONS)], ...] | None = Field(default=None, strict=False)
    blind: bool = False
    data: dict[str, str]
    cards: dict[str, str]
    created: str

    @field_validator("wordings")
    @classmethod
    def _are_some_in_order(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and (not value or list(value) != sorted(set(value))):
            raise ValueError("instructions in order, each once")
        return value

    @field_validator("created")
    @classmethod
    def _is_a_date(cls, value: str) -> str:
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
            raise ValueError("a time in UTC, as 2026-01-31T12:00:00Z")
        return value


def write_description(folder: Path, description: Description) -> None:
    """Write `submission.yaml` into an existing folder, whole or not at all."""
    content: dict[str, Any] = description.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_whole(folder / FILE_NAME, text.encode())


def read_description(folder: Path) -> Description:
    """Read and check a submission's `submission.yaml`.

    Raises:
        InputError: it is missing, not YAML, or has a wrong or unknown key.

    """
    path = folder / FILE_NAME
    try:
        if path.is_symlink():
            raise InputError("a symbolic link", file=path, remedy="put the file itself there")
        if path.stat().st_size > MAX_BYTES:
            raise InputError("longer than 1 MiB", file=path, remedy="describe the submission in a few lines")
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, _Loader)
        return Description.model_validate(content)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise InputError(
            message, file=path, remedy="a submission is a folder that 'mibench run' or 'submit' wrote"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}", file=path) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError(f"not YAML: {error.problem or error.context}", file=path, line=line) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if not isinstance(error, ValidationError):
            raise InputError(f"not YAML: {str(error).splitlines()[0]}", file=path) from None
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{key}: {first['msg']}", file=path, line=_line_of(text, first["loc"])) from None


def _line_of(text: str, location: tuple[int | str, ...]) -> int:
    """Return the line on which a top-level key stands, or 1."""
    key = re.escape(str(location[0])) if location else ""
    return next((n for n, line in enumerate(text.splitlines(), 1) if re.match(rf"{key}\s*:", line)), 1)

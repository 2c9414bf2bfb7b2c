"""`submission.yaml`: who answered, how, and on what."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mibench.cards import INSTRUCTIONS
from mibench.errors import InputError
from mibench.whole_file import write_whole
from mibench.yaml_lines import faults_of, read_mapping

FILE_NAME = "submission.yaml"
MAX_BYTES = 256 << 10
"""No honest description is longer."""
MAX_NUMBER = 2**63 - 1
"""Nor is a number in it larger."""

Scalar = str | Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)] | float | bool | None


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_max_length=1000, allow_inf_nan=False)


class Model(_Strict):
    """The model that answered.

    Attributes:
        parameters: number of weights.
        url: where a reader finds the model; http or https.
        open_weights: whether anybody can get the weights; None where nobody said.

    """

    name: str = Field(min_length=1)
    revision: str | None = None
    parameters: int | None = Field(default=None, gt=0, le=MAX_NUMBER)
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
    seed: int = Field(default=0, ge=-MAX_NUMBER, le=MAX_NUMBER)
    limit: int | None = Field(default=None, gt=0, le=MAX_NUMBER)
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
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value, re.ASCII):
            raise ValueError("a time in UTC, as 2026-01-31T12:00:00Z")
        datetime.fromisoformat(value)
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
    if path.is_symlink():
        raise InputError("a symbolic link", file=path, remedy="put the file itself there")
    if not path.is_file():
        remedy = "a submission is a folder that 'mibench run' or 'submit' wrote"
        raise InputError("cannot be read: there is no such file", file=path, remedy=remedy)
    content, node = read_mapping(path, what="a few lines that describe the submission", max_bytes=MAX_BYTES)
    try:
        return Description.model_validate(content)
    except ValidationError as error:
        line, message = next(faults_of(error, node))
        raise InputError(message, file=path, line=line) from None

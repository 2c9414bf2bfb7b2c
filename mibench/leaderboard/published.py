"""The results that the paper prints, read from `published.yaml`."""

import functools
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """Where the numbers stand."""

    title: str
    authors: str
    venue: str
    url: str
    tables: str
    model: str


class Printed(_Strict):
    """One metric on one task, as printed: percentages; a run of one instruction has only a maximum."""

    mean: float | None = None
    max: float
    std: float | None = None


class PublishedModel(_Strict):
    """One model of the paper.

    Attributes:
        multimodal: by task, its metrics with the primary one first.
        nlp: mean ROUGE-L over the paper's NLP tasks.
        sensitivity: as printed.

    """

    title: str
    about: str
    sensitivity: float | None = None
    nlp: float | None = None
    multimodal: dict[str, dict[str, Printed]]

    def primary(self, task: str) -> Printed:
        """Return the metric of a task that is aggregated."""
        return next(iter(self.multimodal[task].values()))


class Published(_Strict):
    """All of them."""

    source: Source
    models: dict[str, PublishedModel]


@functools.cache
def load_published() -> Published:
    """Return the paper's six models."""
    text = files("mibench.leaderboard").joinpath("published.yaml").read_text(encoding="utf-8")
    return Published.model_validate(yaml.safe_load(text))

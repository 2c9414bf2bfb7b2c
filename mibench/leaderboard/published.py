"""The results that the paper prints, read from `published.yaml`."""

import functools
from collections.abc import Sequence
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from mibench.scoring.summary import aggregate


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """Where the numbers stand; all models are of one size, in parameters."""

    title: str
    authors: str
    venue: str
    url: str
    tables: str
    model: str
    parameters: int


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
        open_weights: whether anybody can get them; None where the paper does not say.

    """

    title: str
    about: str
    open_weights: bool | None = None
    sensitivity: float | None = None
    nlp: float | None = None
    multimodal: dict[str, dict[str, Printed]]

    def primary(self, task: str) -> Printed:
        """Return the metric of a task that is aggregated."""
        return next(iter(self.multimodal[task].values()))

    @property
    def aggregate(self) -> float | None:
        """What follows from the printed means; None where one is not printed."""
        return self._over([self.primary(task).mean for task in self.multimodal])

    @property
    def aggregate_max(self) -> float | None:
        """The same of the best wording of each task."""
        return self._over([self.primary(task).max for task in self.multimodal])

    def _over(self, scores: Sequence[float | None]) -> float | None:
        return None if self.nlp is None else aggregate(scores, [self.nlp])


class Published(_Strict):
    """All of them."""

    source: Source
    models: dict[str, PublishedModel]


@functools.cache
def load_published() -> Published:
    """Return the paper's six models."""
    text = files("mibench.leaderboard").joinpath("published.yaml").read_text(encoding="utf-8")
    return Published.model_validate(yaml.safe_load(text))

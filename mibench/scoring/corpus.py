"""Metrics of a whole corpus: one score for all answers under one wording, so no rows to resample and no interval."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from mibench.metrics.caption import Corpus, caption_scores
from mibench.metrics.metric import CorpusMetric
from mibench.scoring.report import MetricScores
from mibench.scoring.rows import TaskRows
from mibench.scoring.spread import spread

NOTE = "A score of the whole corpus: it has no interval."


def score_corpus(rows: TaskRows, metrics: Mapping[str, CorpusMetric]) -> dict[str, MetricScores]:
    """Return each metric's scores of a task whose answers were kept."""
    return {
        name: _spread([None if texts is None else metric.rule(texts, rows.references) for texts in _wordings(rows)])
        for name, metric in metrics.items()
    }


def score_captions(tasks: Sequence[TaskRows]) -> list[dict[str, MetricScores]]:
    """Return the captioning metrics of tasks whose answers were kept, all in one go: starting Java takes seconds."""
    corpora = [
        Corpus(texts, [known.targets for known in rows.references])
        for rows in tasks
        for texts in _wordings(rows)
        if texts is not None
    ]
    found = iter(caption_scores(corpora))
    by_task = [[None if texts is None else next(found) for texts in _wordings(rows)] for rows in tasks]
    names = [name for scores in by_task for score in scores if score for name in score]
    return [
        {name: _spread([None if score is None else score[name] for score in scores]) for name in dict.fromkeys(names)}
        for scores in by_task
    ]


def _wordings(rows: TaskRows) -> Iterator[Sequence[str] | None]:
    """Yield the answers under each wording; None where it was not asked."""
    for texts, scores in zip(rows.texts, rows.values[rows.card.primary_metric], strict=True):
        yield None if np.isnan(scores).any() else texts


def _spread(scores: Sequence[float | None]) -> MetricScores:
    found = spread([None if score is None else 100 * score for score in scores])
    return msgspec.structs.replace(found, notes=[NOTE])

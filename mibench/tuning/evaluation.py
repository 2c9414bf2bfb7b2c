"""Evaluation of a model that is being tuned: written, asked and scored as any other, by the same path."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mibench.adapters.base import create_adapter
from mibench.cards import TaskCard, load_cards, select_cards
from mibench.data.mini import prepare_mini
from mibench.data.store import DataFolder
from mibench.ofa import OFAForConditionalGeneration, OFAProcessor
from mibench.running.engine import LocalEngine
from mibench.running.plan import Plan
from mibench.running.runner import Run
from mibench.running.sizing import Sizing
from mibench.running.worker import Worker
from mibench.scoring.report import Scores, write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.description import Model
from mibench.submissions.reading import Submission
from mibench.submissions.writing import describe
from mibench.tuning.export import export
from mibench.tuning.recipe import Evaluation


def evaluated(settings: Evaluation) -> tuple[Sequence[TaskCard], DataFolder]:
    """Return the tasks that are asked, and their data; the mini world is made where the cache does not hold it yet.

    Raises:
        InputError: a task or data that there are not.

    """
    cards = select_cards(settings.tasks, load_cards())
    if settings.data == "mini":
        return cards, prepare_mini(cards)
    data = DataFolder(Path(settings.data))
    for card in cards:
        data.entry(card.name)
    return cards, data


def evaluate(
    model: OFAForConditionalGeneration,
    processor: OFAProcessor,
    settings: Evaluation,
    output: Path,
    *,
    name: str,
    dtype: str = "fp32",
) -> dict[str, float]:
    """Ask a model the tasks under their five instructions, leave the submission in a folder, and return the scores.

    Args:
        model: as it is.
        processor: that belongs to it.
        settings: what is asked.
        output: the submission; what an earlier attempt left there is removed.
        name: of the model.
        dtype: fp32 or fp16, in which the model is written.

    Raises:
        InputError: a task or data that there are not, or the model broke.

    """
    cards, data = evaluated(settings)
    shutil.rmtree(output, ignore_errors=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent, prefix=".model-") as folder:
        export(model, processor, Path(folder) / name, dtype)
        with _engine(Path(folder) / name, settings) as engine:
            about = engine.about
            description = describe(
                name,
                Model(name=about.model_name),
                cards,
                data,
                adapter="ofa",
                decoding=about.decoding,
                limit=settings.limit,
            )
            plan = Plan(data=data, limit=settings.limit)
            run = Run(engine=engine, plan=plan, output=output, sizing=Sizing(settings.batch))
            run.ask(cards, description, "mibench tune")
    scores = score_submission(Submission(output, description, load_cards(), data), load_cards())
    write_scores(output, scores)
    return dict(_figures(scores))


@contextmanager
def _engine(folder: Path, settings: Evaluation) -> Iterator[LocalEngine]:
    arguments: Mapping[str, str] = {"path": str(folder), "beams": str(settings.beams)}
    engine = LocalEngine(Worker(create_adapter("ofa", arguments)))
    try:
        yield engine
    finally:
        engine.close()


def _figures(scores: Scores) -> Iterator[tuple[str, float]]:
    """Yield the mean over instructions of each task's primary metric, the aggregate, and Sensitivity, if defined."""
    for name, task in scores.tasks.items():
        mean = task.metrics[task.primary].mean
        if mean is not None:
            yield name, mean
    summary = {"aggregate": scores.summary.aggregate.mean, "sensitivity": scores.summary.sensitivity}
    yield from ((name, value) for name, value in summary.items() if value is not None)

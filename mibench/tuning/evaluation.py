"""Evaluation of a model that is being tuned: written, asked and scored as any other, by the same path."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mibench.adapters.base import create_adapter
from mibench.cards import TaskCard, load_cards, select_cards
from mibench.data.mini import prepare_mini
from mibench.data.store import DataFolder
from mibench.ofa import OFAForConditionalGeneration, OFAProcessor
from mibench.running.engine import LocalEngine
from mibench.running.plan import Plan
from mibench.running.runner import Run, Silent, Watcher
from mibench.running.sizing import Sizing
from mibench.running.worker import Worker
from mibench.scoring.report import Scores, write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.description import Model, read_description
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
        scores = ask_model(
            Path(folder) / name,
            {"beams": str(settings.beams)},
            cards,
            Plan(data=data, limit=settings.limit),
            output,
            name=name,
            title=name,
            command="mibench tune",
            batch=settings.batch,
            known=load_cards(),
        )
    return dict(_figures(scores))


def ask_model(
    folder: Path,
    arguments: Mapping[str, str],
    cards: Sequence[TaskCard],
    plan: Plan,
    output: Path,
    *,
    name: str,
    title: str,
    command: str,
    batch: int,
    known: Mapping[str, TaskCard],
    watcher: Watcher | None = None,
) -> Scores:
    """Ask an OFA by the path of `mibench run`, and write the submission with its scores, which are returned.

    Args:
        folder: of the model.
        arguments: of the adapter `ofa`, besides the path.
        cards: the tasks.
        plan: of the data, and how much of it is asked.
        output: the submission; one that was broken off is gone on with.
        name: of the model.
        title: of the submission.
        command: that asks, for the record.
        batch: requests a batch.
        known: cards that the scores may speak of.
        watcher: is told how it goes.

    Raises:
        InputError: the model broke.

    """
    engine = LocalEngine(Worker(create_adapter("ofa", {"path": str(folder), **arguments})))
    try:
        decoding = engine.about.decoding
        description = describe(
            title, Model(name=name), cards, plan.data, adapter="ofa", decoding=decoding, limit=plan.limit
        )
        run = Run(engine=engine, plan=plan, output=output, sizing=Sizing(batch), watcher=watcher or Silent())
        run.ask(cards, description, command)
    finally:
        engine.close()
    scores = score_submission(Submission(output, read_description(output), known, plan.data), known)
    write_scores(output, scores)
    return scores


def _figures(scores: Scores) -> Iterator[tuple[str, float]]:
    """Yield the mean over instructions of each task's primary metric, the aggregate, and Sensitivity, if defined."""
    for name, task in scores.tasks.items():
        mean = task.metrics[task.primary].mean
        if mean is not None:
            yield name, mean
    summary = {"aggregate": scores.summary.aggregate.mean, "sensitivity": scores.summary.sensitivity}
    yield from ((name, value) for name, value in summary.items() if value is not None)

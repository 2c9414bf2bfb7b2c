"""The work of a study: training a run in the workshop of its recipe, and asking it the mini world's tasks."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from mibench.analysis.study_plan import StudyRun
from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.running.plan import Plan
from mibench.running.runner import Watcher
from mibench.scoring.report import Scores
from mibench.tuning.evaluation import ask_model
from mibench.tuning.loop import Watch
from mibench.tuning.mini.recipe import MiniRecipe
from mibench.tuning.mini.stages import Workshop

ADAPTER = {"constrain": "true", "boxes": "all", "beams": "1"}
"""How every model of a study answers: one of the options where there are any, boxes as bins, the likeliest token."""
_BATCH = 64
_SHARED = ("trunk", "processor", "features")


class Training:
    """Trains runs from one stage of a workshop, whose folder stays as it is."""

    def __init__(self, base: MiniRecipe, start: str, workshop: Path, watch: Callable[[StudyRun], Watch | None]) -> None:
        """Prepare to train.

        Args:
            base: recipe of the small model.
            start: the stage that all runs begin from.
            workshop: folder where that stage is done.
            watch: returns who watches the steps of a run.

        Raises:
            InputError: the stage is not done there.

        """
        self._base, self._start, self._workshop, self._watch = base, start, workshop.resolve(), watch
        for needed in (*_SHARED, f"{start}/model.safetensors", f"{start}/published"):
            if not (workshop / needed).exists():
                remedy = "'mibench tune' with the recipe of the model makes it"
                raise InputError(f"the stage {start!r} is not done: there is no {needed}", file=workshop, remedy=remedy)

    @property
    def digest(self) -> str:
        """64 hexadecimal digits of the weights that all runs begin from."""
        with (self._workshop / self._start / "model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def __call__(self, run: StudyRun, folder: Path) -> Path:
        """Train a run in a folder, from where it was broken off, and return the folder of its model."""
        if not run.stages:
            return self._workshop / self._start / "published"
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*_SHARED, self._start):
            if not (folder / name).exists():
                (folder / name).symlink_to(self._workshop / name)
        workshop = Workshop(self._base.model_copy(update={"stages": (*self._base.stages, *run.stages)}), folder)
        watch = self._watch(run)
        for stage in run.stages:
            workshop.run(stage, watch)
        return folder / run.stages[-1].name / "published"


class Asking:
    """Asks models the held-out tasks and scores them, as `mibench run` does."""

    def __init__(
        self,
        data: DataFolder,
        cards: Sequence[TaskCard],
        limit: int | None,
        watcher: Callable[[StudyRun], Watcher],
    ) -> None:
        """Prepare to ask.

        Args:
            data: holds the instances.
            cards: the tasks.
            limit: instances a task; all where it is None.
            watcher: returns who is told how a run comes along.

        """
        self._plan, self._cards, self._watcher = Plan(data=data, limit=limit), cards, watcher

    def __call__(self, run: StudyRun, model: Path, submission: Path) -> Scores:
        """Write a submission of a model, from where it was broken off, and its scores; and return these."""
        return ask_model(
            model,
            ADAPTER,
            self._cards,
            self._plan,
            submission,
            name=run.name,
            title=f"study {run.name}",
            command="mibench study mini",
            batch=_BATCH,
            known={card.name: card for card in self._cards},
            watcher=self._watcher(run),
        )

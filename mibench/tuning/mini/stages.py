"""Making the bundled model by its recipe: pictures, trunk, then stages of training; what is done is not done again."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Family, Scenes, Split
from mibench.errors import InputError
from mibench.ofa import OFAForConditionalGeneration, OFAProcessor
from mibench.tuning.checkpoints import load_weights
from mibench.tuning.export import export
from mibench.tuning.loop import LoopSettings, Watch, train
from mibench.tuning.mini.adoption import RECORD, adopt
from mibench.tuning.mini.batch import SupervisedAnswers
from mibench.tuning.mini.dense_labels import Classes, Labels, classes_of, label
from mibench.tuning.mini.model import mini_model, mini_processor, new_trunk, side_of
from mibench.tuning.mini.pictures import normalised, seen_pictures, worlds_of
from mibench.tuning.mini.recipe import MiniRecipe, Stage, read_mini_recipe
from mibench.tuning.mini.seen_scores import seen_scores
from mibench.tuning.mini.source import MiniSource
from mibench.tuning.mini.trunk import TrunkObjective, TrunkSource, TrunkTraining, calibrate, features_of, stacked
from mibench.tuning.processes import Processes
from mibench.whole_file import write_whole

TRUNK = "trunk"
_BETAS = (0.9, 0.98)
_TOGETHER = 16
"""Rows of like length in one forward pass."""
_CALIBRATION = 16
"""Pictures of each kind whose statistics the trunk starts with."""

Report = Callable[[str], Watch | None]
"""Is told the name of each part when it begins, and returns who watches its steps."""


def run_stages(
    path: Path,
    output: Path,
    only: tuple[str, ...] = (),
    report: Report = lambda name: None,
    adopted: Mapping[str, Path] | None = None,
) -> None:
    """Make a small model by its recipe, in a folder for each stage; a run that was broken off goes on.

    Args:
        path: the recipe.
        output: the folder.
        only: stages to run, each with what it starts from done before; by default all.
        report: is told what begins.
        adopted: a folder of published weights by the stage whose training, with all before it, they stand for.

    Raises:
        InputError: the recipe is faulty, a stage is unknown, or one that it starts from is not done.

    """
    recipe, adopted = read_mini_recipe(path), adopted or {}
    names = [TRUNK, *(stage.name for stage in recipe.stages)]
    for asked, known in ((only, names), (adopted, names[1:])):
        if unknown := [name for name in asked if name not in known]:
            raise InputError(f"no stage {unknown[0]!r}", file=path, remedy=f"one of {', '.join(known)}")
    workshop = Workshop(recipe, output)
    workshop.prepare(report, adopted)
    for stage in workshop.to_train():
        if not only or stage.name in only:
            workshop.run(stage, report(stage.name))


class Workshop:
    """The folder of a recipe's training, and what all its stages share."""

    def __init__(self, recipe: MiniRecipe, output: Path) -> None:
        self.recipe, self.output = recipe, output
        self.scenes = Scenes(recipe.seed)
        self.families: Sequence[Family] = tuple(FAMILIES.values())
        self.worlds = worlds_of(self.families)
        self.side = side_of(recipe.model)

    def prepare(self, report: Report = lambda name: None, adopted: Mapping[str, Path] | None = None) -> None:
        """Draw the pictures, train the trunk, make the vocabulary and the features, as far as they are missing.

        Args:
            report: is told when the trunk's training begins.
            adopted: a stage and the folder of published weights that stand for it, and bring the trunk.

        """
        processes = Processes.join()
        self.output.mkdir(parents=True, exist_ok=True)
        if processes.first:
            self._claim()
            self._keep_vocabulary()
            for name, published in (adopted or {}).items():
                self._adopt(name, published)
            self._pictures("train")
        processes.wait()
        self._train_trunk(report, processes)
        if processes.first:
            for split in ("train", "test"):
                self._keep_features(split)
        processes.wait()

    def to_train(self) -> list[Stage]:
        """Return the stages that no published weights stand for."""
        adopted = [stage for stage in self.recipe.stages if (self.output / stage.name / RECORD).exists()]
        done = {before.name for stage in adopted for before in self.recipe.lineage(stage)}
        return [stage for stage in self.recipe.stages if stage.name not in done]

    def _claim(self) -> None:
        """Write down what the folder is prepared for, and refuse one that is prepared for something else."""
        kinds = [*self.recipe.trunk.late_kinds]
        if unknown := [kind for kind in kinds if kind not in self.worlds]:
            raise InputError(f"late_kinds: no pictures are called {unknown[0]!r}", remedy=", ".join(self.worlds))
        file, wanted = self.output / "prepared.json", self._preparation()
        if not file.exists():
            write_whole(file, wanted.encode())
        elif file.read_text(encoding="utf-8") != wanted:
            raise InputError("was prepared by another recipe", file=self.output, remedy="another --output")

    def _preparation(self) -> str:
        """Return the part of the recipe that pictures, trunk, vocabulary and features depend on."""
        prepared = {"seed", "precision", "model", "pictures", "trunk"}
        return json.dumps(self.recipe.model_dump(mode="json", include=prepared), sort_keys=True, indent=1) + "\n"

    def processor(self) -> OFAProcessor:
        """Return the processor of all stages."""
        return OFAProcessor.from_pretrained(self.output / "processor")

    def features(self, split: Split) -> dict[str, Tensor]:
        """Return the trunk's features by kind of picture, float16 [count, rows, columns, channels]."""
        return {name: load_file(self._feature_file(name, split))["features"] for name in self.worlds}

    def model(
        self, stage: Stage | None, features: Mapping[str, Tensor], plain: tuple[str, ...] = ()
    ) -> OFAForConditionalGeneration:
        """Return the model after a stage, or before all.

        Args:
            stage: that is done.
            features: of the pictures to train on, by which the map of patches is evened out.
            plain: parts of the initial values that are left out, see `mibench.tuning.mini.initial.start`.

        Raises:
            InputError: the stage is not done.

        """
        trunk = load_file(self._trunk_file)
        model = mini_model(self.recipe, self.processor(), trunk, list(features.values()), plain)
        if stage is not None:
            file = self.output / stage.name / "model.safetensors"
            if not file.exists():
                raise InputError(f"stage {stage.name!r} is not done", file=file, remedy="run it first")
            load_weights(model, file)
        return model

    def families_of(self, stage: Stage) -> list[Family]:
        """Return the families of a stage."""
        chosen = self.recipe.families if stage.families == "all" else stage.families
        return [family for family in self.families if family.name in chosen]

    def run(self, stage: Stage, watch: Watch | None = None) -> None:
        """Train a stage, and leave it as a folder that `mibench run --model ofa` loads."""
        before = next((other for other in self.recipe.stages if other.name == stage.after), None)
        features = self.features("train")
        model = self.model(before, features, stage.plain)
        objective = SupervisedAnswers(features, stage.supervision, stage.steps)
        source = MiniSource(
            stage,
            self.families_of(stage),
            self.processor(),
            self.scenes,
            objective,
            pictures=self.recipe.pictures.train,
            side=self.side,
            often=self.recipe.often if stage.often is None else stage.often,
        )
        settings = LoopSettings(
            steps=stage.steps,
            learning_rate=stage.learning_rate,
            warmup_steps=stage.warmup_steps,
            schedule="cosine",
            betas=_BETAS,
            micro_batch=_TOGETHER,
            precision=self.recipe.precision,
            seed=self.recipe.seed,
            log_every=50,
            checkpoint_every=250,
        )
        train(model, source, objective, settings, self.output / stage.name, watch=watch, identity=self._identity(stage))
        processes = Processes.join()
        if processes.first:
            published = self.output / stage.name / "published"
            if not published.exists():
                export(model, self.processor(), published, "fp16")
            self._score(stage, model)
        processes.wait()

    def _score(self, stage: Stage, model: OFAForConditionalGeneration) -> None:
        """Score the seen families, and keep what was found in `seen_scores.json`."""
        file = self.output / stage.name / "seen_scores.json"
        if not stage.scored or file.exists():
            return
        scores = seen_scores(
            torch.nn.Module.eval(model),
            self.processor(),
            self.families_of(stage),
            self.features("test"),
            prompts=stage.scored,
            count=self.recipe.scored_rows,
            pictures=self.recipe.pictures.test,
            side=self.side,
            seed=self.recipe.seed,
        )
        kept = {"rows": self.recipe.scored_rows, "scores": [score._asdict() for score in scores]}
        write_whole(file, json.dumps(kept, indent=1).encode() + b"\n")

    def _identity(self, stage: Stage) -> str:
        kept = self.recipe.model_dump(mode="json", exclude={"stages", "scored_rows", "core"})
        lineage = [one.model_dump(mode="json", exclude={"scored"}) for one in self.recipe.lineage(stage)]
        return json.dumps([kept, lineage], sort_keys=True)

    def _pictures(self, split: Split) -> dict[str, Tensor]:
        count = getattr(self.recipe.pictures, split)
        folder, side = self.output / "pictures", self.recipe.model.image_size
        return seen_pictures(
            self.worlds, folder, split=split, count=count, side=side, seed=self.recipe.seed, processes=2
        )

    def _labels(self) -> tuple[Classes, dict[str, Labels]]:
        count = self.recipe.pictures.train
        scenes = {
            name: [self.scenes.get(name, world, "train", number) for number in range(count)]
            for name, world in self.worlds.items()
        }
        classes = classes_of([scene for kind in scenes.values() for scene in kind])
        grid = (self.side, self.side)
        return classes, {
            name: stacked([label(scene, classes, grid) for scene in kind]) for name, kind in scenes.items()
        }

    def _train_trunk(self, report: Report, processes: Processes) -> None:
        folder, stage = self.output / TRUNK, self.recipe.trunk
        if self._trunk_file.exists():
            return
        watch = report(TRUNK)
        pictures = self._pictures("train")
        classes, labels = self._labels()
        trunk = new_trunk(self.recipe)
        sample = torch.cat([kind[:_CALIBRATION] for kind in pictures.values()])
        calibrate(trunk, normalised(sample))
        training = TrunkTraining(trunk, classes)
        settings = LoopSettings(
            steps=stage.steps,
            learning_rate=stage.learning_rate,
            warmup_steps=min(200, stage.steps // 10),
            schedule="cosine",
            betas=_BETAS,
            micro_batch=max(1, stage.batch // 2),
            precision=self.recipe.precision,
            seed=self.recipe.seed,
            log_every=50,
            checkpoint_every=500,
        )
        counts = {name: len(kind) for name, kind in pictures.items()}
        source = TrunkSource(counts, stage, seed=self.recipe.seed)
        objective = TrunkObjective(pictures, labels)
        train(training, source, objective, settings, folder, watch=watch, identity=self._preparation())
        if processes.first:
            partial = folder / ".trunk.safetensors"
            save_file(training.trunk.state_dict(), partial)
            partial.rename(self._trunk_file)

    def _adopt(self, name: str, published: Path) -> None:
        trunk, processor = self._trunk_file, self.output / "processor"
        adopt(published, self.output / name, trunk, processor, self.recipe.model)

    def _keep_vocabulary(self) -> None:
        folder = self.output / "processor"
        if not folder.exists():
            partial = self.output / ".processor"
            mini_processor(self.recipe, self.families, self.scenes).save_pretrained(partial)
            partial.rename(folder)

    @torch.no_grad()
    def _keep_features(self, split: Split) -> None:
        missing = [name for name in self.worlds if not self._feature_file(name, split).exists()]
        if not missing:
            return
        trunk = new_trunk(self.recipe)
        trunk.load_state_dict(load_file(self._trunk_file))
        pictures = self._pictures(split)
        for name in missing:
            file = self._feature_file(name, split)
            file.parent.mkdir(exist_ok=True)
            part = file.with_suffix(".part")
            save_file({"features": features_of(trunk.eval(), pictures[name])}, part)
            part.rename(file)

    @property
    def _trunk_file(self) -> Path:
        return self.output / TRUNK / "trunk.safetensors"

    def _feature_file(self, name: str, split: Split) -> Path:
        return self.output / "features" / f"{name}-{split}.safetensors"

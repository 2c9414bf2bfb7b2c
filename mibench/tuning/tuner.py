"""From a recipe to a tuned OFA."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mibench.adapters.loading import load, load_weights
from mibench.ofa import OFAConfig, OFAForConditionalGeneration, OFAImageProcessor, OFAProcessor, OFATokenizer
from mibench.ofa.image_processor import SIDE
from mibench.ofa.sizes import SIZES
from mibench.tuning.curve import draw_curve
from mibench.tuning.evaluation import evaluate, evaluated
from mibench.tuning.export import export
from mibench.tuning.loop import LoopSettings, Watch, train
from mibench.tuning.objective import AnswerLoss
from mibench.tuning.processes import Processes
from mibench.tuning.recipe import Recipe
from mibench.tuning.recipe_source import example_source
from mibench.tuning.training_log import TrainingLog, read_log
from mibench.whole_file import write_whole

MODEL, CURVE, LOG = "model", "curve.svg", "log.jsonl"
"""What a run leaves in its folder, beside the loop's own files."""


def build_model(recipe: Recipe) -> tuple[OFAForConditionalGeneration, OFAProcessor]:
    """Return what is tuned, in fp32: a folder's weights, or random ones by the recipe's seed.

    Raises:
        InputError: the folder holds no OFA.

    """
    if recipe.model.folder is not None:
        folder = str(recipe.model.folder)
        side: dict[str, Any] = {"size": recipe.image_size} if recipe.image_size else {}
        processor = load(folder, lambda: OFAProcessor.from_pretrained(folder, local_files_only=True, **side))
        settings = {"dtype": torch.float32, "local_files_only": True}
        return load_weights(folder, OFAForConditionalGeneration, **settings), processor
    vocabulary = str(recipe.model.tokenizer)
    tokenizer = load(vocabulary, lambda: OFATokenizer.from_pretrained(vocabulary, local_files_only=True))
    processor = OFAProcessor(OFAImageProcessor(recipe.image_size or SIDE), tokenizer)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        architecture: dict[str, Any] = {**SIZES[recipe.model.size or ""].settings, "vocab_size": len(tokenizer)}
        return OFAForConditionalGeneration(OFAConfig(**architecture)), processor


def loop_settings(recipe: Recipe, steps: int) -> LoopSettings:
    """Return how a recipe trains for so many steps."""
    optimiser = recipe.optimiser
    return LoopSettings(
        steps=steps,
        learning_rate=optimiser.learning_rate,
        warmup_steps=round(optimiser.warmup * steps),
        schedule=optimiser.schedule,
        final_rate=optimiser.final_rate,
        betas=optimiser.betas,
        weight_decay=optimiser.weight_decay,
        clip=optimiser.clip,
        micro_batch=recipe.micro_batch,
        precision=recipe.precision,
        gradient_checkpointing=recipe.gradient_checkpointing,
        checkpoint_every=recipe.checkpoint_every,
        log_every=recipe.log_every,
        seed=recipe.seed,
    )


def tune(recipe: Recipe, output: Path, *, watch: Watch | None = None) -> Path:
    """Tune a model, evaluate it, and return its folder; a run that stopped goes on.

    Raises:
        InputError: data, model or output are not what they should be, or the training diverged.

    """
    processes = Processes.join()
    if recipe.evaluation is not None:
        evaluated(recipe.evaluation)
    model, processor = build_model(recipe)
    evaluating = _Evaluating(processor, recipe, output)
    if recipe.strategy == "none":
        if processes.first:
            log = TrainingLog(output / LOG, 0)
            if recipe.evaluation is not None:
                log.write({"step": 0, "evaluation": dict(evaluating(model, 0))})
    else:
        source = example_source(recipe)
        train(
            model,
            source,
            AnswerLoss(processor, recipe.lengths.source, recipe.lengths.target, recipe.label_smoothing),
            loop_settings(recipe, source.steps),
            output,
            watch=watch,
            evaluate=None if recipe.evaluation is None else evaluating,
            evaluate_every=0 if recipe.evaluation is None else recipe.evaluation.every,
            identity=recipe.digest + source.digest,
        )
    if processes.first:
        export(model, processor, output / MODEL, recipe.export)
        write_whole(output / CURVE, draw_curve(read_log(output / LOG), recipe.name).encode())
        content = json.dumps(recipe.model_dump(mode="json"), indent=2)
        write_whole(output / "recipe.json", content.encode() + b"\n")
    processes.wait()
    return output / MODEL


@dataclass(frozen=True)
class _Evaluating:
    processor: OFAProcessor
    recipe: Recipe
    output: Path

    def __call__(self, model: nn.Module, step: int) -> Mapping[str, float]:
        assert isinstance(model, OFAForConditionalGeneration)
        assert self.recipe.evaluation is not None
        return evaluate(
            model,
            self.processor,
            self.recipe.evaluation,
            self.output / "evaluation" / f"step-{step}",
            name=f"{self.recipe.name}-step-{step}",
            dtype=self.recipe.export,
        )

"""The model card of the bundled model: every number in it is read from its training and its submissions.

As a program: `python -m mibench.tuning.mini.model_card TRAINING_FOLDER SUBMISSION... --output docs/ofa-mini.md`
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

import click

from mibench.scoring.intervals import LEVEL
from mibench.tuning.mini import model_card_held_out as held_out_part
from mibench.tuning.mini import model_card_training as training_part
from mibench.tuning.mini.model_card_attention import attention_section
from mibench.tuning.mini.model_card_held_out import HeldOut, held_out
from mibench.tuning.mini.model_card_training import GOOD, POOR, Ablation, SeenTable, StageCost
from mibench.tuning.mini.recipe import MiniRecipe, read_mini_recipe
from mibench.whole_file import write_whole

RECIPE = Path("recipes/ofa-mini.yaml")
OUTPUT = Path("docs/ofa-mini.md")

INTRODUCTION = """\
# OFA-mini

The bundled model: an [OFA](ofa.md) in small, with OFA's own architecture, forward pass and file format. It is trained
from nothing on the seen side of the mini world, whose families of questions are none of the benchmark's tasks. There
are three sets of weights, from one start that has learnt the seen families by their bare names. `base` went on with
bare names, `tuned` with instructions in many wordings, and `words`, a control, with bare names among the words of those
instructions, in an order of chance. All had the same questions, pictures, vocabulary, updates and rates. What tuning
does to the score and to the Sensitivity can thus be measured here, on any machine, without a download. It is a small
model for a drawn world, and says nothing about photographs.

## Run it

```
mibench run --model ofa-mini                                # tuned
mibench run --model ofa-mini --model-args weights=base
mibench run --model ofa-mini --blind --name "OFA-mini, tuned, blind"
```

It needs the extra `models`. The submission records the number of weights and the digest of their file.

| argument | what it does | default |
|---|---|---|
| `weights` | `tuned`, `base` or `words` | `tuned` |
| `device` | `auto` takes a GPU where there is one | `auto` |
| `dtype` | `auto`, `fp32`, `bf16` or `fp16` | `fp32` |
| `constrain` | an answer is one of the options, where there are any, as it is spelt there | `true` |
| `score_options` | the log-probability of each option is recorded, for `accuracy_options` | `false` |
| `beams` | width of the search; 1 is greedy | 1 |

Prompts are cleaned as OFA cleans questions. Every box in a prompt about a picture becomes location bins, and bins in an
answer become a box in pixels.
"""
"""How every card begins; it has no figures."""


def write_model_card(
    training: Path,
    submissions: Sequence[Path],
    output: Path = OUTPUT,
    *,
    recipe: Path = RECIPE,
    ablations: Path | None = None,
    attention: Path | None = None,
) -> None:
    """Write the card, and the training's curve beside it as `<name>-curve.svg`.

    Args:
        training: the folder of the training, with a folder for each stage.
        submissions: folders that answer the mini world: of `ofa-mini` with both weights, of baselines, and blind ones.
        output: the card, in Markdown.
        recipe: of the training.
        ablations: a recipe of short trainings in the same folder, each with something left out.
        attention: a report on where the models look.

    Raises:
        InputError: something is missing, broken, or does not belong together.

    """
    plan, found = read_mini_recipe(recipe), held_out(submissions)
    costs, seen = training_part.costs(training, plan), training_part.seen_table(training, plan)
    picture = output.with_name(f"{output.stem}-curve.svg")
    stages = [cost.name for cost in costs if cost.name != training_part.TRUNK]
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(picture, training_part.curve(training, stages).encode())
    tried = [] if ablations is None else training_part.ablations(training, read_mini_recipe(ablations))
    looks = [] if attention is None else list(attention_section(attention))
    lines = _lines(plan, costs, seen, found, tried, looks, recipe.name, picture.name)
    write_whole(output, "\n".join([INTRODUCTION, *lines, ""]).encode())


def _lines(
    plan: MiniRecipe,
    costs: Sequence[StageCost],
    seen: SeenTable,
    found: HeldOut,
    ablations: Sequence[Ablation],
    looks: Sequence[str],
    recipe: str,
    picture: str,
) -> Iterator[str]:
    yield from ("<!-- Written by mibench.tuning.mini.model_card; do not edit. -->", "", "## What it is trained on", "")
    yield from training_part.data_section(plan)
    for entry in found.models:
        model = entry.description.model
        weights = "not stated" if model.parameters is None else f"{model.parameters:,}"
        yield f"- {entry.name}: {weights} weights, revision {model.revision or 'not stated'}."
    yield from ("", "## What the training took", "")
    yield from training_part.compute_section(costs, plan)
    yield from ("", f"The recipe is `{recipe}`. A line for each stage:", "", f"![Loss by step]({picture})", "")
    yield from ("## Seen families", "")
    yield f"Right answers, in percent, to {seen.rows:,} fresh examples of each family, on pictures that are new:"
    yield "held to the options / free. Prompts: the bare name of the family, wordings that were trained on, or others."
    if plan.core:
        yield f"A star marks the core: {len(plan.core)} families that the recipe named in advance as its aim."
    yield ""
    yield from training_part.seen_section(seen, plan.core)
    yield from ("", "## Held-out tasks", "")
    yield f"The benchmark on the mini world, 0 to 100, with {LEVEL:.0%} intervals. Cheap strategies are baselines, and"
    yield f"models that see no picture: {', '.join(entry.name for entry in found.cheap)}."
    yield ""
    yield from held_out_part.summary_section(found)
    yield ""
    yield from held_out_part.task_section(found)
    yield from ("", "By the paired permutation test, corrected for the number of tasks:", "")
    yield from held_out_part.verdict_section(found)
    yield from ("", "Sensitivity, 100 x std / mean over the five instructions; lower is better:", "")
    yield from held_out_part.sensitivity_section(found)
    if looks:
        yield from ("", "## Attention", "", *looks)
    if ablations:
        yield from ("", "## Ablations", "")
        yield from training_part.ablation_section(ablations)
    yield from ("", "## What it cannot do", "")
    yield from _limits(seen, found)
    yield from ("", "## Seeds", "")
    hours = sum(cost.seconds for cost in costs) / 3600
    yield f"The training has seed {plan.seed} and was run once, for its stages add up to {hours:.1f} hours: intervals"
    yield "are over rows, not over trainings. How far scores move with the seed of short trainings from the same start,"
    yield "beside how far with the wording, is in [the study](study-mini/study.md)."
    yield f"Options are shown in the order of seed {found.tuned.description.seed}."


def _limits(seen: SeenTable, found: HeldOut) -> Iterator[str]:
    """Yield what the figures say against the model."""
    for (stage, prompts), shares in seen.held.items():
        short, poor = (sorted(name for name in shares if shares[name] < least) for least in (GOOD, POOR))
        if short:
            yield f"- Seen families, {stage}, {prompts}: {len(short)} of {len(shares)} are answered right in less than"
            yield f"  {GOOD:.0%}, and {len(poor)} in less than {POOR:.0%}{_these(poor)}."
    for stage in dict.fromkeys(stage for stage, _ in seen.held):
        known, other = (seen.held.get((stage, prompts)) for prompts in ("seen", "unseen"))
        if known and other:
            change = 100 * (mean(other.values()) - mean(known.values()))
            yield f"- Wordings that it was not trained on change {stage} by {change:+.1f} points on the seen families."
    of = f"of {len(found.tasks)} held-out tasks"
    above = held_out_part.told_apart(found.gains(found.tuned), 1)
    weak = [task for task in found.tasks if task not in above]
    if weak:
        yield f"- It is not above the best cheap strategy on {len(weak)} {of}{_these(weak)}."
    if guessed := held_out_part.at_chance(found.tuned.scores, found.tasks):
        yield f"- It does no better than guessing on {len(guessed)} {of}{_these(guessed)};"
        yield "  a low Sensitivity there says nothing."
    if worse := held_out_part.told_apart(found.changes, -1):
        yield f"- Tuning made it worse on {len(worse)} {of}{_these(worse)}."
    yield "- It has seen drawn pictures only: photographs, handwriting and other languages are beyond it."


def _these(names: Sequence[str]) -> str:
    return f": {', '.join(f'`{name}`' for name in names)}" if names else ""


@click.command()
@click.argument("training", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), default=OUTPUT, show_default=True, help="The card.")
@click.option("--recipe", type=click.Path(path_type=Path), default=RECIPE, show_default=True, help="Of the training.")
@click.option("--ablations", type=click.Path(path_type=Path), help="A recipe of ablations in the same folder.")
@click.option("--attention", type=click.Path(path_type=Path), help="What 'mibench analyze attention --json' printed.")
def main(
    training: Path,
    submissions: tuple[Path, ...],
    output: Path,
    recipe: Path,
    ablations: Path | None,
    attention: Path | None,
) -> None:
    """Write the model card of a TRAINING folder and SUBMISSIONS of its models and of cheap strategies."""
    from mibench.errors import InputError

    try:
        write_model_card(training, submissions, output, recipe=recipe, ablations=ablations, attention=attention)
    except InputError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()

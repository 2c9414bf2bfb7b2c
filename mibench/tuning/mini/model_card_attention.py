"""What a model card says of attention: where the decoders of base and tuned look, and the paper's hypothesis."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import msgspec

from mibench.analysis.shares import Report
from mibench.errors import InputError
from mibench.tuning.mini.model_card_training import table


def attention_section(file: Path) -> Iterator[str]:
    """Yield the lines of a table of where attention falls, and what the hypothesis comes to.

    Args:
        file: what `mibench analyze attention ofa-mini:base ofa-mini:tuned --json` printed.

    Raises:
        InputError: it is something else.

    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"no report on attention: {error}", file=file, remedy="mibench analyze attention") from None
    if found.hypothesis is None:
        raise InputError("a report on one model", file=file, remedy="give both ofa-mini:base and ofa-mini:tuned")
    difference = found.hypothesis.difference
    yield "Where the cross-attention of the decoder falls, in percent: means over layers, rows and tasks, beside what"
    yield "attention spread evenly over all positions would have (`mibench analyze attention`)."
    yield ""
    yield from table(["region", "even", *found.models], list(_rows(found)), texts=1)
    bounds = "" if difference.ci is None else " (95 % interval {:.1f} to {:.1f})".format(*map(_percent, difference.ci))
    yield ""
    yield f"Hypothesis, as the paper has it: {found.hypothesis.statement}. The difference is"
    yield f"{_percent(difference.value):.1f} points{bounds}: {found.hypothesis.verdict}."


def _rows(found: Report) -> Iterator[list[str]]:
    """Yield region, even share, and the share of each model, averaged over tasks."""
    models = list(zip(*(task.models for task in found.tasks.values()), strict=True))
    for region in models[0][0].regions:
        even = fmean(task.regions[region].even for task in models[0])
        shares = [fmean(task.regions[region].mean.value for task in model) for model in models]
        yield [region, *(f"{_percent(share):.1f}" for share in (even, *shares))]


def _percent(share: float) -> float:
    return 100 * share

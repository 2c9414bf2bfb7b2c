"""How well a model does on the seen families: fresh pictures, bare prompts, wordings it was trained on, and others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from mibench.data.mini.seen.family import Example, Family, Scenes, draw_examples
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.metrics.boxes import ENOUGH, iou
from mibench.ofa import OFAForConditionalGeneration, OFAProcessor
from mibench.ofa.encoder import OFAEncoderOutput
from mibench.ofa.scoring import OptionTries
from mibench.tuning.mini.batch import inputs_of
from mibench.tuning.mini.rows import Row, answer_tokens, row_of

Prompts = Literal["bare", "seen", "unseen"]
_BATCH = 64
_LONGEST = 24


class SeenScore(NamedTuple):
    """Right answers of one family under one kind of prompts.

    Attributes:
        family: its name.
        prompts: bare, seen or unseen wordings.
        rows: asked.
        free: answered right when anything may be written.
        held: answered right when only the options may be written; as `free` where there are none.

    """

    family: str
    prompts: Prompts
    rows: int
    free: int
    held: int


def seen_scores(
    model: OFAForConditionalGeneration,
    processor: OFAProcessor,
    families: Sequence[Family],
    features: Mapping[str, Tensor],
    *,
    prompts: Sequence[Prompts],
    count: int,
    pictures: int,
    side: int,
    seed: int = 0,
    watch: Callable[[Iterable[Family]], Iterable[Family]] = iter,
) -> Iterator[SeenScore]:
    """Yield the scores of families on examples that no training draws.

    Args:
        model: in evaluation mode.
        processor: of the model.
        families: to ask.
        features: of the trunk by kind of picture, of the test split.
        prompts: kinds of prompts.
        count: examples a family.
        pictures: of each kind, in the test split.
        side: rows, and columns, of patches in a picture.
        seed: of the seen world.
        watch: wraps the families, to show progress.

    """
    scenes = Scenes(seed)
    for family in watch(families):
        examples = list(draw_examples(family, scenes, "test", count, pictures=pictures))
        for kind in prompts:
            rows = [
                row_of(example, _template(family, example, kind, place), processor, side)
                for place, example in enumerate(examples)
            ]
            free, held = _right(model, processor, family, examples, rows, features)
            yield SeenScore(family.name, kind, count, free, held)


def _template(family: Family, example: Example, kind: Prompts, place: int) -> str:
    if kind == "bare":
        return bare_template(family, tuple(example.question.fields))
    known = getattr(wordings(family), kind)
    template: str = Random(f"test wording:{family.name}:{kind}:{place}").choice(known)
    return template


@torch.inference_mode()
def _right(
    model: OFAForConditionalGeneration,
    processor: OFAProcessor,
    family: Family,
    examples: Sequence[Example],
    rows: Sequence[Row],
    features: Mapping[str, Tensor],
) -> tuple[int, int]:
    """Return how many answers are right when anything may be written, and when only the options may."""
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].tokens))
    free = held = 0
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        encoded = model.encoder(**inputs_of(model, [rows[place] for place in places], features, model.device))
        asked = [examples[place] for place in places]

        def right(
            allowed: OptionTries | None, encoded: OFAEncoderOutput = encoded, asked: Sequence[Example] = asked
        ) -> int:
            found = model.generate(
                encoder_outputs=encoded,
                num_beams=1,
                do_sample=False,
                max_new_tokens=_LONGEST,
                prefix_allowed_tokens_fn=allowed,
            )
            texts = [processor.tokenizer.decode(tokens, skip_special_tokens=True).strip() for tokens in found]
            return sum(_is_right(family, example, text, processor) for example, text in zip(asked, texts, strict=True))

        by_any = right(None)
        told = asked[0].question.options
        free += by_any
        options = [_options(example, processor) for example in asked]
        held += right(OptionTries(options, model.config.eos_token_id)) if told else by_any
    return free, held


def _options(example: Example, processor: OFAProcessor) -> list[list[int]]:
    size = (example.width, example.height)
    return [answer_tokens(option, processor, size) for option in example.question.options]


def _is_right(family: Family, example: Example, text: str, processor: OFAProcessor) -> bool:
    size, target = (example.width, example.height), example.question.target
    if family.scored_by == "iou":
        boxes = processor.tokenizer.decode_boxes(text, *size)
        left, top, right, bottom = map(float, target.split())
        return bool(boxes) and iou(boxes[0], (left, top, right, bottom)) >= ENOUGH
    wanted_tokens = answer_tokens(target, processor, size)
    return text == str(processor.tokenizer.decode(wanted_tokens, skip_special_tokens=True)).strip()

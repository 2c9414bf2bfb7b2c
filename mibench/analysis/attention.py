"""Where the decoder of OFA looks while it writes its answer: cross-attention by region, layer and step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

from mibench.adapters.ofa import OFA, _Prompt, _together
from mibench.adapters.pictures import open_picture
from mibench.analysis.regions import (
    IMAGE,
    OTHER,
    REGIONS,
    ends_after_bins,
    ends_after_cleaning,
    ends_after_cut,
    piece_ends,
    piece_regions,
    regions_at,
)
from mibench.instances import Request
from mibench.ofa.encoder import OFAEncoderOutput
from mibench.ofa.tokenizer import clean_text
from mibench.prompts import Piece
from mibench.scoring.resampling import Floats

NO_GRID = (0, 0)


@dataclass(frozen=True)
class Question:
    """A request with the pieces of its prompt, and the group that it is resampled in."""

    request: Request
    pieces: Sequence[Piece]
    group: str


@dataclass(frozen=True)
class ReadText:
    """A prompt as the model reads it.

    Attributes:
        text: cleaned, with bins for boxes.
        starts: where each token begins in it, in characters; the marks of start and end are left out.
        regions: of each token, as its place in `REGIONS`.

    """

    text: str
    starts: Sequence[int]
    regions: Sequence[int]


@dataclass(frozen=True)
class Look:
    """Where a model looked for one answer.

    Attributes:
        question: what it was asked.
        answer: its answer.
        read: the text that it read.
        grid: rows and columns of patches.
        shares: of the cross-attention on each region, mean over heads, [layers, steps, regions]; sums to 1 over
            regions. A step is a token of the answer, its end mark included.
        even: the shares that attention spread evenly would have, [regions].
        positions: attention on each patch and then each token, marks included, mean over layers, heads and steps.

    """

    question: Question
    answer: str
    read: ReadText
    grid: tuple[int, int]
    shares: Floats
    even: Floats
    positions: Floats


class AttentiveOFA(OFA):
    """The adapter `ofa`, greedy, which also tells where it looked."""

    def __init__(self, folder: Path, device: str = "auto", **settings: str) -> None:
        """Load the model, as the adapter does.

        Args:
            folder: of a model in Hugging Face form.
            device: auto, or what torch calls it.
            settings: other arguments of the adapter, as `boxes`.

        Raises:
            InputError: it cannot be loaded.

        """
        self._text_read = ""
        super().__init__(str(folder), beams="1", device=device, **settings)

    @property
    def layers(self) -> int:
        """How many layers the decoder has."""
        count: int = self._model.config.decoder_layers
        return count

    def looks(self, questions: Sequence[Question]) -> Iterator[Look]:
        """Answer a batch of questions, and yield where the decoder looked, in order of what batches can share.

        Raises:
            InputError: a picture cannot be read.

        """
        paths = dict.fromkeys(one.request.image for one in questions if one.request.image is not None)
        pictures = {path: open_picture(path) for path in paths}
        prompts, read = list[_Prompt](), list[ReadText]()
        for place, question in enumerate(questions):
            prompt = self._prompt(place, question.request, pictures)
            prompts.append(prompt)
            read.append(self._read(question, prompt))
        for _, alike in groupby(sorted(prompts, key=_together), key=_together):
            yield from self._look(list(alike), questions, read)

    def _tokens(self, text: str, request: Request, size: tuple[int, int] | None) -> list[int]:
        self._text_read = text
        return super()._tokens(text, request, size)

    def _read(self, question: Question, prompt: _Prompt) -> ReadText:
        """Return what the model reads of a prompt; the last text that became tokens is the one that was kept."""
        text, request = self._text_read, question.request
        ends = piece_ends(question.pieces)
        if text != request.prompt:
            ends = ends_after_cut(ends, request, text)
        if prompt.size is not None and self._speaks_in_bins(request):
            binned = self._processor.boxes_to_bins(text, *prompt.size)
            text, ends = binned, ends_after_bins(ends, text, binned)
        cleaned, ends = clean_text(text), ends_after_cleaning(ends, text)
        encoded = self._processor.tokenizer(cleaned, return_offsets_mapping=True)
        assert encoded["input_ids"] == prompt.tokens
        starts = [start for start, _ in encoded["offset_mapping"][1:-1]]
        starts[:1] = [0] * len(starts[:1])  # the tokenizer counts the space that it puts in front
        return ReadText(cleaned, starts, regions_at(starts, ends, piece_regions(question.pieces)))

    @torch.inference_mode()
    def _look(
        self, prompts: Sequence[_Prompt], questions: Sequence[Question], read: Sequence[ReadText]
    ) -> Iterator[Look]:
        encoded: OFAEncoderOutput = self._model.encoder(**self._inputs(prompts))
        options = [self._option_tokens(prompt) for prompt in prompts]
        found = self._model.generate(
            encoder_outputs=encoded,
            num_beams=1,
            do_sample=False,
            **self._bounds(prompts, options),
        )
        weights = self._cross_attention(encoded, found)
        grid = encoded.patch_grid or NO_GRID
        patches = grid[0] * grid[1]
        for prompt, answer, known, attention in zip(prompts, found, options, weights, strict=True):
            text = read[prompt.place]
            regions = [*[IMAGE] * patches, OTHER, *text.regions, OTHER]
            members = np.eye(len(REGIONS))[regions]
            seen = attention[:, : self._steps(answer), : len(regions)]
            yield Look(
                question=questions[prompt.place],
                answer=self._text(prompt, answer[1:].tolist(), known),
                read=text,
                grid=grid,
                shares=seen @ members,
                even=members.mean(axis=0),
                positions=seen.mean(axis=(0, 1)),
            )

    def _cross_attention(self, encoded: OFAEncoderOutput, answers: torch.Tensor) -> Floats:
        """Return the attention to each position before each token of the answers, [rows, layers, steps, positions].

        Args:
            encoded: the prompts.
            answers: from the start token on, [rows, 1 + steps].

        """
        output = self._model(
            encoder_outputs=encoded, decoder_input_ids=answers[:, :-1], output_attentions=True, use_cache=False
        )
        by_layer = [weights.mean(dim=1).cpu().double() for weights in output.cross_attentions]
        found: Floats = torch.stack(by_layer, dim=1).numpy()
        return found

    def _steps(self, answer: torch.Tensor) -> int:
        """Return how many tokens an answer has, [1 + steps] with the start token, its end mark included."""
        ends = (answer[1:] == self._model.config.eos_token_id).nonzero()
        return int(ends[0]) + 1 if len(ends) else len(answer) - 1

"""Models that read a text with an encoder and write one with a decoder: T5, BART and their like."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench.adapters.base import Sight
from mibench.adapters.cutting import Cutter
from mibench.adapters.loading import find_device, find_dtype, load, load_weights, switch, whole_number
from mibench.errors import InputError
from mibench.instances import Prediction, Request

if TYPE_CHECKING:
    from torch import Tensor

UNLIMITED = 10**6
"""A tokenizer that allows as many tokens knows no limit."""
NUMBERS_TOGETHER = 2**26
"""Numbers of the encoder's states, or of the vocabulary's scores, that scoring options holds at once."""

Scores = tuple[list[float] | None, list[float] | None]


class Seq2Seq:
    """Any encoder-decoder for text that transformers loads, with its tokenizer."""

    sight: Sight = "blind"

    def __init__(
        self,
        pretrained: str,
        revision: str = "",
        dtype: str = "auto",
        device: str = "auto",
        device_map: str = "",
        attn_implementation: str = "",
        trust_remote_code: str = "false",
        beams: str = "1",
        score_options: str = "false",
        max_length: str = "",
        **quantisation: str,
    ) -> None:
        """Load the model.

        Args:
            pretrained: a folder, or a name on the Hub.
            revision: branch, tag or commit on the Hub.
            dtype: auto, fp32, bf16 or fp16; auto means as stored, and fp32 on a CPU.
            device: auto, or what torch calls it.
            device_map: how accelerate spreads the model over devices, as `auto`; by default it is on one.
            attn_implementation: as transformers names it.
            trust_remote_code: whether code that comes with the model may run.
            beams: width of the search; 1 is greedy.
            score_options: whether to record the log-probability of each option as well.
            max_length: tokens of a prompt that the model reads; by default what its tokenizer and configuration say.
            quantisation: arguments of transformers' BitsAndBytesConfig, as `load_in_4bit=true`.

        Raises:
            InputError: there is no such model or device, or it is no encoder-decoder.
            ValueError: an argument is unknown, or its value is.

        """
        self._beams = whole_number("beams", beams, least=1)
        self._scoring = switch("score_options", score_options)
        longest = whole_number("max_length", max_length, least=1) if max_length else None
        source = {"revision": revision or "main", "trust_remote_code": switch("trust_remote_code", trust_remote_code)}

        from mibench.adapters.quantisation import quantisation_config

        device = find_device(device)
        settings = {
            "device_map": device_map or device,
            "dtype": find_dtype(dtype, device),
            "attn_implementation": attn_implementation or None,
            "quantization_config": quantisation_config(quantisation, type(self)),
        }
        self._load(pretrained, source, settings)
        self._cutter = Cutter(longest or self._longest_known())
        self.model_name = Path(pretrained).resolve().name
        chosen = {"revision": revision, "attn_implementation": attn_implementation, **quantisation}
        self.decoding: Mapping[str, str | int | bool | None] = {
            "beams": self._beams,
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "max_length": self._cutter.longest,
            "score_options": self._scoring,
            **{name: value for name, value in chosen.items() if value},
        }

    def _load(self, pretrained: str, source: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        from mibench.adapters.generation import make_deterministic

        model: Any = load_weights(pretrained, AutoModelForSeq2SeqLM, **source, **settings)
        if not model.config.is_encoder_decoder:
            raise InputError(f"a model of type {model.config.model_type} has no encoder and decoder", file=pretrained)
        self._tokenizer: Any = load(pretrained, lambda: AutoTokenizer.from_pretrained(pretrained, **source))
        make_deterministic(model, self._tokenizer.pad_token_id)
        self._model = model.eval()

    def _longest_known(self) -> int | None:
        """Return how many tokens the model reads; None where its files do not say."""
        said = (self._tokenizer.model_max_length, getattr(self._model.config, "max_position_embeddings", None))
        return min((length for length in said if length and length < UNLIMITED), default=None)

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer a batch of requests; their prompts are encoded once, for generation and for the options' scores."""
        return [
            answer
            for limit, alike in groupby(requests, key=lambda request: request.max_new_tokens)
            for answer in self._answers(list(alike), limit)
        ]

    def _answers(self, requests: Sequence[Request], max_new_tokens: int) -> Iterator[Prediction]:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        with torch.inference_mode():
            tokens, mask = self._prompts(requests)
            states = self._model.get_encoder()(input_ids=tokens, attention_mask=mask).last_hidden_state
            found = self._model.generate(
                encoder_outputs=BaseModelOutput(last_hidden_state=states),
                attention_mask=mask,
                do_sample=False,
                num_beams=self._beams,
                max_new_tokens=max_new_tokens,
            )
            scores: Sequence[Scores] = [(None, None)] * len(requests)
            if self._scoring:
                scores = self._option_scores(requests, states, mask)
        texts = self._tokenizer.batch_decode(found, skip_special_tokens=True)
        for request, text, (sums, means) in zip(requests, texts, scores, strict=True):
            yield request.answered(text.strip(), sums, means)

    def _prompts(self, requests: Sequence[Request]) -> tuple["Tensor", "Tensor"]:
        """Return the tokens of all prompts, padded on the right, and which of them are real, [B, L] both."""
        import torch

        whole = self._tokenise([request.prompt for request in requests])
        rows = [
            self._cutter.cut(request, tokens, lambda text: self._tokenise([text])[0])
            for request, tokens in zip(requests, whole, strict=True)
        ]
        mask = _padded([[1] * len(row) for row in rows], 0)
        return (
            torch.tensor(_padded(rows, self._tokenizer.pad_token_id or 0), device=self._model.device),
            torch.tensor(mask, device=self._model.device),
        )

    def _tokenise(self, texts: list[str]) -> list[list[int]]:
        tokens: list[list[int]] = self._tokenizer(texts, verbose=False)["input_ids"]
        return tokens

    def _option_scores(self, requests: Sequence[Request], states: "Tensor", mask: "Tensor") -> list[Scores]:
        """Return the log-probability of each option as the whole answer, its end included, and that a token.

        Args:
            requests: the prompts; those without options get no scores.
            states: what the encoder made of them, [B, L, D].
            mask: which of its states are real, [B, L].

        """
        options = [self._option_tokens(request.options) for request in requests]
        rows = [row for row, known in enumerate(options) for _ in known]
        answers = [tokens for known in options for tokens in known]
        sums = iter(self._log_probabilities(answers, rows, states, mask))
        scores: list[Scores] = []
        for known in options:
            each = list(islice(sums, len(known)))
            means = [score / len(tokens) for score, tokens in zip(each, known, strict=True)]
            scores.append((each or None, means or None))
        return scores

    def _option_tokens(self, options: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each option as an answer, the end token included, the start token not."""
        if not options:
            return []
        start, end = self._start_token(), self._tokenizer.eos_token_id
        rows: list[list[int]] = self._tokenizer(text_target=list(options), verbose=False)["input_ids"]
        rows = [row[1:] if row[:1] == [start] else row for row in rows]
        return [row if end is None or end in row else [*row, end] for row in rows]

    def _start_token(self) -> int:
        """Return the token with which the decoder begins, found as generation finds it."""
        config = self._model.generation_config
        start: int | None = config.decoder_start_token_id
        return config.bos_token_id if start is None else start

    def _log_probabilities(
        self, answers: Sequence[list[int]], rows: Sequence[int], states: "Tensor", mask: "Tensor"
    ) -> Iterator[float]:
        """Yield the log-probability of each answer to the prompt in its row."""
        import torch
        from torch.nn.functional import cross_entropy
        from transformers.modeling_outputs import BaseModelOutput

        numbers = max(states[0].numel(), len(self._tokenizer) * max(map(len, answers), default=1))
        together = max(1, NUMBERS_TOGETHER // numbers)
        start, device = self._start_token(), self._model.device
        for first in range(0, len(answers), together):
            part, places = (
                answers[first : first + together],
                torch.tensor(rows[first : first + together], device=device),
            )
            logits = self._model(
                encoder_outputs=BaseModelOutput(last_hidden_state=states[places]),
                attention_mask=mask[places],
                decoder_input_ids=torch.tensor(_padded([[start, *row[:-1]] for row in part], start), device=device),
                use_cache=False,
            ).logits.float()
            targets = torch.tensor(_padded(part, -100), device=logits.device)
            losses = cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none", ignore_index=-100)
            yield from (-losses.double().view(targets.shape).sum(dim=1)).tolist()


def _padded(rows: Sequence[list[int]], padding: int) -> list[list[int]]:
    """Return rows of one length, padded on the right."""
    longest = max(map(len, rows))
    return [row + [padding] * (longest - len(row)) for row in rows]

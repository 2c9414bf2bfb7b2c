"""Ten requests to an OFA of random weights, two pictures x five wordings, beside a slow twin with the same weights.

The twin works in the way of the original code. It answers one request after another and runs the trunk for each; its
encoder builds the bias anew for each request and layer; its decoder builds anew, at each step, all biases of the whole
prefix, those towards the encoder for each beam; each beam has its own copy of the encoder's keys and values, which
follow the beams that survive; attention is written out. As in the original, keys and values are kept between steps.

Not of the original are: the twin's trunk, which is ours, with normalisation folded into the weights; buckets of
positions, which are remembered and not gathered from larger ones; biases within the answer, which are built once for
all beams; the encoder's positions, which are normalised anew at each step where the original copies them in the order
of the beams; and the search for beams, which is that of transformers on both sides.

Answers are compared first, which also warms both sides up, then timed in turns. The limit is three times as fast; the
script fails below it.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.profiler import ProfilerActivity, profile
from transformers import GenerationMixin
from transformers.cache_utils import EncoderDecoderCache

from mibench.ofa import OFAConfig, OFAForConditionalGeneration
from mibench.ofa.decoder import OFADecoder
from mibench.ofa.encoder import OFAEncoder, OFAEncoderOutput
from mibench.ofa.positions import NO_PATCHES, BiasTable, Grid, causal, hide, relative_bias, token_buckets

PICTURES, WORDINGS, SIDE = 2, 5, 384
SHORTEST, LONGEST = 30, 40
"""Tokens of a wording."""
BEAMS, NEW_TOKENS = 5, 16
SHARPNESS = 3.0
"""Factor of the weights of queries and keys; without it, attention is little but a mean, and all answers are alike."""
NEAR = 1e-4
"""Difference of scores, which are mean log-probabilities, up to which different answers count as tied."""
THREADS, RUNS, LIMIT = 2, 3, 3
STEPS = ("trunk", "encoder", "decoding")


class Original(OFAForConditionalGeneration):
    """The slow twin."""

    _expand_inputs_for_generation = GenerationMixin._expand_inputs_for_generation

    def __init__(self, config: OFAConfig) -> None:
        super().__init__(config)
        self.encoder = OriginalEncoder(config, self.encoder.embed_tokens)
        self.decoder = OriginalDecoder(config, self.encoder.embed_tokens)
        self.tie_weights()

    def _reorder_cache(self, cache: EncoderDecoderCache, beam_idx: Tensor) -> EncoderDecoderCache:
        cache.reorder_cache(beam_idx)
        return cache


class OriginalEncoder(OFAEncoder):
    def _layer_biases(self, length: int, grid: Grid) -> Iterator[Tensor]:
        absolute = self._absolute_bias(length, grid)
        for index in range(len(self.layers)):
            yield self._layer_bias(index, length, grid, absolute)


class OriginalDecoder(OFADecoder):
    def _layer_biases(self, start: int, end: int) -> Iterator[Tensor]:
        absolute = self._absolute_bias(end)
        buckets = token_buckets(end, self.config.token_bucket_size, absolute.device)
        for table in self.token_rel_pos_table_list:
            yield causal(absolute + relative_bias(table, buckets))[:, start:]

    def _cross_bias(self, start: int, end: int, outputs: OFAEncoderOutput, encoder: OFAEncoder) -> Tensor:
        rows, size, _ = outputs.last_hidden_state.shape
        grid = outputs.patch_grid or NO_PATCHES
        read = encoder.positions(size - grid[0] * grid[1], grid)
        keys = self._heads(self.cross_pos_k_linear(read.repeat(rows, 1, 1)))
        queries = self._heads(self.cross_pos_q_linear(self._positions(end).repeat(rows, 1, 1)))
        scaling = (queries.shape[-1] * self.config.attn_scale_factor) ** -0.5
        return hide((queries * scaling @ keys.transpose(2, 3))[:, :, start:], outputs.attention_mask)

    def _heads(self, positions: Tensor) -> Tensor:
        return positions.unflatten(2, (self.config.decoder_attention_heads, -1)).transpose(1, 2)


class Requests(NamedTuple):
    """Pictures, [2, 3, side, side], and of each request its text and the place of its picture."""

    pixels: Tensor
    texts: list[Tensor]
    pictures: list[int]


class Answers(NamedTuple):
    """Tokens, [B, 17], and scores, [B]; these only where asked for, since keeping them costs time."""

    tokens: Tensor
    scores: Tensor | None


class Watch:
    """Sums up the seconds of each step."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)

    def __call__(self, step: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        done = work()
        self.seconds[step] += time.perf_counter() - begin
        return done


def make_models(size: str) -> tuple[OFAForConditionalGeneration, Original]:
    torch.manual_seed(0)
    ours = OFAForConditionalGeneration(OFAConfig.of_size(size)).eval()
    for name, module in ours.named_modules():
        if isinstance(module, BiasTable):
            nn.init.normal_(module.weight)
        elif isinstance(module, nn.Linear) and module is not ours.decoder.output_projection:
            factor = SHARPNESS if name.endswith((".q_proj", ".k_proj")) else 1.0
            nn.init.normal_(module.weight, std=factor * module.in_features**-0.5)
    theirs = Original(OFAConfig.of_size(size, attn_implementation="eager")).eval()
    theirs.load_state_dict(ours.state_dict())
    for model in (ours, theirs):
        model.generation_config.forced_eos_token_id = None  # else it contradicts `min_new_tokens` at the last step
    return ours, theirs


def make_requests(config: OFAConfig) -> Requests:
    draw = torch.Generator().manual_seed(0)
    wordings = []
    for length in torch.linspace(SHORTEST, LONGEST, WORDINGS).int().tolist():
        words = torch.randint(4, 50_000, (length - 2,), generator=draw).tolist()
        wordings.append(torch.tensor([config.bos_token_id, *words, config.eos_token_id]))
    pixels = torch.randn(PICTURES, 3, SIDE, SIDE, generator=draw)
    return Requests(pixels, wordings * PICTURES, [picture for picture in range(PICTURES) for _ in wordings])


def answer(model: OFAForConditionalGeneration, requests: Requests, watch: Watch, *, scored: bool = False) -> Answers:
    """Answer all requests together, each picture encoded once."""
    texts = pad_sequence(requests.texts, batch_first=True, padding_value=model.config.pad_token_id).to(model.device)
    index = torch.tensor(requests.pictures, device=model.device)
    pixels = requests.pixels.to(model.device)
    features = watch("trunk", lambda: model.encode_image(pixels))
    encoded = watch("encoder", lambda: model.encoder(texts, image_features=features, image_index=index))
    found = watch("decoding", lambda: generate(model, encoded, scored=scored))
    return Answers(found.sequences, found.sequences_scores if scored else None)


def answer_singly(model: Original, requests: Requests, watch: Watch, *, scored: bool = False) -> Answers:
    """Answer one request after another."""
    singles = [
        answer(model, Requests(requests.pixels[picture, None], [text], [0]), watch, scored=scored)
        for text, picture in zip(requests.texts, requests.pictures, strict=True)
    ]
    tokens = torch.cat([single.tokens for single in singles])
    return Answers(tokens, torch.cat([single.scores for single in singles]) if scored else None)


def generate(model: OFAForConditionalGeneration, encoded: OFAEncoderOutput, *, scored: bool) -> Any:
    return model.generate(
        encoder_outputs=encoded,
        num_beams=BEAMS,
        min_new_tokens=NEW_TOKENS,
        max_new_tokens=NEW_TOKENS,
        no_repeat_ngram_size=3,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=scored,
    )


def compare(ours: Answers, theirs: Answers) -> None:
    """Say how well the answers agree, and stop where they do not."""
    distinct = len(ours.tokens.unique(dim=0))
    if distinct <= len(ours.tokens) // 2:
        raise SystemExit(f"only {distinct} of {len(ours.tokens)} answers are distinct, so that comparing says little")
    different = int((ours.tokens != theirs.tokens).any(dim=1).sum())
    gap = (ours.scores - theirs.scores).abs().max().item()
    if gap > NEAR:
        raise SystemExit(f"{different} of {len(ours.tokens)} answers differ, and scores by up to {gap:.0e}")
    agreement = f"{different} answers differ, by ties alone" if different else "All tokens are equal"
    print(f"{agreement}; scores differ by up to {gap:.0e}. Distinct answers: {distinct} of {len(ours.tokens)}.\n")


def seconds(answering: Callable[..., Answers], *arguments: Any) -> list[float]:
    """Return the seconds of each step, and of all."""
    watch = Watch()
    answering(*arguments, watch)
    return [*watch.seconds.values(), sum(watch.seconds.values())]


def print_table(size: str, theirs: list[list[float]], ours: list[list[float]]) -> float:
    """Print the medians of runs, and return the ratio of the whole."""
    print(f"| {size}, {WORDINGS * PICTURES} requests | original's way, s | mibench, s | ratio |\n|---|---:|---:|---:|")
    for title, slow, fast in zip((*STEPS, "all"), zip(*theirs, strict=True), zip(*ours, strict=True), strict=True):
        ratio = statistics.median(one / two for one, two in zip(slow, fast, strict=True))
        print(f"| {title} | {statistics.median(slow):.2f} | {statistics.median(fast):.2f} | {ratio:.1f} |")
    return ratio


def print_agreement(model: OFAForConditionalGeneration, requests: Requests) -> None:
    """Say how many tokens are the same in bf16 as in fp32; the model is changed."""
    exact, rounded = (
        answer(model.to("cuda", dtype), requests, Watch()).tokens[:, 1:] for dtype in (torch.float32, torch.bfloat16)
    )
    same = int((exact == rounded).sum())
    print(f"\nbf16 beside fp32, {torch.cuda.get_device_name()}: {same} of {exact.numel()} tokens are equal.")


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("tiny", "medium", "base", "large"), default="tiny")
    parser.add_argument("--profile", action="store_true", help="say instead which operations take our time")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    ours, theirs = make_models(arguments.size)
    requests = make_requests(ours.config)
    if arguments.profile:
        answer(ours, requests, Watch())
        with profile(activities=[ProfilerActivity.CPU]) as found:
            answer(ours, requests, Watch())
        print(found.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=40))
        return
    compare(answer(ours, requests, Watch(), scored=True), answer_singly(theirs, requests, Watch(), scored=True))
    times = [(seconds(answer_singly, theirs, requests), seconds(answer, ours, requests)) for _ in range(RUNS)]
    ratio = print_table(arguments.size, *map(list, zip(*times, strict=True)))
    if torch.cuda.is_available():
        print_agreement(ours, requests)
    if ratio < LIMIT:
        raise SystemExit(f"below the limit of {LIMIT} times as fast")


if __name__ == "__main__":
    main()

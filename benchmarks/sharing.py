"""Answers a second of `image-text` where five wordings share their picture, beside those where each reads its own.

The model is a LLaVA with random weights: a vision tower of 6 layers and a language model of 4, both 256 wide; with
`--config 7b`, of the size of LLaVA-1.5-7B. Wordings are 30 words that share no beginning; answers are 6 tokens. Both
sides are the adapter with the same model, and differ in `share_image` alone; in fp32, their answers must be equal. They
are timed in turns, from the files of the pictures to the texts of the answers. The limit is three times as fast with
256 image tokens, and the script fails below it.

Peak memory is what torch holds at most beside the weights, in a run of its own: by its profiler on a CPU, by its
allocator on CUDA. With `--peak`, operations are counted, and the share of what the card could do is told.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    AutoModelForImageTextToText,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from mibench.adapters.image_text import ImageText
from mibench.adapters.loading import DTYPES
from mibench.instances import Request

WORDINGS, WORDS, NEW_TOKENS, PATCH = 5, 30, 6, 14
VOCABULARY = ["<pad>", "<s>", "</s>", "<unk>", "<image>", *(f"word{number}" for number in range(1000))]
SIZES = {
    "small": {"vision": (256, 1024, 6, 4), "language": (256, 1024, 4, 4), "pictures": 4, "tokens": (0, 64, 256, 1024)},
    "7b": {"vision": (1024, 4096, 24, 16), "language": (4096, 11008, 32, 32), "pictures": 8, "tokens": (0, 256, 576)},
}
"""Width, inner width, layers and heads; pictures a batch; image tokens a picture."""
TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{{ '<image>' if part['type'] == 'image' else ' ' + part['text'] }}{% endfor %}{% endfor %}"
)
SHARPNESS = 3.0
"""Factor of the weights of queries and keys; without it, attention is little but a mean, and all answers are alike."""
THREADS, RUNS, LIMIT, LIMIT_AT = 2, 7, 3, 256


def shape(width: int, inner: int, layers: int, heads: int) -> dict[str, int]:
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
    }


def make_model(size: str, side: int, device: str, dtype: str) -> LlavaForConditionalGeneration:
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(image_size=side, patch_size=PATCH, **shape(*SIZES[size]["vision"])),
        text_config=LlamaConfig(
            vocab_size=len(VOCABULARY), max_position_embeddings=4096, **shape(*SIZES[size]["language"])
        ),
        image_token_id=VOCABULARY.index("<image>"),
        dtype=DTYPES[dtype],
    )
    torch.manual_seed(0)
    with torch.device(device):
        model = LlavaForConditionalGeneration._from_config(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                factor = SHARPNESS if name.endswith(("q_proj.weight", "k_proj.weight")) else 1.0
                weight.normal_(std=factor * weight.shape[1] ** -0.5)
    model.generation_config.eos_token_id = None
    return model


def write_processor(folder: Path, side: int) -> None:
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(VOCABULARY)}, "<unk>"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Whitespace(), decoders.WordPiece()
    names = {f"{name}_token": f"<{mark}>" for name, mark in [("pad", "pad"), ("bos", "s"), ("unk", "unk")]}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, extra_special_tokens=["<image>"], **names)
    images = CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    LlavaProcessor(
        images,
        fast,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    ).save_pretrained(folder)


def make_requests(folder: Path, pictures: int, side: int | None) -> list[Request]:
    draw, requests = random.Random(0), []
    for number in range(pictures):
        path = folder / f"{number}.png"
        if side is not None:
            pixels = np.random.default_rng(number).integers(0, 255, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path)
        for wording in range(WORDINGS):
            words = [VOCABULARY[5 + wording], *draw.choices(VOCABULARY[5:], k=WORDS - 1)]
            requests.append(
                Request(
                    task="t",
                    instance=str(number),
                    instruction=wording + 1,
                    prompt=" ".join(words),
                    image=None if side is None else str(path),
                    options=(),
                    max_new_tokens=NEW_TOKENS,
                )
            )
    return requests


def compare(apart: Sequence[str], shared: Sequence[str], dtype: str) -> None:
    """Stop where answers in fp32 differ; in fewer bits, say how many are equal, for ties are broken by rounding."""
    if len(set(apart)) <= len(apart) // 2:
        raise SystemExit(f"only {len(set(apart))} of {len(apart)} answers are distinct, so that comparing says little")
    equal = sum(one == other for one, other in zip(apart, shared, strict=True))
    if dtype != "fp32":
        print(f"{equal} of {len(apart)} answers are equal in {dtype}", file=sys.stderr)
    elif equal < len(apart):
        raise SystemExit(f"{len(apart) - equal} of {len(apart)} answers differ")


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def peak_memory(work: Callable[[], object], device: str) -> float:
    """Return the MiB that torch holds at most, beside what it holds already."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        work()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        found.export_chrome_trace(file.name)
        events = json.loads(Path(file.name).read_bytes())["traceEvents"]
    return max(event["args"]["Total Allocated"] for event in events if event.get("name") == "[memory]") / 2**20


def share_of_peak(work: Callable[[], object], seconds: float, peak: float) -> str:
    with FlopCounterMode(display=False) as counter:
        work()
    return f"{counter.get_total_flops() / seconds / (peak * 1e12):.0%}"


def measure(tokens: int, arguments: argparse.Namespace, folder: Path) -> float:
    """Print one line of the table, and return the ratio."""
    side = PATCH * (round(tokens**0.5) or 16)
    model = make_model(arguments.config, side, arguments.device, arguments.dtype)
    write_processor(folder, side)
    model.config.save_pretrained(folder)
    requests = make_requests(folder, SIZES[arguments.config]["pictures"], side if tokens else None)
    loaded = (model, {"missing_keys": set()})
    with patch.object(AutoModelForImageTextToText, "from_pretrained", lambda *_, **__: loaded):
        adapters = [
            ImageText(str(folder), device=arguments.device, dtype=arguments.dtype, share_image=share)
            for share in ("false", "true")
        ]
    apart, shared = ([answer.text for answer in adapter.predict(requests)] for adapter in adapters)
    compare(apart, shared, arguments.dtype)
    works = [lambda adapter=adapter: adapter.predict(requests) for adapter in adapters]
    times = [[seconds(work) for work in works] for _ in range(RUNS)]
    ratio = statistics.median(slow / fast for slow, fast in times)
    medians = [statistics.median(side) for side in zip(*times, strict=True)]
    cells = [f"{len(requests) / median:.1f}" for median in medians] + [f"{ratio:.1f}"]
    cells += [f"{peak_memory(work, arguments.device):.0f}" for work in works]
    if arguments.peak:
        cells += [share_of_peak(*pair, arguments.peak) for pair in zip(works, medians, strict=True)]
    print(f"| {tokens} | {' | '.join(cells)} |")
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32")
    parser.add_argument("--config", choices=tuple(SIZES), default="small")
    parser.add_argument("--peak", type=float, help="TFLOP/s that the device could do, as 989 of an H100 in bf16")
    arguments = parser.parse_args()
    if "OMP_WAIT_POLICY" not in os.environ:  # threads that wait for each other shall give way where cores are shared
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OMP_WAIT_POLICY": "passive"})
    torch.set_num_threads(THREADS)
    columns = ["image tokens", "apart, rows/s", "shared, rows/s", "ratio", "apart, peak MiB", "shared, peak MiB"]
    columns += ["apart, of peak", "shared, of peak"] if arguments.peak else []
    print(f"| {' | '.join(columns)} |\n|{'---:|' * len(columns)}")
    with tempfile.TemporaryDirectory() as folder:
        ratios = {tokens: measure(tokens, arguments, Path(folder)) for tokens in SIZES[arguments.config]["tokens"]}
    if ratios[LIMIT_AT] < LIMIT:
        raise SystemExit(f"below the limit of {LIMIT} times as fast with {LIMIT_AT} image tokens")


if __name__ == "__main__":
    main()

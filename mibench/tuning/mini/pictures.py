"""The seen world's pictures as a model sees them, drawn once and kept in a folder."""

import multiprocessing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from mibench.data.mini.seen.family import Family, Scenes, Split
from mibench.data.mini.seen.scene import World

_TOGETHER = 64


def worlds_of(families: Iterable[Family]) -> dict[str, World]:
    """Return the kinds of pictures that the families ask about, by name and in its order."""
    worlds = {name: world for family in families for name, world in (family.worlds or {}).items()}
    return dict(sorted(worlds.items()))


def seen_pictures(
    worlds: Mapping[str, World],
    folder: Path,
    *,
    split: Split,
    count: int,
    side: int,
    seed: int,
    processes: int = 1,
    watch: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> dict[str, Tensor]:
    """Return the first pictures of each kind, uint8 [count, side, side, 3]; what the folder holds is not drawn again.

    Args:
        worlds: kinds of pictures by name.
        folder: where they are kept, one file a kind.
        split: train or test.
        count: pictures of each kind.
        side: of the square that they are resized to, in pixels.
        seed: of the seen world.
        processes: that draw side by side.
        watch: wraps the names of the kinds, to show progress.

    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for name in watch(worlds):
            file = folder / f"{name}-{split}-{count}-{side}-{seed}.safetensors"
            if not file.exists():
                jobs = [(name, worlds[name], split, seed, side, start, count) for start in range(0, count, _TOGETHER)]
                drawn = np.concatenate(pool.starmap(_draw, jobs))
                part = file.with_suffix(".part")
                save_file({"pixels": torch.from_numpy(drawn)}, part)
                part.rename(file)
            pictures[name] = load_file(file)["pixels"]
    return pictures


def _draw(
    name: str, world: World, split: Split, seed: int, side: int, start: int, count: int
) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    scenes = Scenes(seed)
    drawn = []
    for number in range(start, min(start + _TOGETHER, count)):
        pixels = Image.fromarray(scenes.get(name, world, split, number).draw().pixels())
        drawn.append(np.asarray(pixels.resize((side, side), Image.Resampling.BICUBIC)))
    return np.stack(drawn)


def normalised(pixels: Tensor) -> Tensor:
    """Return pictures uint8 [I, H, W, 3] as the trunk reads them, float32 [I, 3, H, W] in [-1, 1]."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1

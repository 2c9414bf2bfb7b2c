"""Training an image trunk from nothing: it learns to say of each patch what lies there.

The heads that say so help in training only; what is kept is the trunk.
"""

from collections.abc import Mapping, Sequence
from random import Random

import torch
from torch import Tensor, nn
from torch.nn import functional

from mibench.data.mini.visual.shapes import COLOURS, SHAPES, SIZES
from mibench.ofa.trunk import STRIDE, InferenceBatchNorm, Trunk
from mibench.tuning.loop import Loss
from mibench.tuning.mini.dense_labels import LETTERS, MOST, SLOTS, Classes, Labels
from mibench.tuning.mini.pictures import normalised
from mibench.tuning.mini.recipe import TrunkStage
from mibench.tuning.padding import IGNORED

WEIGHTS = {
    "name": 1.0,
    "colour": 0.5,
    "size": 0.3,
    "word": 0.5,
    "letters": 0.5,
    "number": 0.3,
    "kinds": 5.0,
    "edges": 0.2,
    "facts": 0.2,
}
"""Of each loss in the sum."""
EACH = ("name", "colour", "size", "word", "number")
"""Kinds of labels that are one class a patch."""
NOTHING = 0.1
"""Weight of a patch with nothing in it."""


class DenseHeads(nn.Module):
    """Linear maps from a patch's features to its labels."""

    def __init__(self, channels: int, classes: Classes) -> None:
        super().__init__()
        outputs = {
            "name": len(classes.names) + 1,
            "colour": len(COLOURS) + 1,
            "size": len(SIZES) + 1,
            "word": len(classes.words) + 1,
            "letters": SLOTS * (len(LETTERS) + 1),
            "number": MOST + 1,
            "kinds": len(SHAPES) * len(COLOURS),
            "edges": 4,
        }
        self.norm = nn.LayerNorm(channels)
        self.heads = nn.ModuleDict({name: nn.Linear(channels, width) for name, width in outputs.items()})
        self.facts = nn.ModuleList(nn.Linear(channels, len(values)) for values in classes.facts.values())

    def losses(self, features: Tensor, labels: Labels) -> dict[str, Tensor]:
        """Return the mean loss of each kind of label.

        Args:
            features: of patches, [B, channels, rows, columns].
            labels: of B pictures, stacked.

        """
        states = self.norm(features.permute(0, 2, 3, 1))
        said = {name: head(states) for name, head in self.heads.items()}
        thing = labels.name != 0
        losses = {name: _entropy(said[name], getattr(labels, name), NOTHING) for name in EACH}
        losses["letters"] = _entropy(said["letters"].unflatten(-1, (SLOTS, -1)), labels.letters, NOTHING)
        losses["kinds"] = functional.binary_cross_entropy_with_logits(said["kinds"], labels.kinds)
        apart = functional.smooth_l1_loss(said["edges"][thing], labels.edges[thing], beta=0.02, reduction="sum")
        losses["edges"] = apart / max(int(thing.sum()) * 4, 1) * 10
        whole = states.mean((1, 2))
        losses["facts"] = torch.stack(
            [_entropy(head(whole), labels.facts[:, place]) for place, head in enumerate(self.facts)]
            or [whole.sum() * 0]
        ).mean()
        return losses

    @torch.no_grad()
    def hits(self, features: Tensor, labels: Labels) -> dict[str, tuple[int, int]]:
        """Return how many patches with something to say were said right, and how many there are."""
        states = self.norm(features.permute(0, 2, 3, 1))
        found = {}
        for name in EACH:
            wanted = getattr(labels, name)
            asked = wanted > 0
            found[name] = (int((self.heads[name](states).argmax(-1) == wanted)[asked].sum()), int(asked.sum()))
        letters = self.heads["letters"](states).unflatten(-1, (SLOTS, -1)).argmax(-1)
        asked = labels.letters > 0
        found["letters"] = (int((letters == labels.letters)[asked].sum()), int(asked.sum()))
        whole = states.mean((1, 2))
        for place, head in enumerate(self.facts):
            wanted = labels.facts[:, place]
            right, there = found.get("facts", (0, 0))
            told = wanted != IGNORED
            found["facts"] = (right + int((head(whole).argmax(-1) == wanted)[told].sum()), there + int(told.sum()))
        return found


def _entropy(logits: Tensor, wanted: Tensor, nothing: float = 1.0) -> Tensor:
    """Return the mean cross entropy; a patch of class 0 counts as so much of one with something in it."""
    if not bool((wanted != IGNORED).any()):
        return logits.sum() * 0
    weight = torch.ones(logits.shape[-1], device=logits.device)
    weight[0] = nothing
    return functional.cross_entropy(logits.flatten(0, -2), wanted.flatten(), weight, ignore_index=IGNORED)


def stacked(labels: Sequence[Labels]) -> Labels:
    """Return labels of several pictures as those of a batch."""
    return Labels(*(torch.stack(parts) for parts in zip(*labels, strict=True)))


def grid_of(side: int) -> tuple[int, int]:
    """Return the rows and columns of patches of a square picture."""
    return -(-side // STRIDE), -(-side // STRIDE)


Picture = tuple[str, int]
"""Kind and number."""


class TrunkTraining(nn.Module):
    """A trunk with the heads that it is trained by."""

    def __init__(self, trunk: Trunk, classes: Classes) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = DenseHeads(trunk.channels, classes)


class TrunkSource:
    """Pictures to train on, the same for the same step; drawn evenly from their kinds, until some come more often."""

    def __init__(self, counts: Mapping[str, int], stage: TrunkStage, *, seed: int) -> None:
        """Keep the number of pictures of each kind.

        Args:
            counts: by kind.
            stage: how many pictures a step, and which kinds come more often later.
            seed: of the draws.

        """
        self._counts, self._stage, self._seed = counts, stage, seed

    def rows(self, step: int) -> list[Picture]:
        """Return the pictures of a step."""
        random, names, stage = Random(f"trunk:{self._seed}:{step}"), sorted(self._counts), self._stage
        chosen = [names[(step * stage.batch + place) % len(names)] for place in range(stage.batch)]
        if stage.late_kinds and step >= stage.late_from:
            late = round(stage.late_share * stage.batch)
            chosen[:late] = [stage.late_kinds[(step * late + place) % len(stage.late_kinds)] for place in range(late)]
        return [(name, random.randrange(self._counts[name])) for name in chosen]


class TrunkObjective:
    """The weighted sum of the losses of `DenseHeads`."""

    def __init__(self, pictures: Mapping[str, Tensor], labels: Mapping[str, Labels]) -> None:
        """Keep what is trained on.

        Args:
            pictures: uint8 [count, side, side, 3] by kind.
            labels: theirs, stacked, by kind.

        """
        self._pictures, self._labels = pictures, labels

    def batch(self, rows: Sequence[Picture]) -> tuple[Tensor, Labels]:
        """Return pictures float32 [B, 3, side, side] and their labels."""
        pixels = torch.stack([self._pictures[name][number] for name, number in rows])
        labels = stacked([Labels(*(part[number] for part in self._labels[name])) for name, number in rows])
        return normalised(pixels), labels

    def __call__(self, model: nn.Module, rows: list[Picture], device: torch.device) -> Loss:
        """Return the loss of some pictures."""
        assert isinstance(model, TrunkTraining)
        pixels, labels = self.batch(rows)
        pixels, labels = pixels.to(device), Labels(*(part.to(device) for part in labels))
        features = model.trunk(pixels).float()
        with torch.autocast(device.type, enabled=False):
            losses = model.heads.losses(features, labels)
        total = torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()
        parts = {f"loss/{name}": loss.detach() * len(rows) for name, loss in losses.items()}
        for name, (right, there) in model.heads.hits(features.detach(), labels).items():
            parts[f"right/{name}"] = torch.tensor(right / max(there, 1) * len(rows))
        return Loss(total * len(rows), len(rows), parts)


@torch.no_grad()
def calibrate(trunk: Trunk, pixels: Tensor) -> None:
    """Store the statistics of pictures [B, 3, H, W] in the trunk's normalisations, which nothing updates later.

    So every layer of a new trunk starts with features of mean 0 and variance 1.
    """

    def store(module: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(module, InferenceBatchNorm)
        variance, mean = torch.var_mean(inputs[0].detach(), dim=(0, 2, 3))
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)

    norms = [module for module in trunk.modules() if isinstance(module, InferenceBatchNorm)]
    handles = [norm.register_forward_pre_hook(store) for norm in norms]
    with torch.enable_grad():
        trunk(pixels)
    for handle in handles:
        handle.remove()


@torch.no_grad()
def features_of(trunk: Trunk, pictures: Tensor, *, batch: int = 8) -> Tensor:
    """Return the features of pictures uint8 [I, side, side, 3], float16 [I, rows, columns, channels]."""
    found = [trunk(normalised(part)).permute(0, 2, 3, 1).half() for part in torch.split(pictures, batch)]
    return torch.cat(found)

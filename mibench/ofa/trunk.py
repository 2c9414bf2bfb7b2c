"""The image trunk of OFA: a ResNet of bottleneck blocks cut after its third stage (He et al., 2016, version 1.5)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mibench.ofa.positions import Stamp, stamp_of

WIDTHS = (64, 128, 256)
"""Inner channels of the three stages of a ResNet; each stage gives four times as many."""

EXPANSION = 4

STRIDE = 16
"""Pixels of the image to a cell of the features, each way."""


class _Folded(NamedTuple):
    stamp: Stamp
    weight: Tensor
    bias: Tensor


class InferenceBatchNorm(nn.Module):
    """Batch normalisation by stored statistics, in training as well: OFA never updates them."""

    weight: nn.Parameter
    bias: nn.Parameter
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Normalise features, [B, C, H, W]."""
        return functional.batch_norm(
            features, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
        )


class NormedConv(nn.Conv2d):
    """A convolution that takes the normalisation after it into its weights where no gradient is asked for."""

    _folded: _Folded | None = None

    def normed(self, features: Tensor, norm: InferenceBatchNorm) -> Tensor:
        """Return `norm(self(features))`, [B, C, H, W]."""
        if torch.is_grad_enabled() or torch.is_autocast_enabled(features.device.type):
            normed: Tensor = norm(self(features))
            return normed
        folded = self._fold(norm)
        return functional.conv2d(features, folded.weight, folded.bias, self.stride, self.padding)

    def _fold(self, norm: InferenceBatchNorm) -> _Folded:
        stamp = stamp_of((self.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var))
        if self._folded is None or self._folded.stamp != stamp:
            scale = norm.weight.float() * torch.rsqrt(norm.running_var.float() + norm.eps)
            bias = norm.bias.float() - norm.running_mean.float() * scale
            weight = (self.weight.float() * scale[:, None, None, None]).to(self.weight.dtype)
            self._folded = _Folded(
                stamp, weight.contiguous(memory_format=torch.channels_last), bias.to(self.weight.dtype)
            )
        return self._folded

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_folded"}


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> NormedConv:
    return NormedConv(inputs, outputs, side, stride=stride, padding=side // 2, bias=False)


class Bottleneck(nn.Module):
    """A residual block 1x1, 3x3, 1x1; the stride is that of the middle one."""

    def __init__(self, inputs: int, width: int, stride: int, drop_path: float) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.conv1 = _convolution(inputs, width, 1)
        self.bn1 = InferenceBatchNorm(width)
        self.conv2 = _convolution(width, width, 3, stride)
        self.bn2 = InferenceBatchNorm(width)
        self.conv3 = _convolution(width, outputs, 1)
        self.bn3 = InferenceBatchNorm(outputs)
        self.downsample: nn.ModuleList | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.ModuleList([_convolution(inputs, outputs, 1, stride), InferenceBatchNorm(outputs)])
        self.drop_path = drop_path

    def forward(self, features: Tensor) -> Tensor:
        """Return the block's features, [B, 4 * width, H / stride, W / stride]."""
        inner = functional.relu_(self.conv1.normed(features, self.bn1))
        inner = functional.relu_(self.conv2.normed(inner, self.bn2))
        inner = drop_path(self.conv3.normed(inner, self.bn3), self.drop_path if self.training else 0.0)
        if self.downsample is not None:
            convolution, norm = self.downsample
            assert isinstance(convolution, NormedConv)
            assert isinstance(norm, InferenceBatchNorm)
            features = convolution.normed(features, norm)
        return functional.relu_(inner + features)


class Trunk(nn.Module):
    """ResNet up to its third stage; parameter names are torchvision's.

    Args:
        blocks: bottleneck blocks of each stage; see `mibench.ofa.configuration.TRUNKS`.
        drop_path_rate: how often the last block of a stage is left out in training; it grows linearly up to it.
        widths: inner channels of the stages; the first is that of the stem too.

    """

    def __init__(
        self, blocks: tuple[int, int, int], drop_path_rate: float = 0.0, widths: Sequence[int] = WIDTHS
    ) -> None:
        super().__init__()
        first, second, third = widths
        self.channels = EXPANSION * third
        self.conv1 = _convolution(3, first, 7, stride=2)
        self.bn1 = InferenceBatchNorm(first)
        self.layer1 = _stage(first, first, blocks[0], 1, drop_path_rate)
        self.layer2 = _stage(EXPANSION * first, second, blocks[1], 2, drop_path_rate)
        self.layer3 = _stage(EXPANSION * second, third, blocks[2], 2, drop_path_rate)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the features of images [B, 3, H, W]: [B, channels, H / 16, W / 16], each side rounded up."""
        pixels = pixel_values.contiguous(memory_format=torch.channels_last)
        features = functional.relu_(self.conv1.normed(pixels, self.bn1))
        features = functional.max_pool2d(features, kernel_size=3, stride=2, padding=1)
        for stage in (self.layer1, self.layer2, self.layer3):
            features = stage(features)
        return features


def _stage(inputs: int, width: int, blocks: int, stride: int, drop_path_rate: float) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride, 0.0)
    rates = [drop_path_rate * index / max(blocks - 1, 1) for index in range(1, blocks)]
    return nn.Sequential(first, *(Bottleneck(EXPANSION * width, width, 1, rate) for rate in rates))


def drop_path(branch: Tensor, rate: float) -> Tensor:
    """Leave a residual branch [B, ...] out for some of its rows, and make up for it in the others.

    Stochastic depth (Huang et al., 2016); the rate 0 changes nothing.
    """
    if rate == 0:
        return branch
    kept = torch.rand(branch.shape[:1] + (1,) * (branch.dim() - 1), device=branch.device) >= rate
    return branch * (kept / (1 - rate)).to(branch.dtype)

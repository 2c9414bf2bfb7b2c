"""The released sizes of OFA."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """A released size of OFA: its widths, its layers (encoder, decoder), attention heads and image trunk."""

    d_model: int
    ffn: int
    layers: tuple[int, int]
    heads: int
    trunk: str

    @property
    def settings(self) -> dict[str, str | int]:
        """What a config of this size says of its architecture."""
        return {
            "d_model": self.d_model,
            "encoder_ffn_dim": self.ffn,
            "decoder_ffn_dim": self.ffn,
            "encoder_layers": self.layers[0],
            "decoder_layers": self.layers[1],
            "encoder_attention_heads": self.heads,
            "decoder_attention_heads": self.heads,
            "resnet_type": self.trunk,
        }


SIZES: Mapping[str, Size] = {
    "tiny": Size(256, 1024, (4, 4), 4, "resnet50"),
    "medium": Size(512, 2048, (4, 4), 8, "resnet101"),
    "base": Size(768, 3072, (6, 6), 12, "resnet101"),
    "large": Size(1024, 4096, (12, 12), 16, "resnet152"),
    "huge": Size(1280, 5120, (24, 12), 16, "resnet152"),
}

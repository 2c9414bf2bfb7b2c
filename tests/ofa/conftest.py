import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import ClassVar

import pytest

REPOSITORY = Path(__file__).parent.parent.parent

collect_ignore = []
if not all(map(importlib.util.find_spec, ("torch", "transformers"))):
    collect_ignore += [f"test_{name}.py" for name in ("configuration", "trunk", "positions", "modeling", "scoring")]

SMALL = {
    "vocab_size": 90,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "resnet_type": "resnet18",
    "image_bucket_size": 6,
    "token_bucket_size": 8,
    "max_position_embeddings": 64,
}
"""A model that is built in a moment."""


@pytest.fixture(scope="session")
def fixtures():
    """The folder of the original code's outputs, where a developer has it."""
    folder = Path(os.environ.get("MIBENCH_FIXTURES", REPOSITORY.parent / "shared" / "fixtures"))
    if not (folder / "ofa_tiny").is_dir():
        pytest.skip(f"no outputs of the original OFA: {folder}/ofa_tiny is absent (MIBENCH_FIXTURES names the folder)")
    return folder


class Original:
    """Models with the original code's weights, and what that code gave."""

    VARIANTS: ClassVar = {
        "plain": ("ofa_tiny/cases", {}),
        "both": ("ofa_entangled/both", {"entangle_position_embedding": True}),
        "decoder_only": ("ofa_entangled/decoder_only", {"entangle_decoder_positions": True}),
    }

    def __init__(self, folder):
        from safetensors.torch import load_file

        self.folder = folder
        self.inputs = load_file(folder / "ofa_tiny" / "cases.safetensors")
        self.outputs = {name: load_file(folder / f"{file}.safetensors") for name, (file, _) in self.VARIANTS.items()}
        self.models = {}

    def __call__(self, variant, implementation="sdpa"):
        import torch

        from mibench.ofa import OFAForConditionalGeneration

        if (variant, implementation) not in self.models:
            changes = self.VARIANTS[variant][1] | {"attn_implementation": implementation, "dtype": torch.float32}
            model = OFAForConditionalGeneration.from_pretrained(self.folder / "ofa_tiny", **changes)
            self.models[variant, implementation] = model.eval()
        return self.models[variant, implementation]

    def case(self, case, variant="plain"):
        tensors = self.inputs | self.outputs[variant]
        return {name.removeprefix(f"{case}."): tensors[name] for name in tensors if name.startswith(f"{case}.")}

    def beams(self):
        return json.loads((self.folder / "ofa_tiny" / "beam.json").read_text())


@pytest.fixture(scope="session")
def original(fixtures):
    return Original(fixtures)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """On a busy machine, threads that wait for each other cost more than they gain."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def small():
    """Build a small model in which nothing is zero, one or symmetric."""
    import torch

    from mibench.ofa import OFAConfig, OFAForConditionalGeneration

    def build(seed=0, **changes):
        implementation = changes.pop("attn_implementation", "sdpa")
        config = OFAConfig(**(SMALL | changes), attn_implementation=implementation)
        model = OFAForConditionalGeneration(config).eval()
        generator = torch.Generator().manual_seed(seed)
        for name, tensor in model.state_dict().items():
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                noise = noise.abs() + 0.5
            elif "embed_images" in name and tensor.dim() == 4:
                noise = noise * tensor[0].numel() ** -0.5
            elif tensor.dim() == 1:
                noise = (1 if name.endswith(("weight", "c_attn")) else 0) + 0.2 * noise
            else:
                noise = noise * (0.2 if "embed_tokens" in name or "output_projection" in name else 0.3)
            with torch.no_grad():
                tensor.copy_(noise)
        return model

    return build

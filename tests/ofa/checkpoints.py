"""Small OFA checkpoints in every form, and what is asked of a conversion."""

import argparse
import json

import pytest

from mibench.errors import InputError
from mibench.ofa.conversion import convert
from mibench.ofa.conversion.names import EMBEDDING, to_fairseq_names
from mibench.ofa.conversion.settings import settle_config
from mibench.ofa.conversion.sources import Source

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")


RELEASED = {
    "disable_entangle": True,
    "entangle_position_embedding": False,
    "no_scale_embedding": True,
    "attn_scale_factor": 2.0,
}


def weight_shapes(width, ffn, layers, heads, blocks, vocabulary, *, positions=1024, tokens=256, cells=42):
    """The names and shapes of OFA's weights, written down from its description and from no code of ours."""
    shapes = {EMBEDDING: (vocabulary, width), "encoder.type_embedding.weight": (2, width)}

    def linear(name, inputs, outputs):
        shapes.update({f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)})

    def norm(*names, width=width):
        for name in names:
            shapes.update({f"{name}.weight": (width,), f"{name}.bias": (width,)})

    def batch_norm(name, width):
        norm(name, width=width)
        shapes.update({f"{name}.running_mean": (width,), f"{name}.running_var": (width,)})

    trunk, inputs = "encoder.embed_images", 64
    shapes[f"{trunk}.conv1.weight"] = (64, 3, 7, 7)
    batch_norm(f"{trunk}.bn1", 64)
    for stage, count in enumerate(blocks, start=1):
        inner = 32 * 2**stage
        for number in range(count):
            block = f"{trunk}.layer{stage}.{number}"
            kernels = ((inner, inputs, 1), (inner, inner, 3), (4 * inner, inner, 1))
            for place, (outputs, entering, side) in enumerate(kernels, start=1):
                shapes[f"{block}.conv{place}.weight"] = (outputs, entering, side, side)
                batch_norm(f"{block}.bn{place}", outputs)
            if number == 0:
                shapes[f"{block}.downsample.0.weight"] = (4 * inner, inputs, 1, 1)
                batch_norm(f"{block}.downsample.1", 4 * inner)
            inputs = 4 * inner
    linear("encoder.image_proj", 1024, width)
    norm("encoder.patch_layernorm_embedding", "decoder.code_layernorm_embedding")
    position_linears = {"encoder": ("pos",), "decoder": ("self_pos", "cross_pos")}
    for stack, count in zip(("encoder", "decoder"), layers, strict=True):
        norm(*(f"{stack}.{name}" for name in ("layernorm_embedding", "layer_norm", "pos_ln", "image_pos_ln")))
        shapes[f"{stack}.embed_positions.weight"] = (positions + 2, width)
        shapes[f"{stack}.embed_image_positions.weight"] = (cells**2 + 1, width)
        for name in position_linears[stack]:
            linear(f"{stack}.{name}_q_linear", width, width)
            linear(f"{stack}.{name}_k_linear", width, width)
        for number in range(count):
            layer = f"{stack}.layers.{number}"
            shapes[f"{stack}.token_rel_pos_table_list.{number}.weight"] = (2 * tokens - 1, heads)
            shapes[f"{stack}.image_rel_pos_table_list.{number}.weight"] = ((2 * cells - 1) ** 2 + 3, heads)
            for attention in ("self_attn", "cross_attn")[: 1 + (stack == "decoder")]:
                for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    linear(f"{layer}.{attention}.{name}", width, width)
                shapes[f"{layer}.{attention}.c_attn"] = (heads,)
                norm(f"{layer}.{attention}_layer_norm", f"{layer}.{attention}_mid_layer_norm")
            norm(f"{layer}.final_layer_norm")
            norm(f"{layer}.ffn_layer_norm", width=ffn)
            linear(f"{layer}.fc1", width, ffn)
            linear(f"{layer}.fc2", ffn, width)
    return shapes


SMALL = weight_shapes(8, 16, (2, 1), 2, (2, 2, 2), 30, positions=1024, tokens=8, cells=3)


@pytest.fixture(scope="module")
def weights():
    """Random small weights in half precision, by our names."""
    generator = torch.Generator().manual_seed(5)
    return {name: torch.randn(shape, generator=generator).half() for name, shape in SMALL.items()}


def fairseq_state(weights):
    """A state dict as fairseq saves it: its names, its buffers, and the embedding three times."""
    state = to_fairseq_names(weights)
    embedding = state[EMBEDDING]
    return state | {
        "encoder.version": torch.tensor([3.0]),
        "decoder.version": torch.tensor([3.0]),
        "encoder.token_rp_bucket": torch.arange(9).reshape(3, 3),
        "encoder.image_rp_bucket": torch.arange(9).reshape(3, 3),
        "decoder.image_position_idx": torch.arange(5),
        "encoder.embed_images.bn1.num_batches_tracked": torch.tensor(7),
        "decoder.embed_tokens.weight": embedding,
        "decoder.output_projection.weight": embedding,
    }


def write_fairseq(path, weights, *, zip_form=True, **arguments):
    model = argparse.Namespace(**(RELEASED | arguments))
    checkpoint = {
        "args": None,
        "cfg": {"_name": None, "model": model, "task": argparse.Namespace(bpe="gpt2")},
        "model": fairseq_state(weights),
        "last_optimizer_state": {"state": {0: {"step": 1, "exp_avg": torch.zeros(3)}}},
        "extra_state": {"epoch": 1},
    }
    torch.save(checkpoint, path, _use_new_zipfile_serialization=zip_form)
    return path


def write_folder(folder, weights, config, form="safetensors"):
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.json").write_text(json.dumps({"<s>": 0, "<pad>": 1}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    halves = [dict(list(weights.items())[::2]), dict(list(weights.items())[1::2])]
    if form == "safetensors":
        safetensors.save_file(weights, folder / "model.safetensors")
    elif form == "bin":
        torch.save(weights | {"decoder.embed_tokens.weight": weights[EMBEDDING]}, folder / "pytorch_model.bin")
    elif form == "shards of safetensors":
        for number, half in enumerate(halves):
            safetensors.save_file(half, folder / f"model-{number}.safetensors")
        places = {name: f"model-{number}.safetensors" for number, half in enumerate(halves) for name in half}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    else:
        for number, half in enumerate(halves):
            torch.save(half, folder / f"pytorch_model-{number}.bin")
        places = {name: f"pytorch_model-{number}.bin" for number, half in enumerate(halves) for name in half}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    return folder


@pytest.fixture(scope="module")
def small_config(weights):
    return {**settle_config(Source("fairseq", weights, arguments=RELEASED), {})}


def without(weights, name):
    return {key: tensor for key, tensor in weights.items() if key != name}


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    assert [name for name, tensor in wanted.items() if found[name].dtype != tensor.dtype] == []
    assert [name for name, tensor in wanted.items() if not torch.equal(found[name], tensor)] == []


def assert_fails(checkpoint, output, words, **options):
    before = listed(output.parent)
    with pytest.raises(InputError) as caught:
        convert(checkpoint, output, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.file is not None
    assert listed(output.parent) == before

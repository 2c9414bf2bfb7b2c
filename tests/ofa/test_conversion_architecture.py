import pytest

from mibench.ofa.conversion.architecture import expected_shapes, infer_config, size_name
from mibench.ofa.sizes import SIZES
from tests.ofa.checkpoints import weight_shapes

torch = pytest.importorskip("torch", reason="torch is not installed")

TRUNKS = {"resnet50": (3, 4, 6), "resnet101": (3, 4, 23), "resnet152": (3, 8, 36)}


@pytest.mark.parametrize("name", SIZES)
def test_released_sizes_are_read_from_shapes(name):
    from mibench.ofa import OFAConfig

    size = SIZES[name]
    shapes = weight_shapes(size.d_model, size.ffn, size.layers, size.heads, TRUNKS[size.trunk], 59457)
    found = infer_config({key: torch.empty(shape, device="meta") for key, shape in shapes.items()})
    released = OFAConfig.of_size(name)
    assert {key: getattr(released, key) for key in found} == found
    assert size_name(found) == name


@pytest.mark.parametrize("name", ["tiny", "huge"])
def test_the_models_weights_are_those_of_the_description(name):
    size = SIZES[name]
    shapes = weight_shapes(size.d_model, size.ffn, size.layers, size.heads, TRUNKS[size.trunk], 59457)
    config = infer_config({key: torch.empty(shape, device="meta") for key, shape in shapes.items()})
    assert expected_shapes(config) == shapes

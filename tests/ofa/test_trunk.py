import pytest
import torch
from torch.nn import functional

from mibench.ofa.configuration import TRUNKS
from mibench.ofa.trunk import InferenceBatchNorm, Trunk, drop_path


def randomised(blocks=(2, 1, 2)):
    trunk = Trunk(blocks).eval()
    generator = torch.Generator().manual_seed(0)
    for name, tensor in trunk.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        if tensor.dim() == 4:
            noise = noise * tensor[0].numel() ** -0.5
        elif name.endswith("running_var"):
            noise = noise.abs() + 0.5
        with torch.no_grad():
            tensor.copy_(noise)
    return trunk


def written_out(trunk, pixels):
    """The trunk by functions alone, from torchvision's parameter names."""
    state = trunk.state_dict()

    def normed(features, conv, norm, stride=1):
        weight = state[f"{conv}.weight"]
        features = functional.conv2d(features, weight, stride=stride, padding=weight.shape[-1] // 2)
        mean, variance = (state[f"{norm}.running_{part}"][:, None, None] for part in ("mean", "var"))
        scale, shift = (state[f"{norm}.{part}"][:, None, None] for part in ("weight", "bias"))
        return (features - mean) / (variance + 1e-5).sqrt() * scale + shift

    features = functional.max_pool2d(normed(pixels, "conv1", "bn1", 2).relu(), 3, 2, 1)
    for stage, first in (("layer1", 1), ("layer2", 2), ("layer3", 2)):
        for block in range(len(getattr(trunk, stage))):
            at, stride = f"{stage}.{block}", first if block == 0 else 1
            inner = normed(features, f"{at}.conv1", f"{at}.bn1").relu()
            inner = normed(inner, f"{at}.conv2", f"{at}.bn2", stride).relu()
            inner = normed(inner, f"{at}.conv3", f"{at}.bn3")
            if block == 0:
                features = normed(features, f"{at}.downsample.0", f"{at}.downsample.1", stride)
            features = (features + inner).relu()
    return features


@pytest.mark.parametrize("gradients", [False, True])
def test_written_out(gradients):
    trunk, pixels = randomised(), torch.randn(2, 3, 40, 56)
    with torch.set_grad_enabled(gradients):
        features = trunk(pixels)
    assert features.shape == (2, 1024, 3, 4)
    torch.testing.assert_close(features.detach(), written_out(trunk, pixels), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("case", ["square", "padded", "wide"])
def test_the_original(case, original):
    model, wanted = original("plain"), original.case(case)
    for gradients in (False, True):
        with torch.set_grad_enabled(gradients):
            features = model.encoder.embed_images(wanted["patch_images"])
        torch.testing.assert_close(features.detach(), wanted["trunk_features"], rtol=0, atol=1e-4)


def test_changed_weights_are_noticed():
    trunk, pixels = randomised((1, 1, 1)), torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        before = trunk(pixels)
        trunk.layer3[0].bn3.bias.add_(1.0)
        torch.testing.assert_close(trunk(pixels), written_out(trunk, pixels), rtol=1e-4, atol=1e-4)
        trunk.load_state_dict({name: tensor / 2 for name, tensor in trunk.state_dict().items()})
        torch.testing.assert_close(trunk(pixels), written_out(trunk, pixels), rtol=1e-4, atol=1e-4)
        assert not torch.allclose(before, trunk(pixels))


def test_statistics_stay_in_training():
    norm = InferenceBatchNorm(4).train()
    features = torch.randn(2, 4, 3, 3) + 5
    torch.testing.assert_close(norm(features), features, rtol=1e-4, atol=1e-4)
    assert norm.running_mean.eq(0).all()


def test_released_trunks():
    with torch.device("meta"):
        found = {name: sum(map(torch.numel, Trunk(blocks).parameters())) for name, blocks in TRUNKS.items()}
    assert found["resnet34"] == found["resnet50"] < found["resnet101"] < found["resnet152"]
    assert found["resnet50"] == 8_543_296


def test_drop_path_keeps_the_mean():
    torch.manual_seed(0)
    branch = torch.ones(4000, 2, 3)
    dropped = drop_path(branch, 0.25)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean().item() == pytest.approx(1, abs=0.05)
    assert dropped.flatten(1).std(dim=1).max() == 0
    assert drop_path(branch, 0.0) is branch

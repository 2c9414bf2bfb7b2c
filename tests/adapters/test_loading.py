"""Devices, numbers and failures of loading, each told in one line."""

import pytest

from mibench.adapters.loading import find_device, find_dtype, load, switch, whole_number
from mibench.errors import InputError

torch = pytest.importorskip("torch")


@pytest.fixture
def devices(monkeypatch):
    """Return what sets how many GPUs there are, and whether there is Apple's."""

    def set_devices(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    set_devices()
    return set_devices


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False), ("True", True), ("FALSE", False)])
def test_a_switch_is_true_or_false(value, expected):
    assert switch("beams", value) is expected


@pytest.mark.parametrize("value", ["", "1", "yes", "on", " true"])
def test_a_switch_is_nothing_else(value):
    with pytest.raises(ValueError, match=f"^sample={value} is neither true nor false$"):
        switch("sample", value)


@pytest.mark.parametrize(("value", "least", "expected"), [("0", 0, 0), ("5", 1, 5), ("007", 0, 7), ("1", 1, 1)])
def test_a_whole_number_is_read(value, least, expected):
    assert whole_number("beams", value, least) == expected


@pytest.mark.parametrize(("value", "least"), [("", 0), ("-1", 0), ("0", 1), ("1.0", 0), ("1e3", 0), ("²", 0), ("x", 0)])
def test_what_is_no_whole_number_or_too_small_is_told(value, least):
    with pytest.raises(ValueError, match=f"beams={value} is not a whole number of at least {least}"):
        whole_number("beams", value, least)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(0, False, "cpu"), (1, False, "cuda"), (0, True, "mps"), (2, True, "cuda")]
)
def test_the_best_device_is_found(devices, cuda, mps, expected):
    devices(cuda, mps)
    assert find_device("auto") == expected


@pytest.mark.parametrize("wanted", ["cpu", "cuda", "cuda:1", "mps"])
def test_a_device_that_is_there_is_taken(devices, wanted):
    devices(cuda=2, mps=True)
    assert find_device(wanted) == wanted


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("cuda", "no device 'cuda' here"),
        ("cuda:1", "no device 'cuda:1' here"),
        ("mps", "no device 'mps' here"),
        ("gpu", "unknown device 'gpu'"),
        ("", "unknown device ''"),
        ("cuda:x", "unknown device 'cuda:x'"),
    ],
)
def test_a_device_that_is_not_there_is_told(devices, wanted, words):
    with pytest.raises(InputError, match=words) as caught:
        find_device(wanted)
    assert "auto" in caught.value.remedy


def test_one_gpu_is_not_two(devices):
    devices(cuda=1)
    assert find_device("cuda:0") == "cuda:0"
    with pytest.raises(InputError, match="no device 'cuda:1' here"):
        find_device("cuda:1")


@pytest.mark.parametrize(
    ("wanted", "device", "expected"),
    [
        ("auto", "cpu", torch.float32),
        ("auto", "cuda", "auto"),
        ("bf16", "cpu", torch.bfloat16),
        ("fp16", "cuda", torch.float16),
        ("fp32", "cuda", torch.float32),
        ("bfloat16", "cuda", torch.bfloat16),
    ],
)
def test_numbers_are_found(wanted, device, expected):
    assert find_dtype(wanted, device) == expected


@pytest.mark.parametrize("wanted", ["", "int8", "float64", "half", "__name__"])
def test_other_numbers_are_told(wanted):
    with pytest.raises(ValueError, match=f"dtype={wanted} is not one of auto, fp32, bf16, fp16"):
        find_dtype(wanted, "cpu")


def test_what_loads_is_returned():
    assert load("folder", lambda: "a model") == "a model"


class SafetensorError(Exception):
    """As the package of that name raises it."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("no sentencepiece", name="sentencepiece"), "a/b needs sentencepiece (install that)"),
        (ImportError("install timm\nnow"), "a/b: install timm (install that)"),
        (OSError("You are trying to access a gated repo."), "the model a/b is gated (accept its terms on its page"),
        (ValueError("set trust_remote_code=True"), "the model a/b brings code of its own, which is not run"),
        (OSError("a/b is not a local folder and is not a valid model identifier"), "no model a/b (a folder of a model"),
        (OSError("We couldn't connect to 'https://huggingface.co'"), "the model a/b is not here, and the Hub cannot"),
        (OSError("Cannot find it; Offline mode is enabled."), "the model a/b is not here, and the Hub cannot"),
        (RuntimeError("size mismatch\nfor weight"), "a/b: the model cannot be loaded: size mismatch (look at the"),
        (KeyError("llama9"), "a/b: the model cannot be loaded: 'llama9' ("),
        (OSError(), "a/b: the model cannot be loaded: OSError ("),
        (SafetensorError("header too large"), "a/b: damaged weights: header too large (fetch them again)"),
    ],
    ids=repr,
)
def test_every_failure_is_one_line(error, words):
    def fail():
        raise error

    with pytest.raises(InputError) as caught:
        load("a/b", fail)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)

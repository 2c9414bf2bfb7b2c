"""Loading models of Hugging Face: where they run, in which numbers, and every failure told in one line."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from mibench.errors import InputError

if TYPE_CHECKING:
    import torch

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
SWITCH = {"true": True, "false": False}

Loaded = TypeVar("Loaded")


def switch(name: str, value: str) -> bool:
    """Read a model argument that is true or false.

    Raises:
        ValueError: it is neither.

    """
    if value.lower() not in SWITCH:
        raise ValueError(f"{name}={value} is neither true nor false")
    return SWITCH[value.lower()]


def whole_number(name: str, value: str, least: int = 0) -> int:
    """Read a model argument that is a number.

    Raises:
        ValueError: it is none, or too small.

    """
    if not value.isdecimal() or int(value) < least:
        raise ValueError(f"{name}={value} is not a whole number of at least {least}")
    return int(value)


def find_device(wanted: str) -> str:
    """Return the device that a model runs on; `auto` takes the best there is.

    Raises:
        InputError: there is no such device.

    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    try:
        kind = torch.device(wanted)
    except RuntimeError:
        raise InputError(f"unknown device {wanted!r}", remedy="auto, cpu, cuda, cuda:1 or mps") from None
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(mps)}
    if (kind.index or 0) >= counts.get(kind.type, 0):
        raise InputError(f"no device {wanted!r} here", remedy="device=auto takes the best there is")
    return wanted


def find_dtype(wanted: str, device: str) -> "torch.dtype | str":
    """Return in which numbers a model computes; `auto` means as stored, and fp32 on a CPU.

    Raises:
        ValueError: no such numbers.

    """
    import torch

    if wanted == "auto":
        return torch.float32 if device.startswith("cpu") else "auto"
    name = DTYPES.get(wanted, wanted)
    if name not in DTYPES.values():
        raise ValueError(f"dtype={wanted} is not one of auto, {', '.join(DTYPES)}")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def load(what: str, loading: Callable[[], Loaded]) -> Loaded:
    """Call what loads a part of a model.

    Args:
        what: the folder, or the name on the Hub.
        loading: a call of some `from_pretrained`.

    Raises:
        InputError: it is not there, gated, damaged, needs code of its own or a package that is missing.

    """
    if not sys.stderr.isatty():
        _without_progress_bars()
    try:
        return loading()
    except ImportError as error:
        needed = f"{what} needs {error.name}" if error.name else f"{what}: {_first_line(error)}"
        raise InputError(needed, remedy="install that") from None
    except Exception as error:
        raise _explained(what, error) from error


def load_weights(what: str, model: Any, **settings: Any) -> Any:
    """Load a model by its class, or by an `Auto...` class, and see that none of its weights is left to chance.

    Args:
        what: the folder, or the name on the Hub.
        model: the class.
        settings: for its `from_pretrained`.

    Raises:
        InputError: as `load`; or weights are missing, which would be drawn at random.

    """
    loaded, told = load(what, lambda: model.from_pretrained(what, output_loading_info=True, **settings))
    if missing := sorted(told["missing_keys"]):
        few = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise InputError(f"{len(missing)} weights are missing: {few}", file=what, remedy="get the whole model")
    return loaded


def _without_progress_bars() -> None:
    from transformers.utils import logging

    quieten: Callable[[], None] = logging.disable_progress_bar
    quieten()


def _explained(what: str, error: Exception) -> InputError:
    text = str(error).replace(what, "")
    if "gated" in text:
        return InputError(f"the model {what} is gated", remedy="accept its terms on its page, then set HF_TOKEN")
    if "trust_remote_code" in text:
        remedy = "trust_remote_code=true in --model-args, if you trust it"
        return InputError(f"the model {what} brings code of its own, which is not run", remedy=remedy)
    if any(sign in text for sign in ("not a valid model identifier", "not a local folder", "Repo id must")):
        return InputError(f"no model {what}", remedy="a folder of a model, or owner/name on the Hub")
    if "couldn't connect" in text or "offline" in text.lower():
        return InputError(f"the model {what} is not here, and the Hub cannot be reached", remedy="give a local folder")
    if type(error).__name__ == "SafetensorError":
        return InputError(f"damaged weights: {_first_line(error)}", file=what, remedy="fetch them again")
    return InputError(f"the model cannot be loaded: {_first_line(error)}", file=what, remedy="look at the folder")


def _first_line(error: Exception) -> str:
    lines: list[Any] = str(error).strip().splitlines()
    return f"{lines[0] if lines else type(error).__name__:.300}"

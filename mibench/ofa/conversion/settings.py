"""A model's settings, joined from what its tensors, its checkpoint and the user say."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import UnionType

from mibench.errors import InputError
from mibench.ofa.conversion.architecture import Setting, infer_config
from mibench.ofa.conversion.sources import Source

_DEFAULTS: Mapping[str, Setting] = {
    "model_type": "ofa",
    "activation_function": "gelu",
    "encoder_normalize_before": True,
    "decoder_normalize_before": True,
    "normformer": True,
    "layernorm_embedding": True,
    "patch_layernorm_embedding": True,
    "code_layernorm_embedding": True,
    "add_type_embedding": True,
    "share_decoder_input_output_embed": True,
    "code_image_size": 128,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 0,
    "forced_eos_token_id": 2,
    "is_encoder_decoder": True,
}
"""What every released model shares."""
_ENCODER_SWITCH = "entangle_position_embedding"
_DECODER_SWITCH = "entangle_decoder_positions"


@dataclass(frozen=True)
class _Question:
    """What no tensor tells: fairseq's argument, the setting it stands for, and the released models' answer."""

    argument: str
    setting: str
    released: str
    negated: bool = False


_QUESTIONS = (
    _Question("disable_entangle", _DECODER_SWITCH, "true", negated=True),
    _Question("entangle_position_embedding", _ENCODER_SWITCH, "false"),
    _Question("no_scale_embedding", "scale_embedding", "true", negated=True),
    _Question("attn_scale_factor", "attn_scale_factor", "2"),
)
_ARGUMENTS: Mapping[str, str] = {"activation_fn": "activation_function"}
"""Arguments of fairseq that a config calls otherwise."""
_LATER_SWITCHES = frozenset(
    {"interpolate_position", "scale_resids", "share_attn_bias", "remove_decoder_type_embedding"}
)
"""Switches of later OFA code: `OFAConfig` refuses the values that would change the model."""
_CARRIED = _LATER_SWITCHES | {
    "code_image_size",
    "layernorm_embedding",
    "patch_layernorm_embedding",
    "code_layernorm_embedding",
    "add_type_embedding",
    "encoder_normalize_before",
    "decoder_normalize_before",
    "dropout",
    "attention_dropout",
    "activation_dropout",
    "encoder_layerdrop",
    "decoder_layerdrop",
    "encoder_drop_path_rate",
    "decoder_drop_path_rate",
    "resnet_drop_path_rate",
}
"""Arguments of fairseq that a config calls by the same name."""


def settle_config(source: Source, overrides: Mapping[str, Setting]) -> dict[str, Setting]:
    """Join what tensors, the checkpoint and the user say into a config, in the Hugging Face form of OFA's.

    Raises:
        InputError: they contradict each other, an override is unknown, or something that no tensor tells is unknown.

    """
    shapes = infer_config(source.tensors)
    known = _known_settings()
    arguments = {question.argument for question in _QUESTIONS}
    stray = sorted(overrides.keys() - known.keys() - arguments)
    if stray:
        raise InputError(
            f"unknown setting {stray[0]!r}", remedy=f"one of {', '.join(sorted(known.keys() | arguments))}"
        )
    stated = _stated(source, known)
    for question in _QUESTIONS:
        if question.argument in overrides:
            value = overrides[question.argument]
            stated[question.setting] = not _switch(question.argument, value) if question.negated else value
    stated |= {key: value for key, value in overrides.items() if key in known}
    if stated.get("model_type", "ofa") != "ofa":
        raise InputError(f"is a model of the type {str(stated['model_type'])[:80]!r}", remedy="give an OFA checkpoint")
    _check_agreement(stated, shapes)
    unknown = [question for question in _QUESTIONS if question.setting not in stated]
    if unknown:
        remedy = " ".join(f"--set {question.argument}={question.released}" for question in unknown)
        what = ", ".join(question.argument for question in unknown)
        raise InputError(f"the checkpoint does not tell {what}", remedy=f"for the released models: {remedy}")
    for key, value in stated.items():
        if not isinstance(value, kinds := known[key]) or (isinstance(value, bool) and kinds is not bool):
            wanted = "true or false" if kinds is bool else "a text" if kinds is str else "a number"
            raise InputError(f"{key} is {str(value)[:80]!r}", remedy=wanted)
    factor = float(stated["attn_scale_factor"])
    if not 0 < factor < math.inf:
        raise InputError(f"attn_scale_factor is {factor}", remedy="a number above 0, as 2")
    return {**_DEFAULTS, **shapes, **stated, "attn_scale_factor": factor}


def _known_settings() -> dict[str, type | UnionType]:
    """Return the kinds of the settings that hold one plain value, refused switches of later code among them."""
    from mibench.ofa.configuration import OFAConfig

    kinds: Mapping[type, type | UnionType] = {int: int, float: int | float, bool: bool, str: str}
    known = {name: kinds[kind] for name, kind in OFAConfig.__annotations__.items() if kind in kinds}
    switches = {_DECODER_SWITCH, *_LATER_SWITCHES}
    return known | dict.fromkeys(switches, bool) | {"forced_eos_token_id": int, "model_type": str}


def _stated(source: Source, known: Collection[str]) -> dict[str, Setting]:
    """Return what the checkpoint itself states, by our names."""
    stated = {key: value for key, value in source.declared.items() if key in known and isinstance(value, Setting)}
    if source.declared:
        stated.setdefault(_ENCODER_SWITCH, False)
        entangled = stated[_ENCODER_SWITCH] and source.declared.get("disable_entangle") is not True
        stated.setdefault(_DECODER_SWITCH, entangled)
        stated.setdefault("scale_embedding", False)
        stated.setdefault("attn_scale_factor", 2.0)
    for question in _QUESTIONS:
        value = source.arguments.get(question.argument)
        if isinstance(value, bool | int | float):
            stated[question.setting] = not value if question.negated else value
    for argument in sorted(source.arguments.keys() & (_CARRIED | _ARGUMENTS.keys())):
        value = source.arguments[argument]
        if isinstance(value, Setting):
            stated[_ARGUMENTS.get(argument, argument)] = value
    return stated


def _switch(key: str, value: Setting) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{key} is {value!r}", remedy="true or false")
    return value


def _check_agreement(stated: Mapping[str, Setting], shapes: Mapping[str, Setting]) -> None:
    from mibench.ofa.configuration import TRUNKS

    for key, read in shapes.items():
        said = stated.get(key, read)
        same = TRUNKS.get(str(said)) == TRUNKS[str(read)] if key == "resnet_type" else said == read
        if not same:
            fault = f"{key} is said to be {str(said)[:80]!r}, but the tensors are of {read!r}"
            raise InputError(fault, remedy="mend the config or --set")


def parse_overrides(pairs: Iterable[str]) -> dict[str, Setting]:
    """Read `key=value` pairs as `--set` takes them: true, false, whole and other numbers, and text.

    Raises:
        InputError: a pair has no `=`, or a key stands twice.

    """
    overrides: dict[str, Setting] = {}
    for pair in pairs:
        key, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not key:
            raise InputError(f"--set: {pair!r} is not key=value", remedy="as in disable_entangle=true")
        if key in overrides:
            raise InputError(f"--set: {key!r} stands twice", remedy="give it once")
        overrides[key] = _parsed(text)
    return overrides


def _parsed(text: str) -> Setting:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

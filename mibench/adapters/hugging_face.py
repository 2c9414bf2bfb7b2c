"""A model of Hugging Face, by the adapter that suits it."""

from typing import Any

from mibench.adapters.base import Adapter, create_adapter
from mibench.adapters.loading import load, switch
from mibench.errors import InputError


def hugging_face(pretrained: str, **arguments: str) -> Adapter:
    """Look at a model's configuration, and load it as OFA, as an image-text model or as a sequence-to-sequence model.

    Args:
        pretrained: a folder, or a name on the Hub.
        arguments: those of the adapter that is chosen.

    Raises:
        InputError: there is no such model, it is of no kind that an adapter takes, or the adapter refuses an argument.
        ValueError: an argument has a wrong value.

    """
    from transformers import AutoConfig

    import mibench.ofa.configuration  # noqa: F401  (makes OFA known)

    source: dict[str, Any] = {
        "revision": arguments.get("revision") or "main",
        "trust_remote_code": switch("trust_remote_code", arguments.get("trust_remote_code", "false")),
    }
    config = load(pretrained, lambda: AutoConfig.from_pretrained(pretrained, **source))
    if config.model_type == "ofa":
        return create_adapter("ofa", {"path": pretrained, **arguments})
    return create_adapter(_adapter_name(pretrained, config), {"pretrained": pretrained, **arguments})


def _adapter_name(pretrained: str, config: Any) -> str:
    from transformers import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING, MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING

    own_code = getattr(config, "auto_map", None) or {}
    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING or "AutoModelForImageTextToText" in own_code:
        return "image-text"
    reads_and_writes = type(config) in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING or "AutoModelForSeq2SeqLM" in own_code
    if reads_and_writes and config.is_encoder_decoder:
        return "seq2seq"
    classes = ", ".join(config.architectures or ()) or "no class named"
    raise InputError(
        f"a model of type {config.model_type} ({classes}), which no adapter takes",
        file=pretrained,
        remedy="what works: OFA, image-text-to-text models, and encoder-decoders for text",
    )

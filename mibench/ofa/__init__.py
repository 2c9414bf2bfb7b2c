"""OFA (Wang et al., 2022, arXiv 2202.03052) for current torch and transformers; usable alone.

Names are resolved on first use, so that importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mibench.ofa.configuration import OFAConfig
    from mibench.ofa.image_processor import OFAImageProcessor
    from mibench.ofa.modeling import OFAForConditionalGeneration, OFAModel
    from mibench.ofa.processor import OFAProcessor
    from mibench.ofa.scoring import OptionTrie, OptionTries, score_options
    from mibench.ofa.tokenizer import OFATokenizer

__all__ = [
    "OFAConfig",
    "OFAForConditionalGeneration",
    "OFAImageProcessor",
    "OFAModel",
    "OFAProcessor",
    "OFATokenizer",
    "OptionTrie",
    "OptionTries",
    "score_options",
]

_MODULES = {
    "OFAConfig": "configuration",
    "OFAForConditionalGeneration": "modeling",
    "OFAImageProcessor": "image_processor",
    "OFAModel": "modeling",
    "OFAProcessor": "processor",
    "OFATokenizer": "tokenizer",
    "OptionTrie": "scoring",
    "OptionTries": "scoring",
    "score_options": "scoring",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

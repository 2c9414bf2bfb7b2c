"""Model arguments that ask for fewer bits, as bitsandbytes takes them."""

import inspect
from collections.abc import Mapping
from typing import Any


def quantisation_config(arguments: Mapping[str, str], adapter: type) -> Any:
    """Return the `BitsAndBytesConfig` that arguments ask for; None where there are none.

    Args:
        arguments: all that the adapter's constructor does not name.
        adapter: whose own arguments a message lists beside those of the configuration.

    Raises:
        ValueError: an argument is unknown, or its value is.

    """
    if not arguments:
        return None
    import transformers
    import yaml

    make: Any = transformers.BitsAndBytesConfig
    known = [
        name
        for signature in (inspect.signature(adapter), inspect.signature(make))
        for name, parameter in signature.parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    if unknown := sorted(arguments.keys() - set(known)):
        raise ValueError(f"unknown argument {unknown[0]!r}; there are {', '.join(known)}")
    try:
        config = make(**{name: yaml.safe_load(value) for name, value in arguments.items()})
    except (AttributeError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"quantisation: {error}") from None
    if not config.is_quantizable():
        raise ValueError(f"{', '.join(arguments)}: nothing without load_in_4bit=true or load_in_8bit=true")
    return config

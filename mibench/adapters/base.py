"""The protocol of an adapter, and the registry that other packages extend by entry points.

A package adds an adapter by an entry point of the group `mibench.adapters` that names a class; its constructor's
keyword arguments are what `--model-args` may set, as text. A constructor that takes `**name: str` checks these itself.
"""

import inspect
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, Protocol, cast

import msgspec

from mibench.errors import InputError
from mibench.instances import Answer, Request

GROUP = "mibench.adapters"


Sight = Literal["opens", "ignores", "blind"]


class Adapter(Protocol):
    """What wraps a model.

    Attributes:
        model_name: the name under which a reader knows the model.
        decoding: the settings that the answers depend on, recorded in the submission.

    An adapter may have five attributes more:

    - `sight: Sight`: "opens" where it opens pictures with `pictures.open_picture`, which are then decoded ahead;
      "blind" where it cannot see, so that tasks with pictures are refused unless the run is blind; otherwise "ignores".
    - `usage: Mapping[str, float]`: what the answers have cost so far, as tokens, for the run's record.
    - `parameters: int`: the number of the model's weights; `revision: str`: which weights these are. Both go into the
      submission's description.
    - `close() -> None`: lets go of connections and threads when the run is over.

    """

    model_name: str
    decoding: Mapping[str, str | int | float | bool | None]

    def predict(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Answer a batch of one task: one prediction or failure a request, in the same order.

        An error stops the run, or with `--on-error record` fails the rows that cause it; one that says that memory ran
        out (`memory.lacks_memory`) makes the batches smaller.
        """
        ...


def sight(adapter: Adapter) -> Sight:
    """Return what an adapter does with pictures."""
    return cast(Sight, getattr(adapter, "sight", "ignores"))


def usage(adapter: Adapter) -> Mapping[str, float]:
    """Return what an adapter's answers have cost."""
    return cast(Mapping[str, float], getattr(adapter, "usage", {}))


def parameters(adapter: Adapter) -> int | None:
    """Return the number of a model's weights; None where the adapter does not say."""
    return cast(int | None, getattr(adapter, "parameters", None))


def revision(adapter: Adapter) -> str | None:
    """Return which weights a model has; None where the adapter does not say."""
    return cast(str | None, getattr(adapter, "revision", None))


def close(adapter: Adapter) -> None:
    """Let an adapter let go of what it holds."""
    getattr(adapter, "close", lambda: None)()


def adapter_names() -> list[str]:
    """Return the names of all installed adapters."""
    return sorted(entry.name for entry in entry_points(group=GROUP))


def create_adapter(name: str, arguments: Mapping[str, str]) -> Adapter:
    """Make the adapter of that name.

    Raises:
        InputError: an unknown name, an unknown or refused argument, or a package that the adapter needs is missing.

    """
    entry: EntryPoint | None = next(iter(entry_points(group=GROUP, name=name.replace("_", "-"))), None)
    if entry is None:
        raise InputError(f"unknown model {name!r}", remedy=f"one of {', '.join(adapter_names())}")
    try:
        factory = entry.load()
    except ImportError as error:
        raise _missing_package(name, error) from None
    except AttributeError as error:
        raise InputError(f"the adapter {name!r} is not at {entry.value}: {error}") from error
    signature = inspect.signature(factory)
    try:
        signature.bind(**arguments)
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "none"
        raise InputError(f"--model {name}: {error}", remedy=f"its arguments: {takes}") from None
    try:
        adapter: Adapter = factory(**arguments)
    except ValueError as error:
        raise InputError(f"--model {name}: {error}", remedy="mend --model-args") from error
    except ImportError as error:
        raise _missing_package(name, error) from None
    return adapter


def _missing_package(adapter: str, error: ImportError) -> InputError:
    needed = error.name or str(error)
    return InputError(f"the adapter {adapter!r} needs {needed}", remedy="pip install 'mibench[all]'")


def parse_arguments(text: str) -> dict[str, str]:
    """Read `key=value,key=value`, or a JSON object where a value holds a comma, as `--model-args` takes them.

    Raises:
        InputError: a part has no `=`, a key stands twice, or the JSON is no object of plain values.

    """
    if text.lstrip().startswith("{"):
        return _from_json(text)
    arguments: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--model-args: {part!r} is not key=value", remedy="as in answer=yes,other=1")
        if key.strip() in arguments:
            raise InputError(f"--model-args: {key.strip()!r} stands twice", remedy="give it once")
        arguments[key.strip()] = value.strip()
    return arguments


def _from_json(text: str) -> dict[str, str]:
    try:
        values = msgspec.json.decode(text, type=dict[str, str | int | float | bool])
    except msgspec.DecodeError as error:
        remedy = """as in '{"system": "Be brief, please.", "beams": 1}'"""
        raise InputError(f"--model-args: not a JSON object of plain values: {error}", remedy=remedy) from None
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}

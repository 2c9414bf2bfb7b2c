"""What a pickle becomes where nothing of it runs: records of classes, functions and calls, and places of numbers."""

from dataclasses import dataclass


@dataclass(eq=False, repr=False, slots=True)
class Inert:
    """A class or function by its full name, or the record of a call of it.

    Attributes:
        name: as in `argparse.Namespace`.
        args: what it was called with; None if it was only named.
        state: what would have been put into the object, mostly its attributes.
        elements: what would have been appended; None where nothing was.
        items: what would have been set by key; None where nothing was.

    """

    name: str
    args: object = None
    state: object = None
    elements: list[object] | None = None
    items: dict[object, object] | None = None


@dataclass(frozen=True)
class Storage:
    """The place of a tensor's numbers: a key into the file, of which no byte has been read."""

    kind: str
    key: str
    elements: int


def attributes(value: object) -> dict[str, object]:
    """Return the entries of a dictionary or record by name: none where the value has none.

    Understands plain dictionaries, argparse's Namespace, dataclasses, and omegaconf's DictConfig, whose entries are
    nodes around the values.
    """
    if isinstance(value, Inert):
        held = value.state[0] if isinstance(value.state, tuple) and value.state else value.state
        held = held if isinstance(held, dict) else value.items or {}
        content = held.get("_content")
        held = content if isinstance(content, dict) else held
    else:
        held = value if isinstance(value, dict) else {}
    return {key: _unwrapped(entry) for key, entry in held.items() if isinstance(key, str)}


def _unwrapped(entry: object) -> object:
    if isinstance(entry, Inert) and isinstance(entry.state, dict) and "_val" in entry.state:
        inner: object = entry.state["_val"]
        return inner
    return entry

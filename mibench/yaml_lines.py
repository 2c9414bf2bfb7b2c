"""YAML whose faults can be told with their line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mibench.errors import InputError

Location = tuple[int | str, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_mapping(path: Path, *, what: str, max_bytes: int) -> tuple[Any, yaml.Node]:
    """Return what a YAML file of keys and values holds, and its nodes, which know their lines.

    Args:
        path: the file.
        what: it is, for messages.
        max_bytes: that it may have.

    Raises:
        InputError: it cannot be read, is too long or not YAML, holds a key twice, or uses an alias.

    """
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise InputError(f"longer than {max_bytes >> 10} KiB", file=path, remedy=f"give {what}")
        loader = _Loader(content.decode("utf-8"))
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise InputError(f"{what} is a mapping of keys to values", file=path, line=1)
        if fault := next(_node_faults(node, set()), None):
            raise InputError(fault[1], file=path, line=fault[0])
        return loader.construct_document(node), node
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason} at byte {error.start}", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError(f"not YAML: {error.problem or error.context}", file=path, line=line) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"not YAML: {str(error).splitlines()[0]}", file=path) from None


def faults_of(error: ValidationError, node: yaml.Node) -> Iterator[tuple[int, str]]:
    """Yield what pydantic refuses, each with its line."""
    for details in error.errors(include_url=False):
        place = ".".join(map(str, details["loc"]))
        messages = {"extra_forbidden": "unknown key; remove it, or mend its spelling", "missing": "missing; add it"}
        yield line_of(node, details["loc"]), f"{place}: {messages.get(details['type'], details['msg'])}"


def line_of(node: yaml.Node, location: Location) -> int:
    """Return the line of the deepest part of `location` that the file holds, counted from 1."""
    line = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        else:
            found = None
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return int(line)


def _node_faults(node: yaml.Node, seen: set[int]) -> Iterator[tuple[int, str]]:
    """Yield the keys that a mapping holds twice, which YAML readers resolve silently to the last, and aliases.

    A few lines of aliases of aliases could stand for more text than there is memory.
    """
    if id(node) in seen:
        yield node.start_mark.line + 1, "an alias of this is used; write it out in both places"
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    yield key.start_mark.line + 1, f"the key {key.value!r} stands twice; remove one"
                keys.add(key.value)
            yield from _node_faults(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _node_faults(value, seen)

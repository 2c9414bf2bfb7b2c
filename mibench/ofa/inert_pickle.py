"""Reads the pickle of a torch checkpoint as data: classes, functions and calls become records, and nothing runs.

Python's unpickler imports what a file names, and torch's `weights_only` refuses a file whose training arguments hold a
foreign class. Here an opcode can only push, gather or record, so a hostile file costs its own length at most: opcodes
are counted, nothing is copied, and only plain keys are ever hashed.
"""

import io
import pickletools
import warnings
from collections.abc import Iterator, Mapping

from mibench.ofa.inert_records import Inert, Storage

OPCODES = 2_000_000
"""More than any checkpoint needs: one of OFA-huge with its optimizer's state has some 200,000."""


class UnreadablePickleError(ValueError):
    """What makes a pickle unreadable, in a few words."""


class _Machine:
    """Pickle's stack machine, with every opcode that would run something replaced by one that records."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.storages: dict[str, Storage] = {}

    def run(self, stream: io.BytesIO, budget: int) -> int:
        """Run to the end of one pickle and return how many opcodes are left of the budget."""
        for opcode, argument, _ in pickletools.genops(stream):
            budget -= 1
            if budget < 0:
                raise UnreadablePickleError(f"its pickle has more than {OPCODES:,} opcodes")
            self._step(opcode.name, argument)
        return budget

    def _step(self, name: str, argument: object) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _FRESH:
            self.stack.append(_FRESH[name]())
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _TUPLES:
            count = _TUPLES[name]
            if len(self.stack) < count:
                raise UnreadablePickleError("its pickle takes from an empty stack")
            self.stack[-count:] = [tuple(self.stack[-count:])]
        elif name not in _IDLE:
            step = getattr(self, f"_on_{name.lower()}", None)
            if step is None:
                raise UnreadablePickleError(f"its pickle uses {name}, which no checkpoint needs")
            step(argument)

    def _marked(self) -> list[object]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def _on_mark(self, _: object) -> None:
        self.below.append(self.stack)
        self.stack = []

    def _on_pop(self, _: object) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._marked()

    def _on_pop_mark(self, _: object) -> None:
        self._marked()

    def _on_dup(self, _: object) -> None:
        self.stack.append(self.stack[-1])

    def _on_tuple(self, _: object) -> None:
        items = self._marked()
        self.stack.append(tuple(items))

    def _on_list(self, _: object) -> None:
        items = self._marked()
        self.stack.append(items)

    _on_frozenset = _on_tuple

    def _on_dict(self, _: object) -> None:
        items = self._marked()
        made: dict[object, object] = {}
        self.stack.append(made)
        _set(made, items)

    def _on_append(self, _: object) -> None:
        _extend(self.stack[-2], [self.stack.pop()])

    def _on_appends(self, _: object) -> None:
        items = self._marked()
        _extend(self.stack[-1], items)

    _on_additems = _on_appends

    def _on_setitem(self, _: object) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _set(self.stack[-1], [key, value])

    def _on_setitems(self, _: object) -> None:
        items = self._marked()
        _set(self.stack[-1], items)

    def _on_memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _on_put(self, number: object) -> None:
        assert isinstance(number, int)
        self.memo[number] = self.stack[-1]

    _on_binput = _on_long_binput = _on_put

    def _on_get(self, number: object) -> None:
        assert isinstance(number, int)
        self.stack.append(self.memo[number])

    _on_binget = _on_long_binget = _on_get

    def _on_global(self, name: object) -> None:
        assert isinstance(name, str)
        self.stack.append(Inert(name.replace(" ", ".", 1)))

    def _on_stack_global(self, _: object) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise UnreadablePickleError("its pickle names a class by something that is no text")
        self.stack.append(Inert(f"{module}.{name}"))

    def _on_reduce(self, _: object) -> None:
        args, called = self.stack.pop(), self.stack.pop()
        self.stack.append(_call(called, args))

    _on_newobj = _on_reduce

    def _on_newobj_ex(self, _: object) -> None:
        named, args, called = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.stack.append(_call(called, (args, named)))

    def _on_obj(self, _: object) -> None:
        called, *args = self._marked()
        self.stack.append(_call(called, tuple(args)))

    def _on_inst(self, name: object) -> None:
        assert isinstance(name, str)
        args = self._marked()
        self.stack.append(Inert(name.replace(" ", ".", 1), tuple(args)))

    def _on_build(self, _: object) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Inert):
            target.state = state
        elif not isinstance(target, dict):
            raise UnreadablePickleError("its pickle gives attributes to a plain value")

    def _on_persid(self, key: object) -> None:
        self.stack.append(self._storage(key))

    def _on_binpersid(self, _: object) -> None:
        self.stack.append(self._storage(self.stack.pop()))

    def _storage(self, key: object) -> object:
        match key:
            case ("storage", Inert(name=kind), str() as place, _, int() as elements, *_):
                return self.storages.setdefault(place, Storage(kind, place, elements))
        return Inert("persistent", key)


_LITERALS = frozenset(
    {
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "FLOAT",
        "BINFLOAT",
    }
)
_FRESH: Mapping[str, type[list[object]] | type[dict[object, object]]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": list,
}
_CONSTANTS: Mapping[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IDLE = frozenset({"PROTO", "FRAME", "STOP"})
_DICTIONARIES = frozenset({"collections.OrderedDict", "builtins.dict", "__builtin__.dict"})


def _call(called: object, args: object) -> object:
    if not isinstance(called, Inert) or called.args is not None:
        raise UnreadablePickleError("its pickle calls what is no function")
    return {} if called.name in _DICTIONARIES and args == () else Inert(called.name, args)


def _extend(target: object, items: list[object]) -> None:
    held = target
    if isinstance(target, Inert):
        held = target.elements = target.elements or []
    if not isinstance(held, list):
        raise UnreadablePickleError("its pickle appends to what is no list")
    held.extend(items)


def _set(target: object, items: list[object]) -> None:
    held = target
    if isinstance(target, Inert):
        held = target.items = target.items or {}
    if not isinstance(held, dict) or len(items) % 2:
        raise UnreadablePickleError("its pickle sets keys of what is no dictionary")
    for key, value in zip(items[::2], items[1::2], strict=True):
        plain = isinstance(key, str | float | bool | None) or (isinstance(key, int) and key.bit_length() <= 64)
        held[key if plain else Inert("key", key)] = value


def read_pickle(content: bytes) -> object:
    """Read one pickle as data.

    Args:
        content: the pickle, of any protocol; what follows its end is left alone.

    Raises:
        UnreadablePickleError: it is broken, too long, or does what no checkpoint needs.

    """
    return next(read_pickles(content))[0]


def read_pickles(content: bytes) -> Iterator[tuple[object, Mapping[str, Storage], int]]:
    """Read the pickles that stand in a row: the value of each, its storages by their keys, and where it ends.

    Raises:
        UnreadablePickleError: as `read_pickle`, on the way.

    """
    stream, budget = io.BytesIO(content), OPCODES
    while True:
        machine = _Machine()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                budget = machine.run(stream, budget)
            value = machine.stack.pop()
        except UnreadablePickleError:
            raise
        except (IndexError, KeyError, ValueError, OverflowError) as error:
            raise UnreadablePickleError(f"its pickle is broken: {str(error)[:120] or 'it ends too early'}") from None
        yield value, machine.storages, stream.tell()

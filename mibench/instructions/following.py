"""One task of the official function, followed to the templates that it chooses from.

Nothing is evaluated but text and places of a row: the function is a syntax tree from beginning to end.
"""

import ast
import operator
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mibench.cards import INSTRUCTIONS
from mibench.instructions.parts import OfficialTask, OfficialTemplate, Slot, Text, joined

MAX_TEXT = 10_000
"""Characters of one template; the longest official one has a few hundred."""


class TemplateFault(NamedTuple):
    """Something that cannot be converted, and where."""

    line: int
    message: str


class UnconvertibleError(Exception):
    """A task whose templates cannot be converted, with all reasons."""

    def __init__(self, faults: Sequence[TemplateFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"line {line}: {message}" for line, message in faults))


def follow(function: ast.FunctionDef, task: str) -> OfficialTask:
    """Return the templates that the function chooses from where its argument `task` is this name.

    Raises:
        UnconvertibleError: there are fewer than five, or one is more than text and plain places of a row.

    """
    return _Follower(function, task).task()


@dataclass(frozen=True)
class _Plain:
    """A number, a truth value or None."""

    value: object


@dataclass(frozen=True)
class _Listing:
    """A list that stands in the file."""

    line: int
    items: tuple["tuple[int, _Value | _RefusedError]", ...]


_Value = Text | Slot | _Plain | _Listing


class _RefusedError(Exception):
    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason


_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class _Follower:
    """Follows the function for one task, whose places in a row stand for themselves."""

    def __init__(self, function: ast.FunctionDef, task: str) -> None:
        self._function, self._task, self._line = function, task, function.lineno
        self._names: dict[str, _Value | _RefusedError] = {**_parameters(function.args), "task": Text((task,))}
        self._notes: list[str] = []

    def task(self) -> OfficialTask:
        try:
            listing = self._chosen_from()
        except RecursionError:
            raise UnconvertibleError([self._fault(self._line, "nested too deeply")]) from None
        except _RefusedError as refusal:
            raise UnconvertibleError([self._fault(refusal.line, refusal.reason)]) from None
        templates, faults = [], []
        for number, (line, item) in enumerate(listing.items, 1):
            if isinstance(item, _RefusedError):
                faults.append(self._fault(item.line, f"template {number}: {item.reason}"))
                continue
            try:
                templates.append(OfficialTemplate(line, _shown(item, line)))
            except _RefusedError as refusal:
                faults.append(self._fault(line, f"template {number}: {refusal.reason}"))
        if len(listing.items) < INSTRUCTIONS:
            faults.append(self._fault(listing.line, f"{len(listing.items)} templates, expected {INSTRUCTIONS}"))
        if faults:
            raise UnconvertibleError(faults)
        return OfficialTask(self._task, listing.line, tuple(templates), tuple(self._notes))

    def _fault(self, line: int, reason: str) -> TemplateFault:
        return TemplateFault(line, f"{self._task}: {reason}")

    def _chosen_from(self) -> _Listing:
        """Go through the statements to the list that the function returns one of."""
        pending: deque[ast.stmt] = deque(self._function.body)
        while pending:
            statement = pending.popleft()
            self._line = statement.lineno
            match statement:
                case ast.Return():
                    return self._returned(statement)
                case ast.If(test=test, body=body, orelse=orelse):
                    holds, assumed = self._truth(test)
                    if assumed and (orelse if holds else body):
                        self._note(statement.lineno, f"where {assumed} is empty, the file has other wordings")
                    pending.extendleft(reversed(body if holds else orelse))
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._names[name] = self._kept(value)
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="random"), attr="shuffle"))):
                    self._shuffled(statement.value)
                case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Pass():
                    pass
                case ast.Raise():
                    raise _RefusedError(statement.lineno, "the file raises an error instead of giving templates")
                case _:
                    raise _RefusedError(statement.lineno, f"a statement that is not followed: {_code(statement)}")
        raise _RefusedError(self._function.lineno, "the function returns nothing")

    def _note(self, line: int, text: str) -> None:
        self._notes.append(f"line {line}: {text}")

    def _shuffled(self, call: ast.expr) -> None:
        """See what is shuffled; the order of a row's options is the harness's own matter."""
        match call:
            case ast.Call(args=[ast.Name(id=name)], keywords=[]):
                value = self._named(name, call.lineno)
                if isinstance(value, _Listing):
                    self._note(call.lineno, f"the file shuffles its {name} for each row; here they stand as written")
                    return
                if value == Slot(("options",)):
                    return
        raise _RefusedError(call.lineno, f"a statement that is not followed: {_code(call)}")

    def _returned(self, statement: ast.Return) -> _Listing:
        value = statement.value
        if isinstance(value, ast.Tuple) and value.elts:
            value = value.elts[0]
        match value:
            case (
                ast.Call(func=ast.Attribute(value=ast.Name(id="random"), attr="choice"), args=[ast.Name(id=name)])
                | ast.Subscript(value=ast.Name(id=name), slice=ast.Name())
            ) if isinstance(listing := self._named(name, statement.lineno), _Listing):
                return listing
        raise _RefusedError(statement.lineno, "what is returned is not chosen from a list of templates")

    def _kept(self, node: ast.expr) -> _Value | _RefusedError:
        """Return a value, or why there is none, which is told where the value is used."""
        try:
            return self._value(node)
        except _RefusedError as refusal:
            return refusal
        except RecursionError:
            return _RefusedError(node.lineno, "nested too deeply")

    def _value(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant(value=str() as text):
                return _literal(text, node.lineno)
            case ast.Constant(value=bool() | int() | None as plain):
                return _Plain(plain)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                return _Plain(-number)
            case ast.Name(id=name):
                return self._named(name, node.lineno)
            case ast.JoinedStr(values=values):
                return _checked([self._interpolated(value) for value in values], node.lineno)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _checked([_shown(self._value(side), node.lineno) for side in (left, right)], node.lineno)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                holds, assumed = self._truth(test)
                if assumed:
                    self._note(node.lineno, f"where {assumed} is empty, the file has other words in its place")
                return self._value(body if holds else orelse)
            case ast.List(elts=items):
                return _Listing(node.lineno, tuple((item.lineno, self._kept(item)) for item in items))
            case ast.Subscript(value=value, slice=key):
                return self._item(self._value(value), self._value(key), node)
            case ast.ListComp(elt=item, generators=[loop]) | ast.GeneratorExp(elt=item, generators=[loop]):
                return self._each(item, loop)
            case ast.Call(func=ast.Attribute(value=separator, attr="join"), args=[items], keywords=[]):
                return self._joined(self._value(separator), self._value(items), node)
        raise _RefusedError(node.lineno, f"not a text or a plain place of a row: {_code(node)}")

    def _named(self, name: str, line: int) -> _Value:
        value = self._names.get(name)
        if value is None:
            raise _RefusedError(line, f"the name {name!r} is bound nowhere in the function")
        if isinstance(value, _RefusedError):
            raise value
        return value

    def _interpolated(self, node: ast.expr) -> Text:
        """Return a part of an f-string."""
        match node:
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return _shown(self._value(value), node.lineno)
            case ast.FormattedValue(value=value):
                raise _RefusedError(node.lineno, f"braces with a conversion or a format: {_code(value)}")
        return _shown(self._value(node), node.lineno)

    def _item(self, value: _Value, key: _Value, node: ast.expr) -> Slot:
        name = _decided(key)
        if isinstance(value, Slot) and value.separator is None and value.at is None:
            if value.item is None and isinstance(name, str | int):
                return replace(value, path=(*value.path, name))
            if isinstance(name, int):
                return replace(value, at=name)
        raise _RefusedError(node.lineno, f"not a plain place of a row: {_code(node)}")

    def _each(self, item: ast.expr, loop: ast.comprehension) -> Slot:
        """Return a list whose items are written by a template of their own."""
        match loop:
            case ast.comprehension(
                target=ast.Tuple(elts=[ast.Name(id=key), ast.Name(id=value)]),
                iter=ast.Call(func=ast.Attribute(value=place, attr="items"), args=[], keywords=[]),
                ifs=[],
                is_async=0,
            ):
                local, pairs = {key: Slot((0,)), value: Slot((1,))}, True
            case ast.comprehension(target=ast.Name(id=one), iter=place, ifs=[], is_async=0):
                local, pairs = {one: Slot(())}, False
            case _:
                raise _RefusedError(item.lineno, "a loop that is not followed")
        where = self._value(place)
        if not isinstance(where, Slot) or where != Slot(where.path):
            raise _RefusedError(item.lineno, "a loop over something else than a place of a row")
        outer = self._names
        texts = {name: known for name, known in outer.items() if isinstance(known, Text) and not known.slots}
        self._names = {**texts, **local}
        try:
            return Slot(where.path, item=_shown(self._value(item), item.lineno), pairs=pairs)
        finally:
            self._names = outer

    def _joined(self, separator: _Value, items: _Value, node: ast.expr) -> Text | Slot:
        between = _decided(separator)
        if not isinstance(between, str):
            raise _RefusedError(node.lineno, f"joined by something else than a text: {_code(node)}")
        if isinstance(items, Slot) and items.separator is None and items.at is None:
            return replace(items, separator=between)
        if not isinstance(items, _Listing):
            raise _RefusedError(node.lineno, f"not a list that can be joined: {_code(node)}")
        texts: list[Text] = []
        for line, item in items.items:
            if isinstance(item, _RefusedError):
                raise item
            texts += [_literal(between, line), _shown(item, line)]
        return _checked(texts[1:], node.lineno)

    def _truth(self, node: ast.expr) -> tuple[bool, Slot | None]:
        """Return whether a condition holds, and the place that is taken to hold something, if it hangs on one."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                holds, assumed = self._truth(operand)
                return not holds, assumed
            case ast.Compare(
                left=ast.Call(func=ast.Name(id="len"), args=[counted], keywords=[]),
                ops=[ast.Gt() | ast.NotEq() | ast.Eq() as compared],
                comparators=[ast.Constant(value=0)],
            ) if isinstance(value := self._value(counted), Slot):
                return not isinstance(compared, ast.Eq), value
            case ast.Compare(left=left, ops=[compared], comparators=[right]) if type(compared) in _COMPARISONS:
                sides = [_decided(self._value(side)) for side in (left, right)]
                if _OPEN not in sides:
                    try:
                        return bool(_COMPARISONS[type(compared)](*sides)), None
                    except TypeError:
                        pass
            case ast.Name() | ast.Subscript() | ast.Constant():
                value = self._value(node)
                if isinstance(value, Slot):
                    return True, value
                if (decided := _decided(value)) is not _OPEN:
                    return bool(decided), None
        raise _RefusedError(node.lineno, f"a condition that the row decides: {_code(node)}")


_OPEN = object()
"""Stands for what a row decides."""


def _decided(value: _Value) -> object:
    """Return the value itself where no row has a say in it."""
    match value:
        case _Plain():
            return value.value
        case Text() if value.literal is not None:
            return value.literal
    return _OPEN


def _parameters(arguments: ast.arguments) -> dict[str, _Value | _RefusedError]:
    """Return what each parameter stands for: its default, or the row's place of that name."""
    places = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    found: dict[str, _Value | _RefusedError] = {name: Slot((name,)) for name in places}
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    defaults = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
    defaults += [
        (argument.arg, default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    ]
    for name, default in defaults:
        match default:
            case ast.Constant(value=str() as text):
                found[name] = _literal(text, default.lineno)
            case ast.Constant(value=bool() | int() as plain):
                found[name] = _Plain(plain)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                found[name] = _Plain(-number)
    return found


def _literal(text: str, line: int) -> Text:
    """Return a text of the file, which every model and every file must be able to hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _RefusedError(line, "half a surrogate pair, which is no character") from None
    return Text((text,) if text else ())


def _shown(value: _Value, line: int) -> Text:
    """Return a value as an f-string shows it."""
    match value:
        case Text():
            return value
        case Slot() if value.is_text:
            return Text((value,))
        case Slot():
            raise _RefusedError(line, f"{value} is a list, and would be shown as Python writes it")
    raise _RefusedError(line, "a list, a number or None would be shown as Python writes it")


def _checked(texts: Sequence[Text], line: int) -> Text:
    """Return texts one after another, unless they grow beyond any template."""
    if sum(len(part) if isinstance(part, str) else 1 for text in texts for part in text.parts) > MAX_TEXT:
        raise _RefusedError(line, f"longer than {MAX_TEXT} characters")
    return joined(texts)


def _code(node: ast.AST) -> str:
    """Return code as one short line, for a message."""
    try:
        text = " ".join(ast.unparse(node).split())
    except RecursionError:
        return "nested too deeply"
    return text if len(text) <= 60 else f"{text[:57]}..."

"""The official `instruction_templates.py`, read as a syntax tree: nothing in it is imported, run or evaluated.

Its function `build_instruction` is followed for one task at a time: assignments are remembered, the branches of that
task are taken, and the list that it chooses from is what it returns. Only what templates are made of is understood:
text, f-strings of plain places of a row, `+`, `join`, and lists. All else is told with its line.
"""

import ast
import hashlib
import stat
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mibench.errors import InputError
from mibench.instructions.following import TemplateFault, UnconvertibleError, follow
from mibench.instructions.parts import OfficialTask

FUNCTION = "build_instruction"
MAX_BYTES = 256 << 10
"""Four times the official file."""
REMEDY = "give instruction_templates.py of VT-NLP/MultiInstruct"


@dataclass(frozen=True)
class TemplateFile:
    """The official file.

    Attributes:
        path: where it lies.
        sha256: of its bytes, in hexadecimal digits.
        function: the syntax tree of the function that holds the templates.
        tasks: the names of its tasks, in its order.

    """

    path: Path
    sha256: str
    function: ast.FunctionDef
    tasks: tuple[str, ...]

    def task(self, name: str) -> OfficialTask:
        """Return the templates of one task.

        Raises:
            UnconvertibleError: there are fewer than five, or one is more than text and plain places of a row.

        """
        if name not in self.tasks:
            raise UnconvertibleError([TemplateFault(self.function.lineno, f"no templates for the task {name!r}")])
        return follow(self.function, name)


def read_templates(path: Path) -> TemplateFile:
    """Read the official file, or one of its kind.

    Raises:
        InputError: it is no Python file with one plain function `build_instruction`.

    """
    content = _content(path)
    tree = _parsed(content, path)
    bound = [node for node in ast.walk(tree) if _binds(node, FUNCTION)]
    function = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == FUNCTION), None)
    if function is None:
        raise InputError(f"no function {FUNCTION} at the top of the file", file=path, line=1, remedy=REMEDY)
    again = next((node.lineno for node in bound if node is not function and hasattr(node, "lineno")), None)
    if again is not None:
        raise InputError(f"{FUNCTION} is bound again", file=path, line=again, remedy="leave one function of that name")
    if function.decorator_list:
        line = function.decorator_list[0].lineno
        raise InputError(f"{FUNCTION} is decorated, which may change its templates", file=path, line=line)
    if code := next((node for node in tree.body if not _is_expected(node)), None):
        message = "code outside of the function, which is not run here and may change its templates"
        raise InputError(message, file=path, line=code.lineno, remedy=REMEDY)
    return TemplateFile(path, hashlib.sha256(content).hexdigest(), function, tuple(_task_names(function)))


def _is_expected(node: ast.stmt) -> bool:
    """Tell whether a statement is of the kinds that the top of the official file has: nothing that could matter."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return True
        case ast.Expr(value=ast.Constant()) | ast.Assign(value=ast.Constant()):
            return True
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id="random"), attr="seed"), args=[ast.Constant()])
        ):
            return True
    return False


def convertible_tasks(source: TemplateFile) -> tuple[Mapping[str, OfficialTask], Mapping[str, UnconvertibleError]]:
    """Return the tasks of a file by their official names, training tasks too, and those that cannot be converted."""
    tasks, refused = dict[str, OfficialTask](), dict[str, UnconvertibleError]()
    for name in source.tasks:
        try:
            tasks[name] = source.task(name)
        except UnconvertibleError as error:
            refused[name] = error
    return tasks, refused


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError("not a file", file=path, remedy=REMEDY)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path, remedy=REMEDY) from None
    if len(content) > MAX_BYTES:
        raise InputError(f"longer than {MAX_BYTES >> 10} KiB", file=path, remedy=REMEDY)
    return content


def _parsed(content: bytes, path: Path) -> ast.Module:
    try:
        text = content.decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"not UTF-8: {error.reason}", file=path, line=line, remedy=REMEDY) from None
    except SyntaxError as error:
        raise InputError(f"not Python: {error.msg}", file=path, line=error.lineno, remedy=REMEDY) from None
    except (RecursionError, MemoryError):
        raise InputError("not Python that can be read: nested too deeply", file=path, remedy=REMEDY) from None
    except ValueError as error:
        raise InputError(f"not Python: {error}", file=path, remedy=REMEDY) from None


def _binds(node: ast.AST, name: str) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name == name
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return node.id == name
        case ast.alias():
            return name in (node.name, node.asname)
    return False


def _task_names(function: ast.FunctionDef) -> list[str]:
    """Return the names that `task` is compared with, in the order of the file."""
    found = dict[str, int]()
    for node in ast.walk(function):
        match node:
            case ast.Compare(left=ast.Name(id="task"), ops=[ast.Eq()], comparators=[ast.Constant(value=str() as name)]):
                found.setdefault(name, node.lineno)
    return sorted(found, key=found.__getitem__)

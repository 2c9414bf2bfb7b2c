"""Everything that is wrong with what was checked: the first faults in full, of the rest only the count."""

from collections.abc import Iterator
from pathlib import Path

from mibench.errors import InputError

SHOWN = 20


class Faults:
    """A bounded list of faults; its length counts them all."""

    def __init__(self) -> None:
        self._shown: list[InputError] = []
        self._count = 0

    def add(
        self, message: str, *, file: Path | None = None, line: int | None = None, remedy: str | None = None
    ) -> None:
        """Note one more fault."""
        self._count += 1
        if len(self._shown) < SHOWN:
            self._shown.append(InputError(message, file=file, line=line, remedy=remedy))

    def note(self, error: InputError) -> None:
        """Note a fault that was raised."""
        self.add(error.message, file=Path(error.file) if error.file else None, line=error.line, remedy=error.remedy)

    def extend(self, others: "Faults") -> None:
        """Note the faults that another list holds, those too of which it holds only the count."""
        self._shown = [*self._shown, *others][:SHOWN]
        self._count += len(others)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[InputError]:
        return iter(self._shown)

    def __str__(self) -> str:
        lines = [str(fault) for fault in self._shown]
        if rest := self._count - len(self._shown):
            lines.append(f"... and {rest} more")
        return "\n".join(lines)

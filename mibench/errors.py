"""The one exception for input that a user can mend: it names the file, the line and the remedy."""

from pathlib import Path


class InputError(Exception):
    """Wrong input, told in one message; the command line prints it and exits with status 2."""

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}: "
        if self.line is not None:
            place = f"{self.file}:{self.line}: "
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


class FatalError(InputError):
    """Wrong input that every other request would meet as well: no row is to blame, and none can be passed over."""

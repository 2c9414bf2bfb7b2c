"""Telling what a check found."""

import click

from mibench.cli.inputs import write_json
from mibench.faults import Faults
from mibench.visible import visible


def tell_faults(faults: Faults, subject: object, *, as_json: bool) -> None:
    """Print the faults, or that there are none, and end with exit status 2 if there are any.

    Args:
        faults: what was found.
        subject: what was checked, as a person would name it.
        as_json: print JSON instead.

    """
    if as_json:
        shown = [
            {"file": f.file and str(f.file), "line": f.line, "message": f.message, "remedy": f.remedy} for f in faults
        ]
        write_json({"valid": not faults, "count": len(faults), "faults": shown})
    else:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        click.echo(visible(f"{count}\n{faults}" if faults else f"{subject}: no faults"))
    if faults:
        raise SystemExit(2)

"""Runs the command line inside the test's own process."""

from click.testing import CliRunner

from mibench.cli import main


def mibench(*arguments, status=0):
    """Run `mibench ARGUMENTS`, check its exit status, and return what it printed."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="mibench")
    assert result.exit_code == status, result.output + repr(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result

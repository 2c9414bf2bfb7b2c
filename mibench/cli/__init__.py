"""The command line: one small file a verb, loaded when it is used; heavy imports stay inside the functions."""

import errno
import importlib

import click

from mibench import __version__
from mibench.cli.logs import start_logging, tell_error
from mibench.errors import InputError

VERBS = (
    "run",
    "score",
    "validate",
    "compare",
    "submit",
    "leaderboard",
    "tasks",
    "instructions",
    "data",
    "models",
    "tune",
    "analyze",
    "study",
)


class _Program(click.Group):
    """Loads a verb from the module of its name, and turns wrong input into one message and exit status 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = getattr(importlib.import_module(f"mibench.cli.{name}"), name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["mibench.arguments"] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except InputError as error:
            if ctx.params["debug"]:
                raise
            tell_error(str(error))
            ctx.exit(2)
        except OSError as error:
            if ctx.params["debug"] or error.errno == errno.EPIPE:
                raise
            reason = error.strerror or str(error)
            tell_error(f"{error.filename}: cannot be read or written: {reason}" if error.filename else reason)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("stopped; what is on disk stays, and the same command goes on from there", err=True)
            ctx.exit(130)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mibench")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Measure how well a multimodal model follows instructions for tasks that it never saw.

    \b
    A first look, with the data and the baselines in the box:
      mibench run --model random-option
      mibench leaderboard build --output site

    \b
    With the official files:
      mibench data prepare nlvr --raw nlvr/test --output data
      mibench run --model constant --model-args answer=yes --tasks nlvr --data data

    Results go to stdout, progress to stderr.

    Exit status: 0 done; 1 done, but something is left: requests that failed, files to get by hand, a score that no
    longer holds, a faulty card; 2 wrong use, bad input, or faults in data or a submission; 130 stopped.
    """
    start_logging("text")

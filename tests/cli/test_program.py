import os
import subprocess
import sys

import click
import pytest

from mibench import __version__
from mibench.adapters.baselines import Constant
from mibench.cli import VERBS, main
from tests.builders import make_data
from tests.cli.program import mibench

HEAVY = ("torch", "transformers", "evaluate", "datasets", "ray", "pycocoevalcap")


def commands(command, *path):
    """Yield the words that lead to each command."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), *path, name)


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), tasks=["nlvr"])


def test_help_of_the_program_names_every_verb():
    text = mibench("--help").stdout
    assert [verb for verb in VERBS if f"\n  {verb} " in text] == list(VERBS)
    for words in ("Exit status", "1 done, but something is left", "or faults in data", "130 stopped"):
        assert words in " ".join(text.split())


def test_help_of_every_verb_works_and_says_what_it_does():
    found = list(commands(main))
    assert len(found) > len(VERBS)
    for path in found:
        for flag in ("--help", "-h"):
            text = mibench(*path, flag).stdout
            assert text.startswith(f"Usage: mibench {' '.join(path)}".rstrip())
        assert text == mibench(*path, "--help").stdout


def test_help_of_every_option_is_written():
    for path in commands(main):
        command, context = main, click.Context(main)
        for name in path:
            command = command.get_command(context, name)
        assert command.help, path
        for option in command.params:
            if isinstance(option, click.Option) and option.name not in {"output", "batch_size"}:
                assert option.help, (path, option.name)


def test_help_imports_nothing_heavy(tmp_path):
    for name in HEAVY:
        (tmp_path / f"{name}.py").write_text("")
    program = f"""
import sys
from mibench.cli import VERBS, main
for arguments in [["--help"], *([verb, "--help"] for verb in VERBS)]:
    try:
        main(arguments)
    except SystemExit as stop:
        assert not stop.code
print(sorted({set(HEAVY)} & sys.modules.keys()), file=sys.stderr)
"""
    result = python("-c", program, PYTHONPATH=str(tmp_path))
    assert (result.stderr.splitlines()[-1], result.returncode) == ("[]", 0)


def test_the_module_is_the_same_program():
    result = python("-m", "mibench", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")
    assert python("-m", "mibench", "--version").stdout == f"mibench, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["run"],
        ["run", "--model", "echo", "--limit", "0"],
        ["run", "--model", "echo", "--limit", "many"],
        ["run", "--model", "echo", "--batch-size", "0"],
        ["run", "--model", "echo", "--tasks", "nvlr"],
        ["run", "--model", "echo", "--tasks", ","],
        ["run", "--model", "gpt"],
        ["run", "--model", "constant"],
        ["run", "--model", "constant", "--model-args", "answer"],
        ["run", "--model", "echo", "--data", "/absent"],
        ["score", "/absent"],
        ["validate", "/absent"],
        ["submit", "/absent.csv", "--name", "x"],
        ["tasks", "show", "nvlr"],
        ["data", "prepare", "nlvr", "--raw", "/absent", "--output", "x"],
        ["data", "list", "--data", "/absent"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_one_message_and_status_2(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    result = mibench(*arguments, status=2)
    assert result.output.strip()
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_an_input_error_goes_to_stderr_with_its_remedy():
    result = mibench("tasks", "show", "nvlr", status=2)
    assert result.stdout == ""
    assert result.stderr == ("error: unknown task 'nvlr' (see 'mibench tasks list'; multimodal and nlp name suites)\n")


def test_debug_shows_the_traceback():
    plain, debug = (python("-m", "mibench", *flags, "tasks", "show", "nvlr") for flags in ([], ["--debug"]))
    assert plain.returncode == 2
    assert plain.stderr.startswith("error: ")
    assert "Traceback" not in plain.stderr
    assert debug.returncode != 0
    assert "Traceback" in debug.stderr
    assert "InputError: unknown task 'nvlr'" in debug.stderr


def test_a_place_that_cannot_be_written_is_one_message(tmp_path, data):
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "out"
    for arguments in (
        ["run", "--model", "echo", "--tasks", "nlvr", "--data", data.path, "--output", target],
        ["data", "preview", "nlvr", "--data", data.path, "--output", target],
    ):
        result = mibench(*arguments, status=2)
        assert result.stderr.startswith("error: ")
        assert str(tmp_path / "file") in result.stderr
        assert ": cannot be read or written: Not a directory\n" in result.stderr
        assert ".partial" not in result.stderr


def test_stopping_by_hand_says_that_the_run_goes_on(tmp_path, data, monkeypatch):
    def stop(self, requests):
        raise KeyboardInterrupt

    arguments = ["run", "--model", "constant", "--model-args", "answer=yes", "--tasks", "nlvr"]
    arguments += ["--data", data.path, "--output", tmp_path / "out"]
    with monkeypatch.context() as patched:
        patched.setattr(Constant, "predict", stop)
        result = mibench(*arguments, status=130)
    assert "the same command goes on from there" in result.stderr
    mibench(*arguments)

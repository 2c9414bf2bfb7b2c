"""What `pip install` of the wheel gives to someone who has no checkout."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from mibench.adapters.ofa_mini import FOLDER, WEIGHTS
from mibench.cards import card_files
from tests.conftest import REPOSITORY


def python(*arguments, cwd, **environment):
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=REPOSITORY)
    (found,) = folder.glob("mibench-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder)
    return folder


def test_the_wheel_holds_every_card_and_every_file_of_the_package(wheel):
    package = [path for path in (REPOSITORY / "mibench").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    expected = {str(path.relative_to(REPOSITORY)) for path in package}
    expected |= {f"mibench/{path.relative_to(REPOSITORY)}" for path in card_files()}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert expected - names == set()
    assert all(name.startswith(("mibench/", "mibench-")) for name in names)
    assert len([name for name in names if name.endswith(".yaml")]) >= 29


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_wheel_holds_the_weights_of_the_bundled_model(wheel, weights):
    if not (FOLDER / weights).is_dir():
        pytest.skip(f"the weights {weights!r} are not there yet")
    with zipfile.ZipFile(wheel) as packed:
        held = {name: packed.read(name) for name in packed.namelist() if f"/ofa/mini/{weights}/" in name}
    own = {str(file.relative_to(REPOSITORY)): file.read_bytes() for file in (FOLDER / weights).iterdir()}
    assert held == own
    assert {"config.json", "model.safetensors"} <= {name.rpartition("/")[2] for name in held}


def test_an_installed_wheel_lists_the_tasks_and_adapters(installed, tmp_path):
    environment = {"PYTHONPATH": str(installed)}
    place = python("-c", "import mibench; print(mibench.__file__)", cwd=tmp_path, **environment).strip()
    assert place == str(installed / "mibench" / "__init__.py")
    cards = json.loads(python("-m", "mibench", "tasks", "list", "--json", cwd=tmp_path, **environment))
    assert [card["name"] for card in cards] == [path.stem for path in card_files()]
    program = "from mibench.adapters.base import create_adapter; print(create_adapter('echo', {}).model_name)"
    assert python("-c", program, cwd=tmp_path, **environment) == "echo\n"
    assert not list(tmp_path.iterdir())


def test_an_installed_wheel_runs_the_mini_world(installed, tmp_path):
    arguments = ["--model", "random-option", "--tasks", "nlvr", "--limit", "10", "--output", "out"]
    python("-m", "mibench", "run", *arguments, cwd=tmp_path, PYTHONPATH=str(installed))
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["tasks"]["nlvr"]["n"] == 10

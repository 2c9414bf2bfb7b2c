"""What `docs/adapter_template.py` says is done: a package is made of it, installed, and run."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from mibench.adapters.base import sight
from mibench.adapters.pictures import open_picture
from mibench.cards import load_cards, select_cards
from mibench.data.mini import prepare_mini
from mibench.instances import Request
from tests.conftest import REPOSITORY

TEMPLATE = REPOSITORY / "docs" / "adapter_template.py"
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "my-package"
version = "1.0"
dependencies = ["mibench"]
"""


def python(*arguments, **environment):
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def template():
    names = {}
    exec(TEMPLATE.read_text(encoding="utf-8"), names)
    return names


@pytest.fixture(scope="module")
def installed(template, tmp_path_factory):
    """Return a folder with the package; its entry point is what the head of the template says."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    entry_point = template["__doc__"][template["__doc__"].index("[project.entry-points") :]
    (source / "pyproject.toml").write_text(PROJECT + entry_point)
    (source / "my_package").mkdir()
    (source / "my_package" / "__init__.py").touch()
    (source / "my_package" / "adapters.py").write_bytes(TEMPLATE.read_bytes())
    offline = ["--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check"]
    python("-m", "pip", "install", *offline, "--target", target, source)
    return target


def test_the_template_is_short():
    assert len(TEMPLATE.read_text(encoding="utf-8").splitlines()) <= 40


@pytest.mark.slow
def test_an_installed_package_answers(installed, tmp_path):
    output = tmp_path / "out"
    arguments = ["--model-args", "threshold=0.4", "--tasks", "nlvr", "--limit", "2", "--output", output]
    python("-m", "mibench", "run", "--model", "brightness", *arguments, PYTHONPATH=str(installed))
    rows = [json.loads(line) for line in (output / "predictions" / "nlvr.jsonl").read_text().splitlines()]
    data = prepare_mini(select_cards(["nlvr"], load_cards()))
    expected = []
    for instance in list(data.instances("nlvr"))[:2]:
        pixels = open_picture(str(data.folder("nlvr") / instance.image)).convert("L").tobytes()
        answer = sorted(instance.options)[-1 if sum(pixels) / len(pixels) / 255 > 0.4 else 0]
        expected += [{"instance": instance.id, "instruction": number, "prediction": answer} for number in range(1, 6)]
    assert rows == expected


def test_the_template_answers_what_it_can(template, tmp_path):
    adapter = template["Brightness"]("0.5")
    asked = []
    for shade in (0, 100, 200):
        Image.new("L", (4, 4), shade).save(tmp_path / f"{shade}.png")
        asked.append(
            Request(
                task="nlvr",
                instance=str(shade),
                instruction=1,
                prompt="?",
                image=str(tmp_path / f"{shade}.png"),
                options=("yes", "no"),
                max_new_tokens=8,
            )
        )
    blind = Request(task="t", instance="1", instruction=1, prompt="?", image=None, options=("a",), max_new_tokens=8)
    found = adapter.predict([*asked, blind])
    assert found[:3] == [one.answered(text) for one, text in zip(asked, ("no", "no", "yes"), strict=True)]
    assert found[3] == blind.failed("a picture and options are needed")
    assert (adapter.model_name, adapter.decoding, sight(adapter)) == ("brightness", {"threshold": 0.5}, "opens")
    with pytest.raises(ValueError, match="half"):
        template["Brightness"]("half")

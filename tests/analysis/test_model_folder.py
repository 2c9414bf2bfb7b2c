"""From what a user calls a model to its folder."""

import json

import pytest

pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.analysis.model_folder import model_folder
from mibench.errors import InputError
from mibench.submissions.description import Model, write_description
from mibench.submissions.writing import describe
from tests.builders import make_data


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "models" / "ofa-small"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def submission(folder, command, *, adapter="ofa", name="ofa-small"):
    folder.mkdir()
    data = make_data(folder.parent / "data", 2, ("nlvr",))
    write_description(folder, describe("Test", Model(name=name), [], data, adapter=adapter))
    session = {
        "command": command,
        "started": "",
        "python": "",
        "packages": {},
        "engine": "",
        "batch_size": 1,
        "seed": 0,
    }
    (folder / "run.json").write_text(json.dumps({"format": 1, "sessions": [session]}))
    return folder


def test_a_model_is_its_own_folder(model):
    assert model_folder(str(model)) == model


@pytest.mark.parametrize(
    "arguments",
    ["--model-args path={},beams=1", "--model_args=path={}", """--model-args '{{"path": "{}", "beams": 1}}'"""],
)
def test_a_submission_leads_to_the_model_that_answered(tmp_path, model, arguments):
    folder = submission(tmp_path / "s", f"mibench run --model ofa {arguments.format(model)} --limit 1")
    assert model_folder(str(folder)) == model


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"adapter": "hf"}, "was answered by hf, not by ofa"),
        ({"adapter": None}, "was answered by predictions from elsewhere"),
        ({"name": "another"}, "its model 'another' is not where the run found it"),
        ({"command": "mibench run --model ofa"}, "'ofa-small' is not where"),
        ({"command": "mibench run --model ofa --model-args path=nowhere/ofa-small"}, "'ofa-small' is not where"),
        ({"command": "mibench 'run"}, "'ofa-small' is not where"),
    ],
)
def test_a_submission_that_leads_nowhere_is_told(tmp_path, model, changes, told):
    known = {"command": f"mibench run --model ofa --model-args path={model}"} | changes
    folder = submission(tmp_path / "s", known.pop("command"), **known)
    with pytest.raises(InputError, match=told):
        model_folder(str(folder))


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        model_folder(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="neither a model nor a submission"):
        model_folder(str(tmp_path))

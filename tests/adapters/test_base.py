import sys

import pytest

from mibench.adapters.base import adapter_names, create_adapter, parse_arguments
from mibench.adapters.baselines import Constant
from mibench.errors import InputError
from mibench.instances import Request

REQUEST = Request(
    task="nlvr", instance="1", instruction=1, prompt="It is.", image=None, options=("yes", "no"), max_new_tokens=8
)
MODULE = """
class Parrot:
    decoding = {}

    def __init__(self, words="hello", times="1"):
        self.model_name = "parrot"
        self.answer = words * int(times)

    def predict(self, requests):
        return [request.answered(self.answer) for request in requests]
"""


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    """Install another package with adapters, as pip would."""
    (tmp_path / "parrots.py").write_text(MODULE)
    (tmp_path / "parrots_of_torch.py").write_text("import a_package_that_nobody_has\n")
    information = tmp_path / "parrots-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: parrots\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[mibench.adapters]\n"
        "parrot = parrots:Parrot\n"
        "needy = parrots_of_torch:Parrot\n"
        "misspelt = parrots:Parott\n"
        "[console_scripts]\n"
        "fly = parrots:fly\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("parrots", "parrots_of_torch"):
        sys.modules.pop(name, None)


def test_the_baselines_are_registered():
    assert {"constant", "echo", "first-option", "predictions", "random-option"} <= set(adapter_names())
    assert isinstance(create_adapter("constant", {"answer": "yes"}), Constant)


def test_another_package_adds_adapters(third_party):
    assert {"parrot", "needy", "constant"} <= set(adapter_names())
    assert "fly" not in adapter_names()
    adapter = create_adapter("parrot", {"words": "ha", "times": "2"})
    assert adapter.predict([REQUEST]) == [REQUEST.answered("haha")]


def test_an_unknown_model_is_told_with_the_known_ones(third_party):
    with pytest.raises(InputError, match="unknown model 'parot'") as caught:
        create_adapter("parot", {})
    assert caught.value.remedy == f"one of {', '.join(adapter_names())}"
    assert "parrot" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("constant", {}, "missing a required argument: 'answer'"),
        ("constant", {"answer": "yes", "beams": "5"}, "unexpected keyword argument 'beams'"),
        ("echo", {"answer": "yes"}, "unexpected keyword argument 'answer'"),
        ("random-option", {"sead": "1"}, "unexpected keyword argument 'sead'"),
    ],
)
def test_wrong_arguments_are_told_with_the_right_ones(name, arguments, words):
    with pytest.raises(InputError, match=words) as caught:
        create_adapter(name, arguments)
    assert f"--model {name}" in caught.value.message
    takes = {"constant": "answer", "echo": "none", "random-option": "seed"}[name]
    assert caught.value.remedy == f"its arguments: {takes}"


def test_a_missing_package_is_told_with_its_remedy(third_party):
    with pytest.raises(InputError, match="the adapter 'needy' needs a_package_that_nobody_has") as caught:
        create_adapter("needy", {})
    assert caught.value.remedy == "pip install 'mibench[all]'"


def test_an_entry_point_that_leads_nowhere_is_told(third_party):
    with pytest.raises(InputError, match="misspelt"):
        create_adapter("misspelt", {})


def test_a_value_that_the_adapter_refuses_is_told(third_party):
    with pytest.raises(InputError, match="--model parrot: invalid literal"):
        create_adapter("parrot", {"times": "many"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("answer=yes", {"answer": "yes"}),
        ("a=1,b=2", {"a": "1", "b": "2"}),
        (" a = 1 , b=2,", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("url=https://example.org/?a=b", {"url": "https://example.org/?a=b"}),
    ],
)
def test_arguments_are_read(text, expected):
    assert parse_arguments(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [("answer", "'answer' is not key=value"), ("=yes", "is not key=value"), ("a=1,a=2", "'a' stands twice")],
)
def test_faulty_arguments_are_told(text, words):
    with pytest.raises(InputError, match=words):
        parse_arguments(text)

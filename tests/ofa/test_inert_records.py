import argparse
import collections
import dataclasses
import enum
import pickle
import sys
import types

import pytest

from mibench.ofa.inert_pickle import read_pickle
from mibench.ofa.inert_records import Inert, attributes


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Common:
    seed: int = 7
    colour: Colour = Colour.RED


@pytest.mark.parametrize("protocol", range(6))
def test_objects_become_records_with_their_attributes(protocol):
    value = {
        "args": argparse.Namespace(disable_entangle=True, names=["a"]),
        "common": Common(),
        "default": collections.defaultdict(list, {"a": [1]}),
    }
    found = read_pickle(pickle.dumps(value, protocol))
    assert attributes(found["args"]) == {"disable_entangle": True, "names": ["a"]}
    common = attributes(found["common"])
    assert common["seed"] == 7
    assert isinstance(common["colour"], Inert)
    assert attributes(found["default"]) == {"a": [1]}


@pytest.fixture
def omegaconf():
    """Classes that pickle as omegaconf's do, known by name only while the test writes."""
    module = types.ModuleType("omegaconf_twin")
    for name in ("DictConfig", "AnyNode"):
        setattr(module, name, type(name, (), {"__module__": module.__name__}))
    sys.modules[module.__name__] = module
    yield module
    sys.modules.pop(module.__name__, None)


def test_nodes_of_omegaconf_are_unwrapped(omegaconf):
    node, config = omegaconf.AnyNode(), omegaconf.DictConfig()
    node.__dict__ = {"_val": True, "_metadata": None, "_parent": config}
    config.__dict__ = {"_content": {"disable_entangle": node}, "_metadata": None, "_parent": None}
    content = pickle.dumps({"cfg": config})
    del sys.modules[omegaconf.__name__]
    assert attributes(read_pickle(content)["cfg"]) == {"disable_entangle": True}
    assert omegaconf.__name__ not in sys.modules


@pytest.mark.parametrize("value", [None, 3, "text", [1], {1: 2}])
def test_plain_values_have_no_attributes(value):
    assert attributes(value) == {}

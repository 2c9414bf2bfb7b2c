import collections
import os
import pickle
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mibench.errors import InputError
from mibench.ofa import inert_pickle
from mibench.ofa.inert_pickle import UnreadablePickleError, read_pickle
from mibench.ofa.torch_file import read_torch_file
from tests.ofa.pickles import Calls, legacy, proto, text, zipped


def touching(marker):
    """Pickles that make the marker file where something runs them, by the way in which they do it."""
    shell, code = f"touch {marker}", f"open({str(marker)!r}, 'w').close()"
    system = os.system
    return {
        "os.system": pickle.dumps(Calls(system, shell), 2),
        "os.system by protocol 0": pickle.dumps(Calls(system, shell), 0),
        "os.system by stack": pickle.dumps(Calls(system, shell), 4),
        "os.system by instance": f"(S'{shell}'\nios\nsystem\n.".encode(),
        "os.system by object": f"(cos\nsystem\nS'{shell}'\no.".encode(),
        "eval": pickle.dumps(Calls(eval, code), 2),
        "exec": pickle.dumps(Calls(exec, code), 4),
        "Popen": pickle.dumps(Calls(subprocess.Popen, ["touch", str(marker)]), 2),
        "Path.touch": pickle.dumps(Calls(Path.touch, marker), 4),
        "open": pickle.dumps(Calls(open, str(marker), "w"), 2),
        "new object": proto(b"csubprocess\nPopen\n", text(shell), b"NN\x87\x81"),
        "new object with names": proto(b"csubprocess\nPopen\n", text(shell), b"\x85}\x92"),
        "build": proto(b"cos\nsystem\n", text(shell), b"\x85R}", text("__setstate__"), b"cos\nsystem\ns", b"b"),
        "pickle in a pickle": pickle.dumps(Calls(pickle.loads, pickle.dumps(Calls(system, shell))), 2),
        "as a key": pickle.dumps({"a": 1}, 2)[:-1] + b"(cos\nsystem\n" + text(shell) + b"\x85RK\x01u.",
        "as a storage": proto(b"cos\nsystem\n", text(shell), b"\x85RQ"),
        "in a list subclass": proto(b"ccollections\ndeque\n)R", b"(cos\nsystem\n", text(shell), b"\x85Re"),
        "import by name": pickle.dumps(Calls(__import__, "antigravity"), 2),
    }


KINDS = list(touching("x"))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_a_pickle_runs(kind, tmp_path):
    marker = tmp_path / "marker"
    hostile = touching(marker)[kind]
    read_pickle(hostile)
    for name, content in (("zip.pt", zipped(hostile)), ("legacy.pt", legacy(hostile))):
        (tmp_path / name).write_bytes(content)
        read_torch_file(tmp_path / name)
    time.sleep(0.01)
    assert not marker.exists()
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith(("os.", "e", "Path", "pickle"))])
def test_these_pickles_would_run_elsewhere(kind, tmp_path):
    marker = tmp_path / "marker"
    pickle.loads(touching(marker)[kind])
    assert marker.exists()


def nested_key(depth):
    return proto(b"}", b")" + b"\x85" * depth, b"Ns")


def laughs():
    """A tuple of 2 ** 60 leaves, as a key."""
    return proto(b"}", b")q\x00", b"0h\x00h\x00\x86q\x00" * 60, b"Ns")


HARMLESS = {
    "deep lists": proto(b"(" * 100_000 + b"l" * 100_000),
    "deep tuples": proto(b")" + b"\x85" * 100_000),
    "deep records": proto(b"cos\nsystem\nq\x00", b"h\x00" * 100_000 + b")" + b"R\x85" * 100_000),
    "deep attributes": proto(b"cos\nsystem\nq\x00", b"h\x00)R" * 100_000 + b"b" * 99_999),
    "a deep key": nested_key(100_000),
    "many records": proto(b"cos\nsystem\nq\x00", b"h\x00)R" * 300_000),
    "a key of 2 ** 60 leaves": laughs(),
    "a huge range": pickle.dumps(Calls(list, Calls(range, 10**12)), 2),
    "a huge text": pickle.dumps(Calls(bytes, 10**12), 2),
    "a huge place in the memo": proto(b"N", b"r" + struct.pack("<I", 2**32 - 1)),
    "a key of a million bits": proto(b"}", b"\x8b" + struct.pack("<i", 200_000) + b"\x7f" * 200_000, b"Ns"),
    "itself as an element": proto(b"]q\x00h\x00a"),
}


BROKEN = {
    "a byte string of exabytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.",
    "a text of exabytes": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"abc.",
    "a text of gigabytes": proto(b"X" + struct.pack("<I", 2**32 - 1) + b"abc"),
    "a number of gigabytes": proto(b"\x8b" + struct.pack("<i", 2**31 - 1) + b"abc"),
    "a number of negative length": proto(b"\x8b" + struct.pack("<i", -5)),
    "a number of many digits": b"I" + b"9" * 200_000 + b"\n.",
    "an array of exabytes": b"\x80\x05\x96" + struct.pack("<Q", 2**63) + b"abc.",
    "no end": b"\x80\x02]",
    "an empty stack": b"\x80\x02.",
    "a stack too short": proto(b"N\x87"),
    "no mark": proto(b"e"),
    "an unknown memo": proto(b"h\x07"),
    "an unknown opcode": proto(b"\xff"),
    "an extension": proto(b"\x82\x01"),
    "a buffer": proto(b"\x97"),
    "a call of a number": proto(b"K\x01)R"),
    "a call of a call": proto(b"cos\nsystem\n)R)R"),
    "a key of a number": proto(b"K\x01K\x01K\x01s"),
    "an element of a dictionary": proto(b"}K\x01a"),
    "an odd number of keys": proto(b"}(K\x01u"),
    "attributes of a list": proto(b"]}b"),
    "a name of numbers": proto(b"K\x01K\x02\x93"),
    "bad text": proto(b"X" + struct.pack("<I", 1) + b"\xff"),
    "a pop too many": proto(b"00"),
    "nothing": b"",
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_bombs_stay_small(kind):
    began = time.monotonic()
    read_pickle(HARMLESS[kind])
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_pickle_is_one_message(kind, tmp_path):
    began = time.monotonic()
    with pytest.raises(UnreadablePickleError):
        read_pickle(BROKEN[kind])
    for content in (zipped(BROKEN[kind]), legacy(BROKEN[kind])):
        (tmp_path / "model.pt").write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_torch_file(tmp_path / "model.pt")
        assert str(caught.value).startswith(f"{tmp_path / 'model.pt'}: ")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500
    assert time.monotonic() - began < 30


def test_opcodes_are_counted(monkeypatch):
    monkeypatch.setattr(inert_pickle, "OPCODES", 1000)
    assert read_pickle(proto(b"N0" * 498, b"N")) is None
    with pytest.raises(UnreadablePickleError, match="more than 1,000 opcodes"):
        read_pickle(proto(b"N0" * 499, b"N"))


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_is_read_as_it_was(protocol):
    value = {
        "numbers": [1, -1, 2**40, 2**100, 1.5, True, False, None],
        "texts": ["", "a b", "ü", "x" * 300],
        "bytes": [(b"abc", bytearray(b"de"))][: protocol >= 5],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "ordered": collections.OrderedDict(b=1, a=2),
        3: "three",
    }
    assert read_pickle(pickle.dumps(value, protocol)) == value

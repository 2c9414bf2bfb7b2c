import io
import pickle
import struct
import time
import zipfile

import pytest

from mibench.errors import InputError
from mibench.ofa import torch_file
from mibench.ofa.torch_file import read_torch_file
from tests.ofa.pickles import zipped

EMPTY = pickle.dumps({}, 2)


def compressed():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", EMPTY)
        archive.writestr("model/data/0", bytes(50_000_000))
    return buffer.getvalue()


def edited(content, field, value):
    """Change a field of the last entry of the table of contents; `field` is its offset in the entry."""
    start = content.rindex(b"PK\x01\x02") + field
    return content[:start] + value + content[start + len(value) :]


STORED = zipped(EMPTY, ("model/data/0", bytes(64)))
ZIPS = {
    "compressed": compressed(),
    "larger than the file": edited(STORED, 20, struct.pack("<II", 2**31, 2**31)),
    "larger than the file, unpacked": edited(STORED, 24, struct.pack("<I", 2**31)),
    "encrypted": edited(STORED, 8, struct.pack("<H", 1)),
    "absolute name": zipped(EMPTY, ("/etc/passwd", b"x")),
    "name outside": zipped(EMPTY, ("model/../../x", b"x")),
    "name of Windows": zipped(EMPTY, ("C:/x", b"x")),
    "two pickles": zipped(EMPTY, ("other/data.pkl", EMPTY)),
    "no pickle": zipped(EMPTY).replace(b"model/data.pkl", b"model/data.xxx"),
    "a pickle with a wrong sum": zipped(EMPTY).replace(EMPTY, b"\x80\x02]q\x00."),
    "big-endian": zipped(EMPTY, ("model/byteorder", b"big")),
    "cut short": STORED[: len(STORED) // 2],
    "without an end": STORED[:-22],
    "only its first bytes": b"PK\x03\x04",
    "a long table of contents": STORED[:-10] + struct.pack("<I", 2**31) + STORED[-6:],
    "a place beyond the end": edited(STORED, 42, struct.pack("<I", len(STORED) - 40)),
    "no checkpoint": b"not a checkpoint at all",
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(50),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_a_hostile_file_is_one_message(kind, tmp_path):
    file = tmp_path / "model.pt"
    file.write_bytes(ZIPS[kind])
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_torch_file(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 30
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_members_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(torch_file, "MEMBERS", 3)
    file = tmp_path / "model.pt"
    file.write_bytes(zipped(EMPTY, *((f"model/data/{number}", b"") for number in range(3))))
    with pytest.raises(InputError, match="more than 3 files"):
        read_torch_file(file)


def test_a_second_file_of_one_name_is_refused(tmp_path):
    file = tmp_path / "model.pt"
    file.write_bytes(zipped(EMPTY, ("model/data.pkx", EMPTY)).replace(b"data.pkx", b"data.pkl"))
    with pytest.raises(InputError, match="two files of one name"):
        read_torch_file(file)


@pytest.mark.parametrize("path", ["absent.pt", "."])
def test_what_is_no_file_is_one_message(path, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_torch_file(tmp_path / path)

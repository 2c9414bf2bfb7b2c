"""A file that `torch.save` wrote, zipped or in the older form, as data: what it holds, and where its numbers stand."""

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mibench.errors import InputError
from mibench.ofa.inert_pickle import UnreadablePickleError, read_pickle, read_pickles
from mibench.ofa.inert_records import Storage

PICKLE_BYTES = 64 << 20
MEMBERS = 20_000
DIRECTORY_BYTES = 4 << 20
ELEMENT_BYTES: Mapping[str, int] = {
    "torch.DoubleStorage": 8,
    "torch.FloatStorage": 4,
    "torch.HalfStorage": 2,
    "torch.BFloat16Storage": 2,
    "torch.LongStorage": 8,
    "torch.IntStorage": 4,
    "torch.ShortStorage": 2,
    "torch.CharStorage": 1,
    "torch.ByteStorage": 1,
    "torch.BoolStorage": 1,
}
"""The legal kinds of storage, and the bytes of an element."""
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_REMEDY = "download it again, or take a checkpoint that torch.save wrote"


@dataclass(frozen=True)
class TorchFile:
    """A checkpoint as data.

    Attributes:
        value: what `torch.save` was given, with `Inert` records in place of objects and tensors.
        places: offset and length in bytes of each storage, by its key.

    """

    path: Path
    value: object
    places: Mapping[str, tuple[int, int]]


def read_torch_file(path: Path) -> TorchFile:
    """Read a file that `torch.save` wrote, zipped or in the older form, as data.

    Args:
        path: the `.pt` or `.bin`. Of its tensors only the places are read.

    Raises:
        InputError: not such a file, or broken, too large when unpacked, or hostile.

    """
    try:
        with path.open("rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
        return _read_zip(path) if zipped else _read_legacy(path)
    except UnreadablePickleError as error:
        raise InputError(str(error), file=path, remedy=_REMEDY) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path, remedy="give a file or folder") from None


def _read_zip(path: Path) -> TorchFile:
    size = path.stat().st_size
    if _directory_bytes(path) > DIRECTORY_BYTES:
        raise UnreadablePickleError("its table of contents is too long for a checkpoint")
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            members = archive.infolist()
            _check_members(members, size)
            roots = [info for info in members if PurePosixPath(info.filename).parts[1:] == ("data.pkl",)]
            if len(roots) != 1:
                raise UnreadablePickleError("a zip file, but none that torch.save wrote: it holds no data.pkl")
            root = PurePosixPath(roots[0].filename).parts[0]
            if roots[0].file_size > PICKLE_BYTES:
                raise UnreadablePickleError(f"its data.pkl is larger than {PICKLE_BYTES >> 20} MiB")
            order = archive.NameToInfo.get(f"{root}/byteorder")
            if order is not None and (order.file_size != len("little") or archive.read(order) != b"little"):
                raise UnreadablePickleError("its numbers are big-endian")
            value = read_pickle(archive.read(roots[0]))
            prefix = f"{root}/data/"
            tensors = [info for info in members if info.filename.startswith(prefix)]
            places = {info.filename.removeprefix(prefix): _place(file, info, size) for info in tensors}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error, UnicodeDecodeError) as error:
        raise UnreadablePickleError(f"a broken zip file: {str(error)[:120]}") from None
    return TorchFile(path, value, places)


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse a zip file by its table of contents, before anything in it is unpacked."""
    if len(members) > MEMBERS:
        raise UnreadablePickleError(f"it holds more than {MEMBERS:,} files")
    if len({info.filename for info in members}) != len(members):
        raise UnreadablePickleError("it holds two files of one name")
    for info in members:
        name = PurePosixPath(info.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in info.filename or ":" in info.filename:
            raise UnreadablePickleError(f"it holds a file that would lie outside: {info.filename[:80]!r}")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise UnreadablePickleError("it holds compressed or encrypted files, which torch.save never writes")
    if sum(info.file_size for info in members) > size:
        raise UnreadablePickleError("it would unpack to more than its own size")


def _directory_bytes(path: Path) -> int:
    """Return the length of a zip file's table of contents, as its last record tells."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 98))
        tail = file.read()
    end = len(tail) - 22 if tail[-22:-18] == b"PK\x05\x06" and tail[-2:] == b"\0\0" else tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        raise UnreadablePickleError("a zip file without an end")
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    if tail[max(0, end - 76) : max(0, end - 72)] == b"PK\x06\x06":
        length = max(int.from_bytes(tail[end - 36 : end - 28], "little"), length if length < 0xFFFFFFFF else 0)
    return length


def _place(file: io.BufferedReader, info: zipfile.ZipInfo, size: int) -> tuple[int, int]:
    """Return where the content of an uncompressed file in a zip file stands."""
    file.seek(info.header_offset)
    header = file.read(30)
    name, extra = struct.unpack("<HH", header[26:30])
    start = info.header_offset + 30 + name + extra
    if header[:4] != b"PK\x03\x04" or start + info.file_size > size:
        raise UnreadablePickleError("a broken zip file: a file in it reaches beyond its end")
    return start, info.file_size


def _read_legacy(path: Path) -> TorchFile:
    """Read the older form: five pickles in a row, then each storage as its length and its numbers."""
    size = path.stat().st_size
    with path.open("rb") as file:
        pickles = read_pickles(file.read(PICKLE_BYTES))
        if not _is_legacy(pickles):
            raise UnreadablePickleError("not a file that torch.save wrote")
        next(pickles)
        system = next(pickles)[0]
        value, storages, _ = next(pickles)
        keys, _, offset = next(pickles)
        if not isinstance(system, dict) or system.get("little_endian") is not True or not isinstance(keys, list):
            raise UnreadablePickleError("its numbers are big-endian, or its header is broken")
        places: dict[str, tuple[int, int]] = {}
        for key in keys:
            storage = storages.get(key) if isinstance(key, str) else None
            if storage is None or storage.kind not in ELEMENT_BYTES or key in places:
                raise UnreadablePickleError("its list of storages does not fit its tensors")
            file.seek(offset)
            elements = int.from_bytes(file.read(8), "little")
            length = elements * ELEMENT_BYTES[storage.kind]
            if elements != storage.elements or offset + 8 + length > size:
                raise UnreadablePickleError("it ends too early")
            places[storage.key] = (offset + 8, length)
            offset += 8 + length
    return TorchFile(path, value, places)


def _is_legacy(pickles: Iterator[tuple[object, Mapping[str, Storage], int]]) -> bool:
    try:
        return next(pickles)[0] == _LEGACY_MAGIC
    except UnreadablePickleError:
        return False

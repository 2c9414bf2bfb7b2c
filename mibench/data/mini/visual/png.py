"""PNG files whose bytes are the same on every machine.

Compression libraries differ in their output between versions, so the deflate stream is written here: the filter Up and
runs of equal pixels, in fixed Huffman codes (RFC 1951, section 3.2.6). Flat drawings need no more.
"""

import itertools
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2
_PIXEL = 3
"""Bytes of a pixel, and the distance of every match."""
_LONGEST_MATCH = 258
_DISTANCE_3 = "00010"


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the file of an RGB picture of shape (height, width, 3)."""
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", _zlib_stream(pixels)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _zlib_stream(pixels: NDArray[np.uint8]) -> bytes:
    above = np.zeros_like(pixels)
    above[1:] = pixels[:-1]
    filtered = pixels - above
    bits = ["1", "10"]
    checksum = 1
    for row in filtered:
        checksum = zlib.adler32(bytes([_UP]) + row.tobytes(), checksum)
        bits.append(_LITERALS[_UP])
        bits.extend(_row_codes(row))
    bits.append(_code(256))
    stream = "".join(bits)
    deflated = int(stream[::-1], 2).to_bytes((len(stream) + 7) // 8, "little")
    return b"\x78\x01" + deflated + struct.pack(">I", checksum)


def _row_codes(row: NDArray[np.uint8]) -> list[str]:
    """Return the codes of one filtered row: each run as a pixel, then matches that repeat it."""
    starts = np.flatnonzero(np.any(row[1:] != row[:-1], axis=1)) + 1
    bounds = [0, *starts.tolist(), len(row)]
    codes: list[str] = []
    for begin, end in itertools.pairwise(bounds):
        codes.extend(_LITERALS[value] for value in row[begin].tolist())
        left = _PIXEL * (end - begin - 1)
        while left:
            length = min(left, _LONGEST_MATCH)
            codes.append(_MATCHES[length])
            left -= length
    return codes


def _code(symbol: int) -> str:
    """Return the fixed Huffman code of a literal or length symbol, most significant bit first."""
    if symbol < 144:
        return f"{0b00110000 + symbol:08b}"
    if symbol < 256:
        return f"{0b110010000 + symbol - 144:09b}"
    if symbol < 280:
        return f"{symbol - 256:07b}"
    return f"{0b11000000 + symbol - 280:08b}"


def _match(length: int) -> str:
    """Return the code of a match at distance 3; extra bits come least significant first."""
    if length == _LONGEST_MATCH:
        return _code(285) + _DISTANCE_3
    symbol, base, extra = 257, 3, 0
    while length >= base + (1 << extra):
        base += 1 << extra
        symbol += 1
        extra = max(0, (symbol - 261) // 4)
    return _code(symbol) + (f"{length - base:0{extra}b}"[::-1] if extra else "") + _DISTANCE_3


_LITERALS = [_code(value) for value in range(256)]
_MATCHES = {length: _match(length) for length in range(3, _LONGEST_MATCH + 1)}

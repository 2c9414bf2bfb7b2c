"""PNG files whose bytes are the same on every machine.

Compression libraries differ in their output between versions, so the deflate stream is written here: the filter Up and
runs of equal pixels, in fixed Huffman codes (RFC 1951, section 3.2.6). Flat drawings need no more.
"""

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
_END = 256
_MATCH = _END + 1 - 3
"""Place of a match in the table of codes, less its length."""


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
    symbols = _symbols(filtered)
    bits = _CODES[symbols][np.arange(_CODES.shape[1]) < _LENGTHS[symbols, None]]
    header = np.array([1, 1, 0], dtype=np.uint8)
    deflated = np.packbits(np.concatenate([header, bits]), bitorder="little").tobytes()
    rows = np.concatenate([np.full((len(pixels), 1), _UP, dtype=np.uint8), filtered.reshape(len(pixels), -1)], axis=1)
    return b"\x78\x01" + deflated + struct.pack(">I", zlib.adler32(rows.tobytes()))


def _symbols(filtered: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return what is written of filtered rows [H, W, 3], by its place in the table of codes, to the end of the stream.

    Each row begins with its filter; each run in it is a pixel, then matches that repeat it, the longest first.
    """
    height, width, _ = filtered.shape
    begins = np.ones((height, width), dtype=bool)
    begins[:, 1:] = np.any(filtered[:, 1:] != filtered[:, :-1], axis=2)
    starts = np.flatnonzero(begins)
    first = (starts % width == 0).astype(np.int64)
    full, rest = np.divmod(_PIXEL * (np.diff(starts, append=begins.size) - 1), _LONGEST_MATCH)
    ends = np.cumsum(first + _PIXEL + full + (rest > 0))
    symbols = np.full(ends[-1] + 1, _MATCH + _LONGEST_MATCH, dtype=np.int64)
    places = np.concatenate([[0], ends[:-1]])
    symbols[places[first > 0]] = _UP
    symbols[(places + first)[:, None] + np.arange(_PIXEL)] = filtered.reshape(-1, _PIXEL)[starts]
    symbols[ends[rest > 0] - 1] = _MATCH + rest[rest > 0]
    symbols[-1] = _END
    return symbols


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


def _table() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bits of each code, filled up with zeros, and how many there are: literals, end, matches by length."""
    codes = [_code(symbol) for symbol in range(_END + 1)] + [_match(length) for length in range(3, _LONGEST_MATCH + 1)]
    longest = max(map(len, codes))
    bits = [[int(bit) for bit in code.ljust(longest, "0")] for code in codes]
    return np.array(bits, dtype=np.uint8), np.array([len(code) for code in codes])


_CODES, _LENGTHS = _table()

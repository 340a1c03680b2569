"""A page that is the same for everybody but for a few words, packed once: what differs goes between uncompressed.

Compressing each page anew would cost more than all the rest of an answer to a GET; so the parts that stay are
compressed beforehand, and gzip lets plain blocks stand between them.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping, Sequence

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"
"""An empty last block."""
_BLOCK_LIMIT = 0xFFFF


class Packed:
    """A page in pieces: text that stays, and between it the names of what is filled in."""

    def __init__(self, page: str, names: Sequence[str]) -> None:
        """``names`` stand in ``page`` as ``mark(name)``."""
        parts = re.split("\x00(" + "|".join(map(re.escape, names)) + ")\x00", page)
        self._plain = [part.encode() for part in parts[::2]]
        self._names = parts[1::2]
        self._packed = [_deflated(piece) for piece in self._plain]

    def plain(self, values: Mapping[str, bytes]) -> bytes:
        """The page with these words in their places."""
        return b"".join(self._pieces(self._plain, [values[name] for name in self._names]))

    def gzipped(self, values: Mapping[str, bytes]) -> bytes:
        """The same as gzip."""
        plain = self.plain(values)
        words = [_stored(values[name]) for name in self._names]
        tail = struct.pack("<II", zlib.crc32(plain), len(plain) & 0xFFFFFFFF)
        return b"".join([_HEAD, *self._pieces(self._packed, words), _END, tail])

    @staticmethod
    def _pieces(parts: Sequence[bytes], words: Sequence[bytes]) -> list[bytes]:
        out = [parts[0]]
        for word, part in zip(words, parts[1:], strict=True):
            out += (word, part)
        return out


def mark(name: str) -> str:
    """What stands for a word in a page: no text that people write can hold it, nor does escaping change it."""
    return f"\x00{name}\x00"


def _deflated(piece: bytes) -> bytes:
    """Compressed such that anything may follow: nothing in it points back to what stood before."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)


def _stored(word: bytes) -> bytes:
    blocks = []
    for start in range(0, len(word), _BLOCK_LIMIT):
        piece = word[start : start + _BLOCK_LIMIT]
        blocks.append(b"\x00" + struct.pack("<HH", len(piece), len(piece) ^ 0xFFFF) + piece)
    return b"".join(blocks)

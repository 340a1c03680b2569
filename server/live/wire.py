"""One event, made ready once: the bytes of a whole WebSocket text frame (RFC 6455, 5.2), the same for everybody.

A server's frames are not masked, so what is written to one socket can be written to a thousand.
"""

from __future__ import annotations

import struct

import msgspec

from server.live.frames import encode

_TEXT = 0x81
"""FIN set, opcode 1."""


def text_frame(payload: bytes) -> bytes:
    """The WebSocket frame that carries ``payload`` as one unfragmented text message."""
    length = len(payload)
    if length < 126:
        return bytes((_TEXT, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", _TEXT, 126, length) + payload
    return struct.pack("!BBQ", _TEXT, 127, length) + payload


def ready(frame: msgspec.Struct | msgspec.Raw) -> bytes:
    """A frame of ours, or one that another process has encoded, ready to be written to a socket."""
    return text_frame(encode(frame))

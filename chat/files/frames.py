"""What the talk says about files that may travel."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from server.live.frames import Command, Frame


class AskPolicy(Command, tag="talk.policy"):
    """Which files may be sent; from then on every change of it is told."""


class TalkPolicy(Frame, tag="talk.policy"):
    """Which files may be sent: 送信出来るファイル種別 (``mode``: all but those in ``refused``; JPEG, PNG and GIF
    alone; none). An answer also tells how large a file may be and how many fit into a message; a change does not.
    ``log_readers`` is the number of people who may read the talk log.

    A browser says no at once by it; the server decides by the contents too.
    """

    rev: int
    mode: Literal["default", "images", "off"]
    refused: list[str]
    log_readers: int
    max_bytes: int | UnsetType = UNSET
    max_files: int | UnsetType = UNSET
    ref: int | UnsetType = UNSET

"""What the talk log keeps for the life of a process: its keys, its rule of rotation, how the follower fares."""

from __future__ import annotations

from dataclasses import dataclass

from chat.log.segments import Rotation
from chat.log.signing import Keys, open_keys
from server.clock import zone
from server.data.space import MEBIBYTE
from server.services import Services

NAME = "chat.log"
"""Under which it stands in ``services.state``."""


@dataclass
class TalkLog:
    """Plain numbers that ``/metrics`` reads, and what signs."""

    keys: Keys
    rotation: Rotation
    follows: bool = False
    """This process numbers the log now."""
    numbered: int = 0
    problem: str = ""
    """Why the follower does not get on; blank while it does."""


def open_log(services: Services) -> TalkLog:
    settings = services.settings
    keys = open_keys(settings.var / "secrets", services.secrets, shared=bool(settings.master_key))
    return TalkLog(keys, Rotation(zone(settings.time_zone), int(settings.log_segment_mb * MEBIBYTE)))


def of(services: Services) -> TalkLog:
    """The one that this process has opened."""
    found: TalkLog = services.state[NAME]
    return found

"""What is said about uploads over HTTP."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from chat.files.frames import File
from server.answers import Refusal


class NameQuery(Struct, forbid_unknown_fields=True):
    """What the file is called."""

    name: str


class Upload(Struct):
    """One of one's own uploads. ``state`` is ``receiving``, ``ready`` (to be sent), ``sent`` or ``refused``; ``size``
    as it was announced, ``offset`` how much of it has come. ``file`` is there from ``ready`` on, ``refusal`` for a
    day."""

    id: str
    state: str
    name: str
    offset: int
    size: int
    file: File | UnsetType = UNSET
    refusal: Refusal | UnsetType = UNSET

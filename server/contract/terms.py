"""What a part of the house promises to strangers: its words on the socket, its addresses over HTTP.

The ground has one ``Contract`` (``ground.py``), each feature its own (``Module.contract``). The documents, and the
browser's types, are made from all of them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from server.live.frames import Command, Frame

HTML = "text/html"
JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What comes back when an address does what was asked. ``kind`` is the type of a JSON body."""

    status: int
    what: str
    kind: type[Struct] | None = None
    media: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that belong to the answer's meaning, each with what it says."""

    @property
    def media_type(self) -> str | None:
        """The body's type; None when there is no body."""
        return JSON if self.kind is not None else self.media


@dataclass(frozen=True)
class Operation:
    """One method of one address. ``places`` gives an example for each part of the path that varies; ``upload`` is the
    media type of a body that is a file."""

    id: str
    method: str
    path: str
    summary: str
    answers: tuple[Answer, ...]
    signed_in: bool = True
    body: type[Struct] | None = None
    form: type[Struct] | None = None
    query: type[Struct] | None = None
    upload: str | None = None
    places: Mapping[str, int | str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the request has to carry in its head, each with an example."""

    @property
    def changes(self) -> bool:
        """Whether it changes something, and so must come from the server's own page."""
        return self.method not in ("GET", "HEAD")


@dataclass(frozen=True)
class Contract:
    """``answers`` says which frames answer a command besides ``error``; ``events`` come without being asked.

    ``welcome`` is a feature's part of that frame. ``examples`` are values of the types, at least one of each
    command, frame and body; ``said`` and ``told`` are the codes of refusals on the socket and, by status, over
    HTTP.
    """

    answers: Mapping[type[Command], tuple[type[Frame], ...]] = field(default_factory=dict)
    events: tuple[type[Frame], ...] = ()
    welcome: type[Struct] | None = None
    operations: tuple[Operation, ...] = ()
    examples: tuple[Struct, ...] = ()
    said: tuple[str, ...] = ()
    told: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def joined(contracts: Iterable[Contract]) -> Contract:
    """All of them as one. ``welcome`` alone is left out: its parts make one frame (``server/live/welcome.py``)."""
    parts = tuple(contracts)
    statuses = sorted({status for part in parts for status in part.told})
    return Contract(
        answers={command: frames for part in parts for command, frames in part.answers.items()},
        events=tuple(event for part in parts for event in part.events),
        operations=tuple(operation for part in parts for operation in part.operations),
        examples=tuple(example for part in parts for example in part.examples),
        said=tuple(code for part in parts for code in part.said),
        told={status: tuple(code for part in parts for code in part.told.get(status, ())) for status in statuses},
    )

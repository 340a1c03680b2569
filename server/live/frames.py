"""The frames every socket speaks, whatever the feature: what a client may say first, and what the server says back.

A frame is one JSON object in one WebSocket text message. A client's frame names its command in ``do`` and
carries a number ``ref`` of the client's choice; the server's frame names its kind in ``is`` and repeats the
``ref`` when it is an answer. Features add commands and events of their own (``chat/frames.py``); the shapes
here are the ones that connecting, answering and resuming need.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

SAFE_INTEGER = 2**53 - 1
"""The largest integer that a browser's number holds exactly."""

Number = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
"""Every number on the wire: msgspec itself knows no upper bound."""

TopicKey = Annotated[str, Meta(pattern="^[a-z0-9:_-]{1,80}\\Z", max_length=80)]


class Command(Struct, tag_field="do", forbid_unknown_fields=True, kw_only=True):
    """Something a client asks for. ``ref`` comes back in the answer."""

    ref: Number


class Frame(Struct, tag_field="is", kw_only=True, omit_defaults=True):
    """Something the server says."""


Language = Annotated[str, Meta(title="Language", extra_json_schema={"enum": ["ja", "en"]})]
"""A language that people may choose: the catalogue knows no third."""


class Me(Struct):
    """Who is signed in. ``talk``: whether he may talk; ``privileges``: what he may administer, by name;
    ``talk_log``: whether he may read the talk log."""

    id: int
    name: str
    login_id: str
    language: Language
    talk: bool
    privileges: list[str]
    talk_log: bool


class Hello(Command, tag="hello"):
    """The first frame: begins, or resumes with the ``rev`` of each topic whose rows the client holds.

    A topic is named by its key; a channel's is its number alone. Answered by one ``welcome`` (``me``, ``now``,
    ``connection``, and what each feature adds: the talk its ``rooms``), then by what was missed, topic by
    topic. ``lost`` tells why the line before was lost (a close code, or 0), for the operator's charts.
    """

    have: Annotated[dict[TopicKey, Number], Meta(max_length=500)] = {}
    lost: Number = 0


class OwnPresence(Struct):
    """How one has said one can be reached; ``until`` is 0 when no time was said."""

    state: Literal["auto", "away", "out"]
    until: int


class Welcome(Frame, tag="welcome"):
    """The answer to ``hello``, first of all frames: who is signed in, how he has said he can be reached, the
    server's time, this line's name in the server's log, and what each feature adds."""

    ref: Number
    me: Me
    presence: OwnPresence
    now: int
    connection: str


class Ping(Command, tag="ping"):
    """Asks whether the line is alive: browsers can neither send nor see WebSocket pings."""


class Pong(Frame, tag="pong"):
    """The answer to ``ping``."""

    ref: Number


class Done(Frame, tag="done"):
    """The answer to a command that has nothing to tell but that it happened, durably."""

    ref: Number


class Error(Frame, tag="error"):
    """The answer to a command that was refused: nothing has changed.

    ``code`` is for programs (docs/protocol.md lists them), ``message`` is a sentence for the person, in the
    person's language, ``field`` the field that it is about, ``reason`` says to a developer what was wrong with
    the frame. ``ref`` is missing when the frame was too broken to have one.
    """

    code: str
    message: str
    ref: Number | UnsetType = UNSET
    retry_ms: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    field: str | UnsetType = UNSET


class PresenceState(StrEnum):
    """在席, 離席中, 不在, and nobody at any device."""

    IN = "in"
    AWAY = "away"
    OUT = "out"
    OFF = "off"


class Presence(Struct, omit_defaults=True):
    """How somebody can be reached now; ``until`` is when one who is out returns, 0 when he did not say."""

    id: int
    state: PresenceState
    until: int = 0


class WatchPresence(Command, tag="presence.watch"):
    """The people on the screen, in place of those named before: answered at once, then told when they change."""

    people: Annotated[list[Number], Meta(max_length=300)]


class ChoosePresence(Command, tag="presence.choose"):
    """Says how one can be reached: ``auto`` (as the server sees it), 離席中, or 不在 until a time (0: open)."""

    state: Literal["auto", "away", "out"]
    until: Number = 0


class Idle(Command, tag="presence.idle"):
    """Whether nobody has touched this device for a while (clients: five minutes)."""

    idle: bool


class PresenceList(Frame, tag="presence"):
    """The answer to ``presence.watch``, and without ``ref`` who has changed since; at most once a second."""

    people: list[Presence]
    ref: Number | UnsetType = UNSET


class Heads(Frame, tag="heads"):
    """The newest ``rev`` of topics, by name: who holds an older one asks for what is missing."""

    revs: dict[str, int]


class Bye(Frame, tag="bye"):
    """The last frame before the server closes: come back after ``retry_ms``, if at all."""

    code: int
    retry_ms: int | UnsetType = UNSET


class CloseCode:
    """Why the server closes a socket. 4400-4407 are final; after 4408-4499 and 1012/1013 a client comes back."""

    SIGNED_OUT = 4401
    """The session has ended or the account is disabled: sign in again."""
    NO_HELLO = 4408
    """No ``hello`` within five seconds."""
    SLOW = 4410
    """More was owed than a connection may owe: come back and resume."""
    RIGHTS_CHANGED = 4411
    """What this person may do has changed: come back at once and be told anew."""
    TOO_MANY_ERRORS = 4412
    """A client that sends rubbish again and again."""
    RESTART = 1012
    OVERLOADED = 1013
    TOO_BIG = 1009
    NOT_TEXT = 1003
    BAD_UTF8 = 1007


encode = msgspec.json.Encoder().encode

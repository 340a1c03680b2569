"""One socket as the hub sees it: where bytes go, and what becomes of them when the other end does not read.

A connection is in one of three states, each a function that takes bytes:

- *open*: bytes go straight to the transport;
- *holding*, while it is being told how things stand: events wait, and follow the answer (so many of them at
  most; the client fetches the rest);
- *slow*, while the transport's buffer is full: events are not kept but counted. When it drains, the client
  is told the newest ``rev`` of its topics and fetches what it was not given; when too much is owed before
  that, it is closed with a code that invites it back. Nobody else waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from server.live.frames import Bye, CloseCode, Heads
from server.live.wire import ready

if TYPE_CHECKING:
    from server.live.topic import Topic

OWED_BYTES = 1024 * 1024
OWED_FRAMES = 256
_FRAME_MARK = b'"is":"'
"""Stands once in every frame, and nowhere else: inside a JSON string its quotes are escaped."""


class Line(Protocol):
    """What a connection asks of the protocol below it."""

    def send_bytes(self, data: bytes) -> None:
        """Give whole WebSocket frames to the transport."""

    def hang_up(self, code: int) -> None:
        """Close with this code; cut the line if the other end does not answer."""

    def call_soon(self, function: Callable[..., None], *args: object) -> None:
        """Do this in the next turn of the loop."""


class Connection:
    """The sending side of one socket."""

    __slots__ = (
        "__weakref__",
        "account",
        "barred",
        "closed",
        "code",
        "heard",
        "held",
        "hinted_at",
        "id",
        "idle",
        "line",
        "moves",
        "owed_bytes",
        "owed_frames",
        "paused",
        "session",
        "skipped",
        "topics",
        "unsent",
        "write",
    )

    def __init__(self, id: str, account: int, session: str, line: Line, heard: frozenset[int] = frozenset()) -> None:
        self.id = id
        self.account = account
        self.session = session
        self.line = line
        # Revocations that were there when it was let in: it need not close for them.
        self.heard = heard
        self.topics: set[Topic] = set()
        # Topics that were taken away, with the rev of the removal.
        self.barred: dict[str, int] = {}
        self.held: list[bytes] = []
        # Answers, and notices without a rev, that wait for a slow line; other events are not kept.
        self.unsent: list[bytes] = []
        self.owed_bytes = 0
        self.owed_frames = 0
        # Whether something was not given to a slow line.
        self.skipped = False
        # Whether the transport's buffer is full.
        self.paused = False
        # How often this person came into a room or went out of one while connected.
        self.moves = 0
        self.closed = False
        # Why we closed it, if we did.
        self.code = 0
        # Whether nobody has touched this device for a while.
        self.idle = False
        # When something fleeting was last told of this person.
        self.hinted_at = float("-inf")
        self.write: Callable[[bytes], None] = self._hold

    # ------------------------------------------------------------ events

    def open(self, first: bytes) -> None:
        """The answer to ``hello``, and after it what was held back meanwhile."""
        if self.closed:
            return
        held, self.held = self.held, []
        self.owed_bytes = self.owed_frames = 0
        if self.skipped:
            # More came while we read than a connection may owe: the client fetches what it was not given.
            held.append(self._heads())
        self.skipped = self.paused
        self._switch(self._skip if self.paused else self.line.send_bytes)
        self.line.send_bytes(first + b"".join(held))

    def tell(self, data: bytes) -> None:
        """Something that nothing else would bring: kept while ``hello`` is answered, and for a slow line."""
        if self.write == self._hold:
            self.held.append(data)
        else:
            self.answer(data)

    def whisper(self, data: bytes) -> bool:
        """Something that matters only now: to a line that is not free it is not sent, and not owed."""
        free = self.write == self.line.send_bytes
        if free:
            self.write(data)
        return free

    def _hold(self, data: bytes) -> None:
        self._owe(data)
        if self._owes_too_much():
            self.skipped = True
        else:
            self.held.append(data)

    def _hold_kept(self, data: bytes) -> None:
        self.held.append(data)

    def _skip(self, data: bytes) -> None:
        self.skipped = True
        self._owe(data)
        self._give_up_if_hopeless()

    def _keep(self, data: bytes) -> None:
        self.unsent.append(data)
        self._owe(data)
        self._give_up_if_hopeless()

    def _owe(self, data: bytes) -> None:
        self.owed_bytes += len(data)
        self.owed_frames += data.count(_FRAME_MARK)

    def _owes_too_much(self) -> bool:
        return self.owed_bytes > OWED_BYTES or self.owed_frames > OWED_FRAMES

    def _give_up_if_hopeless(self) -> None:
        if self._owes_too_much():
            # Not now: the hub may be going through its watchers.
            self.line.call_soon(self.close, CloseCode.SLOW)

    def _switch(self, write: Callable[[bytes], None]) -> None:
        self.write = write
        for topic in self.topics:
            topic.watchers[self] = self.writes_to(topic)

    def writes_to(self, topic: Topic) -> Callable[[bytes], None]:
        """Where this topic's bytes go now. What no ``rev`` can bring back is kept, even for a slow line."""
        if topic.kept and self.write == self._skip:
            return self._keep
        return self._hold_kept if topic.kept and self.write == self._hold else self.write

    def _heads(self) -> bytes:
        """The newest ``rev`` of all topics that have one."""
        return ready(Heads(revs={topic.key: topic.rev for topic in self.topics if topic.rev is not None}))

    # ------------------------------------------------------------ answers

    def answer(self, data: bytes) -> None:
        """Send an answer; to a slow line it is owed and goes when it drains. If it never does, the resend
        is answered on the next connection."""
        if self.write == self._skip:
            self._keep(data)
        elif not self.closed:
            self.line.send_bytes(data)

    # ------------------------------------------------------------ the line

    def slowed(self) -> None:
        """The transport's buffer is full."""
        self.paused = True
        if self.write == self.line.send_bytes:
            self._switch(self._skip)

    def drained(self) -> None:
        """The transport has room again: answers that waited, then the heads of all topics."""
        self.paused = False
        if self.closed or self.write != self._skip:
            return
        unsent, self.unsent = self.unsent, []
        skipped, self.skipped = self.skipped, False
        self.owed_bytes = self.owed_frames = 0
        self._switch(self.line.send_bytes)
        if skipped:
            unsent.append(self._heads())
        if unsent:
            self.line.send_bytes(b"".join(unsent))

    def close(self, code: int, retry_ms: int | None = None) -> None:
        """Say ``bye`` and close. Nothing is sent afterwards."""
        if self.closed:
            return
        self.closed = True
        self.code = code
        self._switch(_nothing)
        self.held.clear()
        self.unsent.clear()
        self.line.send_bytes(ready(Bye(code=code) if retry_ms is None else Bye(code=code, retry_ms=retry_ms)))
        self.line.hang_up(code)


def _nothing(data: bytes) -> None:
    """Where bytes for a closed connection go."""

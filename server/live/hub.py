"""Who watches what, and the way of a committed event to all of them.

An event is encoded once. The frames of one group are joined for each topic and written once to each watcher;
uvloop gathers what one connection gets in a turn of the loop into one system call. Nobody waits for anybody: a
connection whose buffer is full is set aside by its own ``write`` (``server/live/connection.py``).

Everything here happens on the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from server.data.transaction import Event, Revoked
from server.live.connection import Connection
from server.live.frames import CloseCode
from server.live.topic import Topic
from server.live.wire import ready
from server.module import Missing

log = structlog.get_logger()

GAP_PATIENCE = 0.05
"""Seconds that a later event may wait for an earlier one from another process."""

LATE_LIMIT = 1000
"""Later events than these are read anew with the gap."""
MEND_AGAIN_SECONDS = 1.0

Mend = Callable[[str, int], Awaitable[Missing]]


class Hub:
    """The connections of this process and the topics they watch."""

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}
        self._accounts: dict[int, set[Connection]] = {}
        self._mend: Mend | None = None
        self._mending: set[asyncio.Task[None]] = set()
        self.delivered = 0
        self.gaps = 0

    def mend_with(self, mend: Mend) -> None:
        """How the rows are read that a topic's watchers lack."""
        self._mend = mend

    # ------------------------------------------------------------ who is here

    def enter(self, connection: Connection) -> None:
        """From now on the connection hears what concerns its account, and can be found to be closed."""
        self._accounts.setdefault(connection.account, set()).add(connection)

    def quit(self, connection: Connection) -> None:
        """The connection is gone."""
        for topic in connection.topics:
            self._drop(topic, connection)
        connection.topics.clear()
        here = self._accounts.get(connection.account)
        if here is not None:
            here.discard(connection)
            if not here:
                del self._accounts[connection.account]

    def watch(self, connection: Connection, key: str, since: int = 0, *, kept: bool = False) -> None:
        """Let a connection watch a topic from now on; ``kept``: one whose events have no ``rev``.

        ``since`` is the ``rev`` of the row that gives the right: a removal that has been heard meanwhile and is
        younger wins, so that a right read before it was lost opens nothing.
        """
        if connection.closed or connection.barred.get(key, -1) >= since:
            return
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = Topic(key, kept)
        topic.watchers[connection] = connection.writes_to(topic)
        connection.topics.add(topic)

    def topic(self, key: str) -> Topic | None:
        """The topic, if anybody here watches it."""
        return self._topics.get(key)

    def connections(self) -> Iterable[Connection]:
        return (connection for here in self._accounts.values() for connection in here)

    def count(self) -> int:
        return sum(map(len, self._accounts.values()))

    def watched(self) -> dict[str, int | None]:
        """Every watched topic's key, with the ``rev`` last delivered here."""
        return {key: topic.rev for key, topic in self._topics.items()}

    # ------------------------------------------------------------ what is told

    def publish(self, events: Iterable[Event]) -> None:
        """Deliver committed events, in the order given, to whoever watches."""
        waiting: dict[Topic, list[bytes]] = {}
        for event in events:
            if self._is_old(event):
                continue
            if self._moves_somebody(event):
                self._flush(waiting)
                self._admit(event)
            topic = self._topics.get(event.topic)
            if topic is None or not self._in_order(topic, event) or event.silent:
                continue
            waiting.setdefault(topic, []).append(ready(event.frame))
        self._flush(waiting)

    def _flush(self, waiting: dict[Topic, list[bytes]]) -> None:
        for topic, frames in waiting.items():
            topic.write(frames)
            self.delivered += len(frames) * len(topic.watchers)
        waiting.clear()

    def _moves_somebody(self, event: Event) -> bool:
        return any(account in self._accounts for account in (*event.joins, *event.leaves))

    def _admit(self, event: Event) -> None:
        """Whom the event lets out goes first; a coming in that is older than a going out counts for nothing."""
        rev = event.rev or 0
        for account in event.leaves:
            self._expel(event.topic, account, rev)
        for account in event.joins:
            for connection in self._accounts.get(account, ()):
                connection.moves += 1
                self.watch(connection, event.topic, rev)

    def _expel(self, key: str, account: int, rev: int) -> None:
        topic = self._topics.get(key)
        for connection in self._accounts.get(account, ()):
            connection.moves += 1
            connection.barred[key] = max(rev, connection.barred.get(key, -1))
            if topic is not None and topic in connection.topics:
                connection.topics.discard(topic)
                self._drop(topic, connection)

    def _drop(self, topic: Topic, connection: Connection) -> None:
        topic.watchers.pop(connection, None)
        if not topic.watchers and self._topics.get(topic.key) is topic:
            del self._topics[topic.key]

    # ------------------------------------------------------------ order

    def _is_old(self, event: Event) -> bool:
        """Whether it has been delivered here: a bus may repeat, and what was undone since must stay undone."""
        topic = self._topics.get(event.topic)
        known = topic.rev if topic is not None else None
        return event.rev is not None and known is not None and event.rev <= known

    def _in_order(self, topic: Topic, event: Event) -> bool:
        """Whether the event is to be delivered now: the next ``rev`` is, an older one is dropped."""
        if event.rev is None:
            return True
        if topic.takes(event.rev):
            return True
        if len(topic.late) < LATE_LIMIT:
            topic.late.append(event)
        self._mend_soon(topic)
        return False

    def _mend_soon(self, topic: Topic) -> None:
        if topic.mending or self._mend is None:
            return
        topic.mending = True
        task = asyncio.get_running_loop().create_task(self._close_gap(topic), name="gap")
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def _close_gap(self, topic: Topic) -> None:
        """After a moment's patience: read what is missing once for all watchers, then go on in order.

        ``mending`` stays set all the while, so that there is one such task for a topic, however often it tries.
        """
        await asyncio.sleep(GAP_PATIENCE)
        try:
            while self._topics.get(topic.key) is topic:
                self._publish_late(topic)
                if not topic.late:
                    return
                before = topic.rev
                await self._fill(topic)
                if topic.rev == before:
                    # Nothing gained: the database is away, or behind.
                    await asyncio.sleep(MEND_AGAIN_SECONDS)
            # Its last watcher went in the gap; somebody may come in again in what waited.
            self._publish_late(topic)
        finally:
            topic.mending = False

    def _publish_late(self, topic: Topic) -> None:
        late, topic.late = sorted(topic.late, key=lambda event: event.rev or 0), []
        self.publish(late)

    async def _fill(self, topic: Topic) -> None:
        assert self._mend is not None
        try:
            self._catch_up(topic, await self._mend(topic.key, topic.rev or 0))
        except Exception as problem:
            log.warning("hub.gap_stays", topic=topic.key, error=repr(problem))

    def _catch_up(self, topic: Topic, missing: Missing) -> None:
        """Deliver what was read. Who is out of the room by now hears nothing of it."""
        self.gaps += 1
        for account in missing.left:
            self._expel(topic.key, account, missing.rev)
        for account in missing.joined:
            for connection in self._accounts.get(account, ()):
                self.watch(connection, topic.key, missing.rev)
        if missing.rev > (topic.rev or 0):
            topic.rev = missing.rev
            topic.write([ready(frame) for frame in missing.frames])

    # ------------------------------------------------------------ revocation

    def revoke(self, revoked: Revoked) -> None:
        """Close the sockets of an account, or of one of its sessions."""
        code = CloseCode.SIGNED_OUT if revoked.final else CloseCode.RIGHTS_CHANGED
        for connection in list(self._accounts.get(revoked.account, ())):
            if revoked.session in (None, connection.session) and revoked.id not in connection.heard:
                self.quit(connection)
                connection.close(code)

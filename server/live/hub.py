"""Who watches what, and the way of a committed event to all of them.

An event is encoded once. The frames of one group are joined for each topic and written once to each watcher;
uvloop gathers what one connection gets in a turn of the loop into one system call. Nobody waits for anybody: a
connection whose buffer is full is set aside by its own ``write`` (``server/live/connection.py``).

Everything here happens on the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from server.data.transaction import Event, Revoked
from server.live.connection import Connection
from server.live.frames import CloseCode, Frame, Heads
from server.live.mending import Mend, Mender
from server.live.topic import Topic
from server.live.wire import ready
from server.module import Missing

LATE_LIMIT = 1000
"""Later events than these are read anew with the gap."""
MUTED_LIMIT = 20_000
"""Events that may wait while nothing is delivered; what comes then is read anew."""
VIEWERS_LIMIT = 50
"""Where more people look at once, nobody is told who is typing."""


class Hub:
    """The connections of this process and the topics they watch."""

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}
        self._accounts: dict[int, set[Connection]] = {}
        self._mender = Mender(self)
        self._waiting: list[Event] = []
        self.muted = False
        self.delivered: int = 0
        self.gaps: int = 0
        self.moved: Callable[[Connection], None] | None = None
        """Told whenever a connection comes, goes, falls idle or is touched."""
        self.doubts: Callable[[set[int]], None] | None = None
        """Told of accounts about whose topics the database must be asked."""

    def mend_with(self, mend: Mend) -> None:
        """How the rows are read that a topic's watchers lack."""
        self._mender.mend_with(mend)

    async def stop(self) -> None:
        """No gap is mended any more."""
        await self._mender.stop()

    # ------------------------------------------------------------ who is here

    def enter(self, connection: Connection) -> None:
        """From now on the connection hears what concerns its account, and can be found to be closed."""
        self._accounts.setdefault(connection.account, set()).add(connection)
        self.tell_moved(connection)

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
            self.tell_moved(connection)

    def tell_moved(self, connection: Connection) -> None:
        """A device has come, gone, fallen idle or been touched."""
        if self.moved is not None:
            self.moved(connection)

    def watch(
        self, connection: Connection, key: str, since: int = 0, *, head: int | None = None, kept: bool = False
    ) -> None:
        """Let a connection watch a topic from now on; ``kept``: one whose events have no ``rev``.

        ``since`` is the ``rev`` of the row that gives the right: a removal that has been heard meanwhile and is
        younger wins, so that a right read before it was lost opens nothing. ``head`` is a ``rev`` that the topic
        had when the right was read: the first watcher's tells the hub which event is the next one.
        """
        if connection.closed or connection.barred.get(key, -1) >= since:
            return
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = Topic(key, kept)
            if head is not None:
                topic.rev = topic.born = head
        topic.watchers[connection] = connection.writes_to(topic)
        connection.topics.add(topic)

    def unwatch(self, connection: Connection, key: str) -> None:
        """The connection hears the topic no longer, as it wished."""
        topic = self._topics.get(key)
        if topic is not None and topic in connection.topics:
            connection.topics.discard(topic)
            self._drop(topic, connection)

    def topic(self, key: str) -> Topic | None:
        """The topic, if anybody here watches it."""
        return self._topics.get(key)

    def view(self, connection: Connection, key: str) -> None:
        """The connection has this topic open on its screen, and no other; ``""``: none."""
        for topic in connection.topics:
            topic.viewers.discard(connection)
        seen = self._topics.get(key)
        if seen is not None and seen in connection.topics:
            seen.viewers.add(connection)

    def hears(self, connection: Connection, key: str) -> bool:
        """Whether the connection watches the topic at this moment."""
        topic = self._topics.get(key)
        return topic is not None and topic in connection.topics

    def connections(self) -> Iterable[Connection]:
        return (connection for here in self._accounts.values() for connection in here)

    def devices(self, account: int) -> Iterable[Connection]:
        """The open connections of one account."""
        return self._accounts.get(account, ())

    def accounts(self) -> list[int]:
        """Who is connected here."""
        return list(self._accounts)

    def count(self) -> int:
        return sum(map(len, self._accounts.values()))

    def watched(self) -> dict[str, int | None]:
        """Every watched topic's key, with the ``rev`` last delivered here."""
        return {key: topic.rev for key, topic in self._topics.items()}

    # ------------------------------------------------------------ what is told

    def publish(self, events: Iterable[Event]) -> None:
        """Deliver committed events, in the order given, to whoever watches."""
        if self.muted:
            return self._keep_back(events)
        waiting: dict[Topic, list[bytes]] = {}
        for event in events:
            if self._is_old(event):
                self._doubt(event)
                continue
            if event.fleeting:
                self._tell_viewers(event)
                continue
            if self._moves_somebody(event):
                self._flush(waiting)
                self._admit(event)
            topic = self._topics.get(event.topic)
            if topic is None or not self._in_order(topic, event) or event.silent:
                continue
            waiting.setdefault(topic, []).append(ready(event.frame))
        self._flush(waiting)
        return None

    def mute(self) -> None:
        """Deliver nothing: whether everybody may still hear cannot be found out now. Events wait."""
        self.muted = True

    def unmute(self) -> None:
        """It can again: what waited goes out in its order."""
        if not self.muted:
            return
        self.muted = False
        waiting, self._waiting = self._waiting, []
        self.publish(waiting)
        if len(waiting) >= MUTED_LIMIT and self.doubts is not None:
            self.doubts(set(self._accounts))

    def _keep_back(self, events: Iterable[Event]) -> None:
        kept = [event for event in events if not event.fleeting]
        self._waiting += kept[: MUTED_LIMIT - len(self._waiting)]

    def _tell_viewers(self, event: Event) -> None:
        topic = self._topics.get(event.topic)
        if topic is not None and not topic.mending and 0 < len(topic.viewers) <= VIEWERS_LIMIT:
            data = ready(event.frame)
            for connection in topic.viewers:
                connection.whisper(data)

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

    def _expel(self, key: str, account: int, rev: int, gone: Frame | None = None) -> None:
        """Somebody's devices hear the topic no longer; ``gone`` tells it, where no notice does."""
        topic = self._topics.get(key)
        for connection in self._accounts.get(account, ()):
            connection.moves += 1
            connection.barred[key] = max(rev, connection.barred.get(key, -1))
            if topic is not None and topic in connection.topics:
                connection.topics.discard(topic)
                self._drop(topic, connection)
                if gone is not None:
                    connection.tell(ready(gone))

    def _drop(self, topic: Topic, connection: Connection) -> None:
        topic.watchers.pop(connection, None)
        topic.viewers.discard(connection)
        if not topic.watchers and self._topics.get(topic.key) is topic:
            del self._topics[topic.key]

    # ------------------------------------------------------------ order

    def _is_old(self, event: Event) -> bool:
        """Whether it has been delivered here: a bus may repeat, and what was undone since must stay undone."""
        topic = self._topics.get(event.topic)
        known = topic.rev if topic is not None else None
        return event.rev is not None and known is not None and event.rev <= known

    def _doubt(self, event: Event) -> None:
        """A topic that began with a younger ``rev`` was not moved by this event: whoever it names is looked up.

        Who leaves is out at once; if he has come in again since, looking finds it.
        """
        topic = self._topics.get(event.topic)
        if topic is None or (event.rev or 0) > topic.born or not self._moves_somebody(event):
            return
        for account in event.leaves:
            self._expel(event.topic, account, event.rev or 0)
        if self.doubts is not None:
            self.doubts({*event.joins, *event.leaves} & self._accounts.keys())

    def _in_order(self, topic: Topic, event: Event) -> bool:
        """Whether the event is to be delivered now: the next ``rev`` is, an older one is dropped."""
        if event.rev is None:
            # In a gap somebody may be out of the room who is not known to be.
            return topic.kept or not topic.mending
        if topic.takes(event.rev):
            return True
        if len(topic.late) < LATE_LIMIT:
            topic.late.append(event)
        self._mender.soon(topic)
        return False

    def behind(self, heads: dict[str, int]) -> None:
        """The database has these: whatever a topic here has not been given is read for its watchers."""
        for key, head in heads.items():
            topic = self._topics.get(key)
            if topic is None:
                continue
            topic.head = max(topic.head, head)
            if topic.lacks():
                self._mender.soon(topic)

    def catch_up(self, topic: Topic, missing: Missing) -> None:
        """Deliver what was read. Who is out of the room by now hears nothing of it."""
        self.gaps += 1
        for account in missing.left:
            self._expel(topic.key, account, missing.rev, missing.gone)
        for account in missing.joined:
            self._let_in(topic.key, account, missing.rev)
        if missing.rev > (topic.rev or 0):
            topic.rev = missing.rev
            if missing.frames:
                topic.write([ready(frame) for frame in missing.frames])

    def restore(self, account: int, prefix: str, standing: dict[str, int], gone: Callable[[str], Frame]) -> None:
        """Make what somebody's devices watch equal to what the database says, where notices of it were lost.

        ``standing`` maps the keys with ``prefix`` to the ``rev`` of the row that gives the right.
        """
        devices = self.devices(account)
        held = {topic.key for device in devices for topic in device.topics if topic.key.startswith(prefix)}
        for key in held - standing.keys():
            self._expel(key, account, self._topics[key].rev or 0, gone(key))
        for key, rev in standing.items():
            self._let_in(key, account, rev)

    def _let_in(self, key: str, account: int, rev: int) -> None:
        """Let somebody's devices hear what a lost notice would have opened to them; they ask for the rest."""
        for device in self.devices(account):
            if not self.hears(device, key):
                device.moves += 1
                self.watch(device, key, rev, head=rev)
                if self.hears(device, key):
                    device.tell(ready(Heads(revs={key: rev})))

    # ------------------------------------------------------------ revocation

    def revoke(self, revoked: Revoked) -> None:
        """Close the sockets of an account, or of one of its sessions."""
        code = CloseCode.SIGNED_OUT if revoked.final else CloseCode.RIGHTS_CHANGED
        for connection in list(self._accounts.get(revoked.account, ())):
            if revoked.session in (None, connection.session) and revoked.id not in connection.heard:
                self.quit(connection)
                connection.close(code)

"""What one client says, in its order, and what it is answered.

The reader never waits for slow work: what cannot be done at once waits in a short queue, and when that is full
the line is not read until it is shorter. Nobody overtakes himself: a command begins after those before it have
been answered, or have been handed to the writer, which keeps the order.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection as DatabaseConnection

from server.auth import sessions
from server.auth.model import Account
from server.clock import to_millis
from server.data.batch import Batch
from server.data.group import Done, Waiting
from server.data.space import Use
from server.entrance import TooMany
from server.errors import AppError, Busy, Invalid, Unavailable
from server.live import choosing
from server.live.connection import Connection
from server.live.frames import CloseCode, Command, Error, Frame, Hello, Me, OwnPresence, Ping, Pong, Welcome
from server.live.parsing import Parser
from server.live.protocol import TalkProtocol
from server.live.rate import Bucket
from server.live.welcome import encode_welcome
from server.live.wire import ready, text_frame
from server.texts import sentence

if TYPE_CHECKING:
    from server.services import Services

QUEUE_LIMIT = 32
IN_FLIGHT_LIMIT = 64
ERROR_LIMIT = 30
"""Broken frames in a row, after which a client is taken for a broken one."""
ANSWERS_AT_ONCE = 10
ANSWERS_A_SECOND = 1.0
"""Counted apart from posts: nobody's answer to a safety check waits for what he has to say besides."""
HELLO_SECONDS = 5.0
READ_AGAIN = 5

log = structlog.get_logger()

Args = ParamSpec("Args")
Answer = TypeVar("Answer")


class Conversation:
    """The receiving side of one socket, and what handlers may ask of it."""

    __slots__ = (
        "account",
        "answers",
        "connection",
        "errors",
        "greeted",
        "in_flight",
        "kind",
        "line",
        "parser",
        "posts",
        "queue",
        "services",
        "task",
        "timer",
    )

    def __init__(self, services: Services, account: Account, connection: Connection, line: TalkProtocol) -> None:
        self.services = services
        self.account = account
        self.connection = connection
        self.line = line
        self.parser: Parser = services.parser
        rate = services.settings.posts_per_second
        self.posts = Bucket(rate, rate * 5)
        # Made with the first answer: most lines never carry one.
        self.answers: Bucket | None = None
        self.queue: deque[Command] = deque()
        self.task: asyncio.Task[None] | None = None
        self.in_flight = 0
        self.errors = 0
        # The command that is being begun, for the operator's charts.
        self.kind: type[Command] = Command
        self.greeted = False
        loop = asyncio.get_running_loop()
        self.timer: asyncio.TimerHandle | None = loop.call_later(HELLO_SECONDS, connection.close, CloseCode.NO_HELLO)

    # ------------------------------------------------------------ the line's side

    def receive(self, data: bytes) -> None:
        """A message has come: answer it, queue it, or say what is wrong with it."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return self.connection.close(CloseCode.BAD_UTF8)
        try:
            command = self.parser.parse(text)
        except AppError as refusal:
            return self._broken(refusal, self.parser.ref(text))
        self.errors = 0
        if self.task is not None or self.queue:
            self.queue.append(command)
            return self._hold_back()
        self._begin(command)
        return None

    def slowed(self) -> None:
        self.connection.slowed()

    def drained(self) -> None:
        self.connection.drained()

    def lost(self) -> None:
        """The line is gone: nothing of this client's waits any longer, but what the writer has."""
        log.info("socket.close", connection=self.connection.id, account=self.account.id)
        self.services.hub.quit(self.connection)
        self.services.meter.sockets_closed[self.connection.code or self.line.ended_with] += 1
        self.connection.closed = True
        self.queue.clear()
        self._stop_timer()
        if self.task is not None:
            self.task.cancel()

    # ------------------------------------------------------------ what handlers ask for

    def submit(
        self, kind: Batch, request: Any, framed: Callable[[Any], Frame], ref: int, use: Use = Use.TALK
    ) -> None:
        """Put a request into a batch and answer from the writer's callback; ``use``: what takes room on the disk."""
        self.services.space.require(use)
        wait = self._allowance(use).take(asyncio.get_running_loop().time())
        if wait > 0:
            raise Busy("too_fast", retry_ms=int(wait * 1000) + 1)

        done = self._promised(framed, ref)
        try:
            self.services.writer.submit(Waiting(kind, request, self.connection.id, done, use is Use.ANSWERS))
        except AppError:
            self.in_flight -= 1
            raise
        self._hold_back()

    def _allowance(self, use: Use) -> Bucket:
        if use is not Use.ANSWERS:
            return self.posts
        if self.answers is None:
            self.answers = Bucket(ANSWERS_A_SECOND, ANSWERS_AT_ONCE)
        return self.answers

    def promise(self, framed: Callable[[Any], Frame], ref: int) -> Done:
        """Answer later, when what is returned is called with the result, and hold up nobody until then."""
        if self.in_flight >= IN_FLIGHT_LIMIT:
            raise Busy("too_fast", retry_ms=1000)
        return self._promised(framed, ref)

    def _promised(self, framed: Callable[[Any], Frame], ref: int) -> Done:
        command = self.kind
        self.in_flight += 1

        def done(result: Any) -> None:
            self.in_flight -= 1
            self._answer(command, ref, result if isinstance(result, Exception) else framed(result))
            self._read_on()

        return done

    async def act(self, action: Callable[..., Answer], *args: Any, use: Use = Use.TALK) -> Answer:
        """Run an action of this person in the writer, in the order of what he said."""
        self.services.space.require(use)
        spends = use is Use.ANSWERS
        origin = self.connection.id
        result: Answer = await self.services.writer.act(action, self.account.id, *args, origin=origin, spends=spends)
        return result

    async def read(
        self,
        question: Callable[Concatenate[DatabaseConnection, Args], Answer],
        *args: Args.args,
        **kwargs: Args.kwargs,
    ) -> Answer:
        """Ask the database in a reader's thread.

        Asked again when this person came into a room or went out of one meanwhile: an answer that was read
        before a removal must not arrive after it.
        """
        for _ in range(READ_AGAIN):
            moves = self.connection.moves
            answer = await self.services.readers.ask(question, *args, **kwargs)
            if self.connection.moves == moves:
                return answer
        raise Busy(retry_ms=1000)

    def watch(self, key: str, since: int, head: int) -> None:
        """Hear a topic from now on; ``since`` is the rev of the row that gives the right to, ``head`` the topic's."""
        self.services.hub.watch(self.connection, key, since, head=head)

    # ------------------------------------------------------------ one command after the other

    def _begin(self, command: Command) -> None:
        self.kind = kind = type(command)
        try:
            answer = self._dispatch(command)
        except AppError as refusal:
            return self._answer(kind, command.ref, refusal)
        except Exception as bug:
            return self._answer(kind, command.ref, bug)
        if answer is not None:
            self.task = asyncio.get_running_loop().create_task(self._run(kind, answer, command.ref))
            # One that is cancelled before it has begun would leave its answer without an end.
            if isinstance(answer, Coroutine):
                self.task.add_done_callback(lambda _: answer.close())
        return None

    def _dispatch(self, command: Command) -> Awaitable[Frame | None] | None:
        if isinstance(command, Ping):
            self.connection.answer(ready(Pong(ref=command.ref)))
            return None
        if isinstance(command, Hello):
            return self._hello(command)
        if not self.greeted:
            raise Invalid("hello_first")
        return self.services.handlers[type(command)](self, command)

    async def _run(self, kind: type[Command], answer: Awaitable[Frame | None], ref: int) -> None:
        await self._finish(kind, answer, ref)
        self.task = None
        while self.queue and self.task is None and not self.connection.closed:
            self._begin(self.queue.popleft())
        self._read_on()

    async def _finish(self, kind: type[Command], answer: Awaitable[Frame | None], ref: int) -> None:
        try:
            frame = await answer
        except Exception as problem:
            self._answer(kind, ref, problem)
        else:
            if frame is not None:
                self._answer(kind, ref, frame)

    async def _hello(self, hello: Hello) -> None:
        """Watch first, then read and answer; what was committed in between follows."""
        if self.greeted:
            raise Invalid("hello_twice")
        self.greeted = True
        self._stop_timer()
        try:
            with self.services.entrance.greeting(self.account.id):
                await self._open(hello)
        except TooMany as later:
            self.connection.close(CloseCode.OVERLOADED, later.retry_ms)
        except Exception as problem:
            # Half told is worse than not told: the client begins anew.
            log.error("hello.failed", connection=self.connection.id, error=repr(problem))
            self.connection.close(CloseCode.OVERLOADED, retry_ms=random.randrange(1000, 5000))

    async def _open(self, hello: Hello) -> None:
        log.info("socket.hello", connection=self.connection.id, account=self.account.id, lost=hello.lost)
        self.services.hub.watch(self.connection, f"user:{self.account.id}", kept=True)
        # Asked again, now that a revocation would find this connection: between the door and here a session
        # may have ended, or the person's rights may have changed.
        idle = timedelta(days=self.services.settings.session_idle_days)
        found = await self.read(_who, self.connection.session, self.services.clock(), idle)
        if found is None:
            return self.connection.close(CloseCode.SIGNED_OUT)
        account, chosen = found
        self.account = account
        greetings = [await module.greet(self, hello) for module in self.services.modules if module.greet is not None]
        me = Me(
            id=account.id,
            name=account.name,
            login_id=account.login_id,
            language=account.language,
            talk=account.talk,
            privileges=sorted(account.privileges),
            talk_log=account.talk_log,
        )
        welcome = Welcome(
            ref=hello.ref,
            me=me,
            presence=OwnPresence(chosen.state, chosen.until),
            now=to_millis(self.services.clock()),
            connection=self.connection.id,
        )
        frames = [text_frame(encode_welcome(welcome, [greeting.section for greeting in greetings]))]
        frames += [ready(frame) for greeting in greetings for frame in greeting.frames]
        self.connection.open(b"".join(frames))
        return None

    # ------------------------------------------------------------ answers and limits

    def _answer(self, kind: type[Command], ref: int | None, result: Frame | Exception) -> None:
        if isinstance(result, Exception):
            result = self._error(ref, result)
            self.services.meter.commands_refused[kind, result.code] += 1
        else:
            self.services.meter.commands_done[kind] += 1
        self.connection.answer(ready(result))

    def _error(self, ref: int | None, problem: Exception) -> Error:
        if not isinstance(problem, AppError):
            log.error("command.failed", connection=self.connection.id, exc_info=problem)
            problem = Unavailable()
        error = Error(code=problem.code, message=sentence(problem, self.account.language))
        if ref is not None:
            error.ref = ref
        if problem.retry_ms is not None:
            error.retry_ms = problem.retry_ms
        if "reason" in problem.details:
            error.reason = problem.details["reason"]
        if "field" in problem.details:
            error.field = problem.details["field"]
        return error

    def _broken(self, refusal: AppError, ref: int | None) -> None:
        self.errors += 1
        if self.errors > ERROR_LIMIT:
            return self.connection.close(CloseCode.TOO_MANY_ERRORS)
        return self._answer(Command, ref, refusal)

    def _hold_back(self) -> None:
        if len(self.queue) >= QUEUE_LIMIT or self.in_flight >= IN_FLIGHT_LIMIT:
            self.line.pause()

    def _read_on(self) -> None:
        if len(self.queue) < QUEUE_LIMIT // 2 and self.in_flight < IN_FLIGHT_LIMIT // 2:
            self.line.resume()

    def _stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _who(
    connection: DatabaseConnection, session: str, now: datetime, idle: timedelta
) -> tuple[Account, choosing.Choice] | None:
    """Whom the session speaks for, and how he has said he can be reached."""
    found = sessions.find(connection, session, now, idle)
    return None if found is None else (found.account, choosing.choice_of(connection, found.account.id, now))

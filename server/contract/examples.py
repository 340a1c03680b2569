"""One small world in which the ground's examples are true: 1 佐藤 is asking, 2 鈴木 and 3 伊藤 are colleagues."""

from __future__ import annotations

from msgspec import Struct

from server.answers import Refusal
from server.auth.routes import CompanyMe, Ended, EndSession, Nothing, OwnSettings, SessionList, SessionRow
from server.health import Alive, Failing
from server.live.frames import (
    Bye,
    ChoosePresence,
    CloseCode,
    Done,
    Error,
    Heads,
    Hello,
    Idle,
    Me,
    OwnPresence,
    Ping,
    Pong,
    Presence,
    PresenceList,
    PresenceState,
    WatchPresence,
    Welcome,
)

AT = 1_795_360_009_213
ME = Me(
    id=1, name="佐藤 美咲", login_id="sato@hokuto.example", language="ja", talk=True, privileges=[], talk_log=False
)

COMMANDS: tuple[Struct, ...] = (
    Hello(ref=1),
    Hello(ref=1, have={"1": 5}, lost=1006),
    Ping(ref=2),
    WatchPresence(ref=3, people=[2, 3]),
    ChoosePresence(ref=4, state="out", until=AT + 3_600_000),
    Idle(ref=5, idle=True),
)
FRAMES: tuple[Struct, ...] = (
    Welcome(ref=1, me=ME, presence=OwnPresence("auto", 0), now=AT, connection="a1b2c3-17"),
    Pong(ref=2),
    Done(ref=5),
    Error(ref=7, code="too_fast", message="送信が速すぎます。2秒後にもう一度お試しください。", retry_ms=1400),
    Error(code="invalid", message="この要求は処理できません。", reason="Object missing required field `do`"),
    PresenceList(
        ref=3,
        people=[
            Presence(id=2, state=PresenceState.IN),
            Presence(id=3, state=PresenceState.OUT, until=AT + 3_600_000),
        ],
    ),
    PresenceList(people=[Presence(id=2, state=PresenceState.AWAY)]),
    Heads(revs={"channel:1": 17}),
    Bye(code=CloseCode.RESTART, retry_ms=2300),
)
BODIES: tuple[Struct, ...] = (
    Alive("ok"),
    Failing("failing", ["database"]),
    CompanyMe(
        id=1,
        name="佐藤 美咲",
        login_id="sato@hokuto.example",
        language="ja",
        talk=True,
        privileges=[],
        talk_log=False,
        company="北斗商事",
    ),
    SessionList(
        [
            SessionRow(
                id="kq3ZVx0aB7Ye",
                created=AT - 86_400_000,
                seen=AT,
                agent="Firefox",
                address="192.0.2.7",
                current=True,
            )
        ]
    ),
    EndSession(id="kq3ZVx0aB7Ye"),
    Nothing(),
    Ended(ended=1),
    OwnSettings(language="en"),
    Refusal(code="busy", message="混み合っています。2秒後にもう一度お試しください。", retry_ms=1400),
)
EXAMPLES = (*COMMANDS, *FRAMES, *BODIES)

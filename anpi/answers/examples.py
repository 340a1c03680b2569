"""One small world in which the examples are true: check 7 asks 佐藤 (1), who has answered; 森 (9) administers it."""

from __future__ import annotations

from msgspec import Struct

from anpi.answers.forms import AnswerHistory, AnswerRow, ProxyBody, ProxyTaken
from anpi.answers.frames import (
    AnpiWelcome,
    AnswerCheck,
    Answered,
    Check,
    GetMyChecks,
    MyChecks,
    OwnAnswer,
    Place,
    Said,
)
from anpi.model import OwnQuestion, Questions, Wording

AT = 1_795_360_009_213
KEY = "01a8c1ba-7d00-7000-8000-000000000031"
_QUESTIONS = Questions(
    own=[OwnQuestion(Wording("会社の鍵を持っていますか？"), "choice", [Wording("はい"), Wording("いいえ")])]
)
_ANSWER = OwnAnswer(
    id=31, at=AT + 120_000, channel="mail", self="safe", work="cannot", comment="家の前の道が通れません"
)
_CHECK = Check(
    id=7,
    title="災害発生/Disaster occurred",
    message="震度6強の地震がありました。",
    cause="earthquake",
    asked_at=AT,
    location=True,
    questions=_QUESTIONS,
)
_ANSWERED = Check(
    id=7,
    title="災害発生/Disaster occurred",
    message="震度6強の地震がありました。",
    cause="earthquake",
    asked_at=AT,
    closed=True,
    questions=_QUESTIONS,
    answer=_ANSWER,
)

EXAMPLES: tuple[Struct, ...] = (
    GetMyChecks(ref=3),
    GetMyChecks(ref=3, incident=7),
    MyChecks(ref=3, open=[_CHECK], emergency="0120-000-119"),
    MyChecks(open=[], closed=_ANSWERED),
    AnswerCheck(ref=4, incident=7, client_id=KEY, channel="talk", answer=Said(self="safe", work="home")),
    AnswerCheck(
        ref=5,
        incident=7,
        client_id=KEY,
        channel="queue",
        at=AT + 60_000,
        answer=Said(
            self="major",
            help=True,
            where="駅前",
            family="checking",
            house="unknown",
            comment="足をけがしました",
            own={"1": "はい"},
            location=Place(lat=35.68, lon=139.76, accuracy=12),
        ),
    ),
    Answered(ref=4, at=AT + 120_000, counted=[7]),
    Answered(ref=4, at=AT + 120_000, counted=[7], dup=True),
    AnpiWelcome(anpi_open=[_CHECK], anpi_administrator=False, anpi_emergency="0120-000-119"),
    ProxyBody(accounts=[1], answer=Said(self="safe"), name="森", reason="電話で確認", key=KEY),
    ProxyBody(accounts=[1, 2], answer=Said(self="safe"), name="森", reason="電話で確認", key=KEY, seen=[AT, 0]),
    ProxyTaken(answered=1, left_out=[]),
    ProxyTaken(answered=1, left_out=[], answered_since=[2]),
    AnswerHistory(
        account=1,
        answers=[
            AnswerRow(
                id=31,
                at=AT + 120_000,
                channel="mail",
                incident=7,
                self="safe",
                work="cannot",
                comment="家の前の道が通れません",
                location=Place(lat=35.68, lon=139.76, accuracy=12),
            ),
            AnswerRow(
                id=30, at=AT, channel="proxy", incident=7, self="other", by_account=9, by_name="森", reason="電話"
            ),
        ],
    ),
)

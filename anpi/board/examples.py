"""The world of ``anpi/answers/examples.py``, as its administrators see it."""

from __future__ import annotations

from msgspec import Struct

from anpi.answers.examples import AT
from anpi.answers.forms import AnswerRow
from anpi.board import forms, frames

_ALL = frames.AnswerCounts(asked=2, unanswered=1, safe=1, cannot=1)
_SAFE = frames.AnswerCounts(asked=1, safe=1, cannot=1)
_SILENT = frames.AnswerCounts(asked=1, unanswered=1)
_CURVE = frames.Curve(since=AT, step=10_000, points=[0, 0, 1], quarters=[AT + 25_000, AT + 25_000, 0, 0])
_SENDING = frames.SendingCounts(people=2, reached=1, failed=1)
_DEPARTMENTS = [
    frames.DepartmentCounts(id=1, name="静岡工場", own=_SILENT, all=_ALL),
    frames.DepartmentCounts(id=2, name="製造一課", own=_SAFE, all=_SAFE, parent=1),
]
_AREAS = [
    frames.AreaCounts(code="442", name="静岡県中部", prefecture="22", counts=_SAFE),
    frames.AreaCounts(code="", name="", prefecture="", counts=_SILENT),
]
_PREFECTURES = [frames.PrefectureCounts(code="22", name="静岡県", counts=_SAFE)]
_ANSWER = AnswerRow(id=31, at=AT + 25_000, channel="mail", incident=7, self="safe", work="cannot")

EXAMPLES: tuple[Struct, ...] = (
    frames.WatchBoard(ref=6, incident=7),
    frames.LeaveBoard(ref=7),
    frames.Board(
        ref=6,
        incident=7,
        from_=12,
        rev=12,
        state="open",
        totals=_ALL,
        departments=_DEPARTMENTS,
        areas=_AREAS,
        prefectures=_PREFECTURES,
        curve=_CURVE,
        sending=_SENDING,
    ),
    frames.Board(
        incident=7,
        from_=12,
        rev=13,
        state="open",
        totals=_ALL,
        rows=[frames.BoardRow(id=1, self="safe", work="cannot", at=AT + 25_000)],
    ),
    frames.BoardGone(incident=7),
    forms.Totals(
        incident=7,
        rev=13,
        title="災害発生/Disaster occurred",
        state="open",
        drill=False,
        counts=_ALL,
        departments=_DEPARTMENTS,
        areas=_AREAS,
        prefectures=_PREFECTURES,
        curve=_CURVE,
        sending=_SENDING,
    ),
    forms.AnswersQuestion(work="cannot", department=1),
    forms.AnswersPage(
        total=1,
        counts=_SAFE,
        after=0,
        people=[
            forms.AnswerPerson(
                id=1,
                name="佐藤 美咲",
                login_id="sato@hokuto.example",
                department="製造一課",
                area="静岡県中部",
                asked_at=AT,
                answers=1,
                answer=_ANSWER,
            )
        ],
    ),
    forms.UnreachedQuestion(sent="failed"),
    forms.Unreached(
        total=1,
        after=0,
        people=[
            forms.UnreachedPerson(
                id=2,
                name="鈴木 健",
                phones=["090-0000-0002"],
                sent="failed",
                claimed_by=9,
                claimed_name="森",
                claimed_until=AT + 900_000,
            )
        ],
    ),
    forms.ClaimBody(account=2, on=True),
    forms.Claim(account=2, claimed_by=9, claimed_name="森", claimed_until=AT + 900_000),
)

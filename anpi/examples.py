"""One small world in which the examples are true: 森 (9) has registered a typhoon (7), and asked two people."""

from __future__ import annotations

from msgspec import Struct

from anpi.forms import (
    AnpiPeopleQuestion,
    AnpiPersonRow,
    CompleteBody,
    Completed,
    Conditions,
    CountBody,
    Counted,
    DeliveryRow,
    DeliveryRows,
    IncidentChange,
    IncidentRow,
    Incidents,
    IncidentShown,
    IncidentsQuestion,
    ManagerRow,
    NewIncident,
    PeopleRows,
    Progress,
    ResendBody,
    SendBody,
    SendRow,
    Sent,
    SettingsBody,
    SettingsShown,
    TemplateBody,
    TemplateRow,
    Templates,
    Whom,
)
from anpi.model import AUTOMATIC_TITLE, OwnQuestion, Questions, Wording
from anpi.settings import EARLY_MESSAGE, QUAKE_MESSAGE, WARNING_MESSAGE

AT = 1_795_360_009_213
KEY = "01a8c1ba-7d00-7000-8000-000000000007"
TITLE = "台風12号による出社可否の確認"
MESSAGE = "{氏名}さん、明日の出社について回答してください。"
QUESTIONS = Questions(
    own=[OwnQuestion(Wording("出社できる時刻は？"), "choice", [Wording("9時"), Wording("昼から")], required=True)]
)

_SEND = SendRow(3, "ask", "found", AT, "ready", 2, "森")
_PROGRESS = Progress(2, 1, 0, 2, 0)
_ROW = {
    "id": 7,
    "kind": "ask",
    "drill": False,
    "origin": "manual",
    "cause": "other",
    "state": "open",
    "title": TITLE,
    "created_at": AT - 60_000,
    "count_from": AT - 60_000,
    "rev": 12,
    "sent_at": AT,
}
_SHOWN = IncidentShown(
    **_ROW,  # type: ignore[arg-type]
    progress=_PROGRESS,
    message=MESSAGE,
    questions=QUESTIONS,
    location=False,
    changeable=False,
    linked=True,
    closing_at=AT + 86_400_000,
    closing_to="bousai@example.co.jp",
    reminders=[30, 60, 120],
    created_by="森",
    sends=[_SEND],
)

EXAMPLES: tuple[Struct, ...] = (
    IncidentsQuestion(),
    Incidents([IncidentRow(**_ROW, progress=Progress(2, 1))]),  # type: ignore[arg-type]
    NewIncident(
        KEY,
        TITLE,
        MESSAGE,
        count_from=AT - 60_000,
        closing_at=AT + 86_400_000,
        closing_to="bousai@example.co.jp",
        questions=QUESTIONS,
    ),
    IncidentChange(closing_at=AT + 90_000_000, closing_to="bousai@example.co.jp"),
    _SHOWN,
    CountBody(Whom(found=Conditions(department=3))),
    Counted(2, 0),
    SendBody(KEY, Whom(picked=[3]), 1),
    ResendBody(KEY),
    Sent(_SEND),
    CompleteBody(1),
    Completed(_SHOWN, 1),
    AnpiPeopleQuestion(answered="no"),
    PeopleRows(
        2,
        [
            AnpiPersonRow(
                2, "鈴木 大輔", "すずき だいすけ", "営業一課", "静岡県中部", "sent", AT, AT + 40_000, "safe"
            ),
            AnpiPersonRow(3, "伊藤 美咲", "いとう みさき", "", "", "waiting", AT),
        ],
    ),
    DeliveryRows([DeliveryRow(0, "mail", "email1", "sent", AT + 900), DeliveryRow(0, "mail", "own1", "waiting")]),
    TemplateBody("台風（出社可否）", TITLE, MESSAGE),
    Templates([TemplateRow(1, "台風（出社可否）", TITLE, MESSAGE, AT)]),
    SettingsBody(emergency_number="054-123-4567"),
    SettingsShown(
        outside=True,
        early_wait_seconds=60,
        grace_seconds=0,
        guard_hours=6,
        jma_drills=False,
        title=AUTOMATIC_TITLE,
        message=QUAKE_MESSAGE,
        message_early=EARLY_MESSAGE,
        message_warning=WARNING_MESSAGE,
        questions=Questions(),
        location=False,
        remind=[30, 60, 120],
        remind_quake_any_hour=True,
        badge_detail="full",
        emergency_number="054-123-4567",
        sender_name="総務部",
        administrators=[ManagerRow(9, "森", True)],
        changeable=True,
        group_code="hokuto12",
        site="https://renraku.example.co.jp/anpi/?C=hokuto12",
        linked=True,
    ),
)

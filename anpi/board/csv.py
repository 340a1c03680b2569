"""集計 as a table that Excel opens by double-click: UTF-8 with its mark, CRLF, every cell quoted, and nothing in it
that a spreadsheet would calculate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from anpi.answers.frames import Place
from anpi.answers.model import numbered
from anpi.board.forms import AnswerPerson
from anpi.board.searching import people_of
from anpi.model import Incident, Wording
from anpi.sending.deliveries import asks
from anpi.sending.tables import deliveries
from directory.areas.resolving import name_of
from server.clock import from_millis
from server.data.sets import key_rows, packed
from server.texts import Translate, translator

AnyRow = Row[*tuple[Any, ...]]
BOM = "\ufeff"
COLUMNS = (
    "incident",
    "title",
    "department_code",
    "department",
    "login_id",
    "anpi_login_id",
    "name",
    "kana",
    "post",
    "sent",
    "sent_at",
    "ways",
    "answered",
    "answered_at",
    "self",
    "family",
    "house",
    "work",
    "lat",
    "lon",
    "accuracy",
    "comment",
    "channel",
    "by",
    "given",
    "help",
    "where",
    "area",
    "doubtful",
    "reason",
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_BLANKS = " \u3000\u00a0"
_BEST = ("sent", "waiting", "written", "failed")


def head(incident: Incident, language: str) -> str:
    """The first line: the columns, then the company's own questions."""
    t = translator(language)
    own = [_worded(question.text, language) for _, question in numbered(incident.questions)]
    return BOM + line([*(t(f"anpi.csv.{name}") for name in COLUMNS), *own])


def lines(connection: Connection, incident: Incident, rows: Sequence[AnyRow], language: str, zone: tzinfo) -> str:
    """These rows of the search as lines of the table."""
    ways = _ways(connection, incident.id, [row.account_id for row in rows])
    shown = people_of(connection, incident.id, rows)
    t = translator(language)
    return "".join(
        line(_cells(incident, row, person, ways.get(row.account_id, []), t, zone))
        for row, person in zip(rows, shown, strict=True)
    )


def line(cells: Iterable[str]) -> str:
    return ",".join(map(_quoted, cells)) + "\r\n"


def safe(text: str) -> str:
    """The text, not to be taken for a formula, also not behind blanks that a spreadsheet leaves out."""
    return f"'{text}" if text.lstrip(_BLANKS).startswith(_FORMULA) else text


def _quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def _cells(
    incident: Incident, row: AnyRow, person: AnswerPerson, ways: list[tuple[str, str]], t: Translate, zone: tzinfo
) -> list[str]:
    answer = person.answer
    sent = next((state for state in _BEST if state in {each for _, each in ways}), "none")
    asked = [
        str(incident.id),
        safe(incident.title),
        safe(row.department_code or ""),
        safe(person.department),
        safe(person.login_id),
        row.anpi_login_id,
        safe(person.name),
        safe(person.kana),
        safe(person.title),
        t(f"anpi.sent.{sent}"),
        _moment(from_millis(person.asked_at), zone),
        " / ".join(f"{t(f'anpi.slot.{slot}')}: {t(f'anpi.sent.{state}')}" for slot, state in ways),
    ]
    own = [number for number, _ in numbered(incident.questions)]
    area = [safe(name_of(row.area) or row.area) if row.area else ""]
    if answer is None:
        return [*asked, t("anpi.answered.no"), *[""] * 11, "0", "", "", *area, "", "", *("" for _ in own)]
    place: Place | None = answer.location
    return [
        *asked,
        t("anpi.answered.yes"),
        _moment(from_millis(answer.at), zone),
        t(f"anpi.self.{answer.self}"),
        t(f"answer.family.{answer.family}") if answer.family else "",
        t(f"answer.house.{answer.house}") if answer.house else "",
        t(f"answer.work.{answer.work}") if answer.work else "",
        *((f"{place.lat:.6f}", f"{place.lon:.6f}", f"{place.accuracy:.0f}") if place else ("", "", "")),
        safe(answer.comment),
        t(f"anpi.channel.{answer.channel}"),
        safe(answer.by_name),
        str(person.answers),
        t("answer.yes") if answer.help else "",
        safe(answer.where),
        *area,
        t("answer.yes") if answer.doubtful else "",
        safe(answer.reason),
        *(safe(answer.own.get(number, "")) for number in own),
    ]


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y/%m/%d %H:%M:%S}"


def _worded(wording: Wording, language: str) -> str:
    return safe(wording.en if language == "en" and wording.en else wording.ja)


def _ways(connection: Connection, incident: int, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """経路別到達状況: which of each person's addresses was reached, in the newest round of each."""
    keys, d = key_rows(connection.dialect.name, int), deliveries.c
    joined = keys.join(deliveries, and_(d.incident_id == incident, d.account_id == keys.c.k0))
    wanted = select(d.account_id, d.slot, d.state).select_from(joined).where(asks())
    wanted = wanted.order_by(d.account_id, d.round, d.id)
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(wanted, {"keys": packed(ids)}):
        found[row.account_id][row.slot] = _shown(row.state)
    return {account: list(slots.items()) for account, slots in found.items()}


def _shown(state: str) -> str:
    if state == "doubtful":
        return "waiting"
    return "failed" if state in ("bounced", "dropped") else state

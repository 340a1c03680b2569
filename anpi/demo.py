"""What the demo company has of the safety check: 定型文, and a drill of last week that is over.

Nothing is sent, and nobody is asked: the rows say how it went in a company without a mail server. Its mails were
written into a folder, people heard of it in talk, and answered there and in the directory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from anpi import queries, reach, tables, targets, templates
from anpi.drill.crowd import Step, Wish, plan
from anpi.forms import TemplateBody
from anpi.sending import addresses
from anpi.sending.deliveries import Channel, State
from anpi.sending.tables import deliveries
from anpi.targets import Asked
from directory.tables import people as profiles
from server.auth.model import operator
from server.auth.tables import accounts
from server.clock import zone
from server.data.transaction import Transaction
from server.secrets import Secrets
from server.services import Services

KEY = "demo:drill"
TITLE = "【訓練】震度6強の地震が発生しました"
MESSAGE = "{氏名}さん、これは訓練です。\n10時に駿河湾を震源とする地震が起きたと想定して、安否を回答してください。"
DAYS_AGO, HOUR = 7, 10
COMPLETED_AFTER = timedelta(hours=2)
WISH = Wish(people=300, minutes=60, answering=0.93, seed=3)
COMMENTS = (
    "全員の無事を確認しました。",
    "外出中です。午後に戻ります。",
    "在宅勤務です。異常ありません。",
    "出張先です。",
    "",
)
TEMPLATES = (
    TemplateBody(
        "台風（出社可否）",
        "台風の接近による出社可否の確認",
        "{氏名}さん、台風が近づいています。明日出社できるかを、今日の17時までに回答してください。\n"
        "危険を感じるときは、無理に出社しないでください。",
    ),
    TemplateBody(
        "地震（安否確認）",
        "地震による安否の確認",
        "{氏名}さん、地震がありました。身の安全を確保してから、安否を回答してください。\n"
        "家族や自宅の状況もお知らせください。",
    ),
    TemplateBody(
        "防災訓練",
        "防災訓練：安否を回答してください",
        "{氏名}さん、これは訓練です。届いたことを確かめるため、安否を回答してください。",
    ),
)


async def furnish(services: Services, people: Mapping[str, int]) -> None:
    """Add both, at once; interrupted, it is done at the next start. ``people`` by the part of a login ID before @."""
    local = services.clock().astimezone(zone(services.settings.time_zone))
    began = (local - timedelta(days=DAYS_AGO)).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    await services.writer.act(_add, services.secrets, people.get("mori"), began)


def _add(tx: Transaction, secrets: Secrets, mori: int | None, began: datetime) -> None:
    if queries.incident_of_key(tx.connection, KEY) is not None:
        return
    for body in TEMPLATES:
        templates.add(tx, operator("demo"), body)
    incident, send = _incident(tx, mori, began)
    ids = queries.in_scope_after(tx.connection, 0, WISH.people)
    _ask(tx, incident, send, ids, began)
    reached = _tell(tx, secrets, incident, ids, began)
    said = _answers(tx, incident, plan(sorted(reached), WISH), reached, began)
    # Somebody without an address was asked by telephone.
    unaddressed = sorted(set(ids) - set(reached.values()))[:1]
    if mori is not None:
        said |= {id: _proxy(tx, incident, id, mori, began) for id in unaddressed}
    _count(tx, incident, said)


def _incident(tx: Transaction, mori: int | None, began: datetime) -> tuple[int, int]:
    i, s = tables.incidents, tables.sends
    over = began + COMPLETED_AFTER
    row = {
        "key": KEY,
        "kind": "ask",
        "drill": True,
        "origin": "manual",
        "cause": "other",
        "state": "done",
        "title": TITLE,
        "message": MESSAGE,
        "count_from": began,
        "created_by": mori,
        "created_at": began - timedelta(minutes=20),
        "sent_at": began,
        "completed_by": mori,
        "completed_at": over,
        "rev": 1,
    }
    incident = int(tx.connection.execute(insert(i).returning(i.c.id), row).scalar_one())
    sent = {
        "incident_id": incident,
        "key": KEY,
        "round": 0,
        "act": "ask",
        "kind": "all",
        "whom": '{"kind":"all"}',
        "actor_id": mori,
        "at": began,
        "state": "ready",
        "people": WISH.people,
    }
    return incident, int(tx.connection.execute(insert(s).returning(s.c.id), sent).scalar_one())


def _ask(tx: Transaction, incident: int, send: int, ids: Sequence[int], began: datetime) -> None:
    places = reach.places(tx.connection, ids)
    asked = [Asked(id, places[id][0].code, places[id][0].kind) if places.get(id) else Asked(id) for id in ids]
    targets.add(tx, queries.existing(tx.connection, incident), send, asked, None, 1)
    t = tables.targets
    tx.connection.execute(t.update().where(t.c.incident_id == incident).values(asked_at=began))


def _tell(tx: Transaction, secrets: Secrets, incident: int, ids: Sequence[int], began: datetime) -> dict[str, int]:
    """A notice in talk for each of these, and a mail for those who have an address; who they are by it."""
    known = _addressed(tx.connection, ids)
    shared = {"incident_id": incident, "round": 0, "tries": 1, "due_at": began}
    mails = [
        {
            "account_id": id,
            "channel": Channel.MAIL,
            "slot": "email1",
            "address_key": addresses.key(secrets, address),
            "language": language,
            "lane": addresses.lane(address),
            "state": State.WRITTEN,
        }
        for id, address, language in known
    ]
    talk = {"channel": Channel.TALK, "slot": "talk", "address_key": "talk", "language": "ja", "lane": Channel.TALK}
    notices = [{**talk, "account_id": id, "state": State.SENT} for id in ids]
    ended = [began + timedelta(seconds=1 + place // 50) for place in range(len(mails) + len(notices))]
    rows = [{**shared, **row, "ended_at": at} for row, at in zip([*notices, *mails], ended, strict=True)]
    tx.connection.execute(insert(deliveries), rows)
    return {address: id for id, address, _ in known}


def _addressed(connection: Connection, ids: Iterable[int]) -> list[tuple[int, str, str]]:
    p, a, wanted = profiles.c, accounts.c, set(ids)
    found = select(a.id, p.email1, a.language).join_from(accounts, profiles, p.account_id == a.id)
    rows = connection.execute(found.where(p.email1 != "").order_by(a.id))
    return [(row.id, row.email1, row.language or "ja") for row in rows if row.id in wanted]


def _answers(
    tx: Transaction, incident: int, steps: Sequence[Step], reached: Mapping[str, int], began: datetime
) -> dict[int, dict[str, Any]]:
    """The answers, in their order; each person's newest, with when he answered first."""
    newest: dict[int, dict[str, Any]] = {}
    for place, step in enumerate(steps):
        at = began + timedelta(seconds=30 + step.opens + step.reads)
        comment = COMMENTS[place % 40] if place % 40 < len(COMMENTS) else ""
        row: dict[str, Any] = {
            "key": f"{KEY}:{place}",
            "account_id": reached[step.address],
            "incident_id": incident,
            "at": at,
            "channel": "directory" if place % 4 == 3 else "talk",
            "self": step.said.self,
            "help": step.said.help,
            "work": step.said.work,
            "family": "safe" if place % 3 else "checking",
            "house": "none",
            "comment": comment,
        }
        newest[row["account_id"]] = _written(tx, row, newest.get(row["account_id"]))
    return newest


def _proxy(tx: Transaction, incident: int, account: int, mori: int, began: datetime) -> dict[str, Any]:
    row = {
        "key": f"{KEY}:proxy:{account}",
        "account_id": account,
        "incident_id": incident,
        "at": began + timedelta(minutes=41),
        "channel": "proxy",
        "by_account_id": mori,
        "by_name": "森 由美",
        "reason": "電話で本人に確認しました。",
        "self": "safe",
        "work": "can",
    }
    return _written(tx, row, None)


def _written(tx: Transaction, row: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    a, c = tables.answers, tables.counted
    id = int(tx.connection.execute(insert(a).returning(a.c.id), row).scalar_one())
    tx.connection.execute(
        insert(c), {"incident_id": row["incident_id"], "account_id": row["account_id"], "answer_id": id}
    )
    return {**row, "id": id, "first": before["first"] if before else row["at"]}


def _count(tx: Transaction, incident: int, newest: Mapping[int, dict[str, Any]]) -> None:
    t = tables.targets
    for account, row in newest.items():
        values = {
            "answer_id": row["id"],
            "answered_at": row["at"],
            "first_at": row["first"],
            "self": row["self"],
            "help": row.get("help", False),
            "work": row["work"],
        }
        tx.connection.execute(t.update().where(t.c.incident_id == incident, t.c.account_id == account).values(values))

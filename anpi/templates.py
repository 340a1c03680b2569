"""管理者メニュー＞定型文: texts written before the day on which they are needed."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from anpi import queries, tables
from anpi.forms import TemplateBody, TemplateRow, Templates
from anpi.model import checked_message, checked_title
from anpi.sending import mails
from server.auth.audit import record
from server.auth.model import Actor, short_line
from server.clock import to_millis
from server.data.transaction import Transaction
from server.errors import Conflict, NotFound

TEMPLATES_LIMIT = 200
NAME_LIMIT = 100


def listed(connection: Connection, actor: Actor) -> Templates:
    """All of them, in their order."""
    queries.require_administrator(connection, actor)
    t = tables.templates.c
    rows = connection.execute(select(t.id, t.name, t.title, t.message, t.changed_at).order_by(t.place, t.id))
    return Templates([TemplateRow(*row[:4], to_millis(row.changed_at)) for row in rows])


def add(tx: Transaction, actor: Actor, body: TemplateBody) -> int:
    """A new one, at the end."""
    queries.require_administrator(tx.connection, actor)
    tx.lock("company")
    t = tables.templates
    count, last = tx.connection.execute(select(func.count(), func.max(t.c.place))).one()
    if count >= TEMPLATES_LIMIT:
        raise Conflict("templates_full", limit=TEMPLATES_LIMIT)
    row = {**_checked(body), "place": (last or 0) + 1, "changed_at": tx.now}
    id = int(tx.connection.execute(insert(t).returning(t.c.id), row).scalar_one())
    record(tx, actor, "anpi.template.add", str(id), name=row["name"])
    return id


def change(tx: Transaction, actor: Actor, id: int, body: TemplateBody) -> None:
    """What it shall say from now on; incidents that were made with it keep their words."""
    queries.require_administrator(tx.connection, actor)
    t = tables.templates
    values = {**_checked(body), "changed_at": tx.now}
    if not tx.connection.execute(update(t).where(t.c.id == id).values(values)).rowcount:
        raise NotFound()
    record(tx, actor, "anpi.template.change", str(id), name=values["name"])


def remove(tx: Transaction, actor: Actor, id: int) -> None:
    """It is there no more."""
    queries.require_administrator(tx.connection, actor)
    t = tables.templates
    if not tx.connection.execute(delete(t).where(t.c.id == id)).rowcount:
        raise NotFound()
    record(tx, actor, "anpi.template.remove", str(id))


def _checked(body: TemplateBody) -> dict[str, object]:
    title, message = checked_title(body.title), checked_message(body.message)
    mails.check(title, message)
    return {
        "name": short_line(body.name, "template_name", NAME_LIMIT, required=True),
        "title": title,
        "message": message,
    }

"""The company of a drill: a server of its own with invented people, in a folder that is thrown away.

No setting of the environment counts here: the database, the files and the mails are never those of the real company.
"""

from __future__ import annotations

import socket
from pathlib import Path

from sqlalchemy import Connection, func, select

from anpi import queries, registering, sends
from anpi.drill.clock import DrillClock
from anpi.forms import Whom
from anpi.model import Questions
from anpi.registering import Wish
from directory.demo.filling import fill
from directory.tables import people as profiles
from server.auth import company
from server.auth.model import Actor, Privilege
from server.auth.tables import accounts, privileges
from server.data.transaction import Transaction
from server.services import Services
from server.settings import Settings

COMPANY = "北斗精機株式会社"
TITLE = "【訓練】震度6強の地震が発生しました"
MESSAGE = "{氏名}さん、これは訓練です。身の安全を確保したつもりで、安否を回答してください。"


def settings_for(folder: Path, listener: socket.socket, mail_port: int) -> Settings:
    """Everything as it is by default, but the folder, the mails and the address; nobody outside is asked anything."""
    plain = {name: field.get_default() for name, field in Settings.model_fields.items()}
    host, port = listener.getsockname()[:2]
    own = {
        "modules": ("directory", "anpi"),
        "var": folder,
        "company": COMPANY,
        "host": host,
        "port": port,
        "public_url": f"http://{host}:{port}",
        "smtp_url": f"smtp://127.0.0.1:{mail_port}?tls=off",
        "mail_from": "anpi@example.co.jp",
        "outbound": False,
        "reserve_mb": 0,
        "ballast_mb": 0,
        "log_level": "warning",
    }
    return Settings(**(plain | own))


async def found(services: Services, people: int, seed: int) -> dict[int, str]:
    """So many invented people; the addresses of those who have one."""
    return await services.writer.act(_found, people, seed)  # type: ignore[no-any-return]


async def ask_everybody(services: Services, clock: DrillClock) -> int:
    """Register a 訓練 and press ［発信］ for all, as an administrator does; the incident's number."""
    actor = await services.readers.ask(_administrator)
    wish = Wish(
        title=TITLE,
        message=MESSAGE,
        kind="ask",
        drill=True,
        count_from=clock(),
        closing_at=None,
        closing_to="",
        location=False,
        questions=Questions(where=False, family=False, house=False, comment=False),
    )
    id: int = await services.writer.act(registering.register, actor, "drill", wish, linked=True)
    people = await services.readers.ask(_in_scope)
    await services.writer.act(sends.press, actor, id, "drill", Whom(all=True), people)
    return id


def _found(tx: Transaction, people: int, seed: int) -> dict[int, str]:
    company.ensure(tx, COMPANY)
    fill(tx.connection, people, seed)
    return _addresses(tx.connection)


def _addresses(connection: Connection) -> dict[int, str]:
    p = profiles.c
    rows = connection.execute(select(p.account_id, p.email1).where(p.email1 != "").order_by(p.account_id))
    return {row.account_id: row.email1.lower() for row in rows}


def _administrator(connection: Connection) -> Actor:
    a, p = accounts.c, privileges.c
    held = accounts.join(privileges, p.account_id == a.id)
    wanted = select(a.id, a.name).select_from(held).where(p.privilege == Privilege.ADMIN_ANPI.value)
    row = connection.execute(wanted.order_by(a.id).limit(1)).one()
    return Actor(row.id, row.name, frozenset({Privilege.ADMIN_ANPI}))


def _in_scope(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(accounts).where(queries.IN_SCOPE)).scalar_one())

"""Questions about 安否の連絡先."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from anpi.contacts.model import Contact
from anpi.sending.tables import contacts
from server.data.sets import key_rows, packed

_C = contacts.c


def of_account(connection: Connection, account: int) -> list[Contact]:
    """Somebody's places in their order, removed ones too."""
    rows = connection.execute(select(contacts).where(_C.account_id == account).order_by(_C.place))
    return [_contact(row) for row in rows]


def of_accounts(connection: Connection, accounts: Iterable[int]) -> list[Contact]:
    """The addresses of all of these."""
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(contacts, _C.account_id == keys.c.k0)
    wanted = select(contacts).select_from(joined).where(_C.address != "", _C.gone_at.is_(None))
    return [_contact(row) for row in connection.execute(wanted, {"keys": packed(sorted(set(accounts)))})]


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        row.account_id,
        row.place,
        row.address,
        row.address_key,
        row.asked_at,
        row.mails,
        row.confirmed_at,
        row.version,
        row.gone_at is not None,
    )

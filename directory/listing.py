"""Who stands in the directory: a row for each account, made, renamed, buried and dug out as accounts change."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from directory import changes, queries
from directory.fields import PROFILE
from directory.model import sort_key
from directory.search import indexing
from directory.tables import people, person_areas, posts
from server.auth.company import Company
from server.auth.model import Account, Actor, State
from server.data.transaction import Transaction

_SHOWN = ("login_id", "name", "kana", "state", "user_type", "talk", "talk_log", "privileges", "anpi_login_id")
"""What of an account somebody sees who looks at a person."""


def on_people_changed(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
    """Called by the ground in the transaction of the change: the directory changes with it, and tells it."""
    if before is not None and not _differs(before, after):
        return
    departments = listed(tx, before, after)
    rev = changes.next_rev(tx)
    changes.tell(tx, rev, actor.account_id, people=[after.id], departments=departments)
    indexing.refresh(tx, [after.id])


def on_company_changed(tx: Transaction, actor: Actor, before: Company, after: Company) -> None:
    """Who sees what, or how numbers are dialled, is another matter now: everything is asked for anew."""
    if (before.visibility, before.phone_scheme) != (after.visibility, after.phone_scheme):
        rev = changes.next_rev(tx)
        changes.mark_shown(tx, rev)
        changes.reload(tx, rev, actor.account_id)


def listed(tx: Transaction, before: Account | None, after: Account) -> set[int]:
    """Make the directory's row what the account is; returns the departments that have fewer people now."""
    known = tx.connection.execute(select(people.c.sort_score).where(people.c.account_id == after.id)).first()
    deleted = after.state is State.DELETED
    if known is None:
        key = "" if deleted else sort_key(after.name, after.kana, None)
        tx.connection.execute(insert(people), {"account_id": after.id, "sort_key": key, "rev": 0, "gone": deleted})
        return set()
    if deleted:
        return _bury(tx, after.id)
    key = sort_key(after.name, after.kana, known.sort_score)
    tx.connection.execute(update(people).where(people.c.account_id == after.id).values(sort_key=key, gone=False))
    return set()


def _differs(before: Account, after: Account) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in _SHOWN)


def _bury(tx: Transaction, account: int) -> set[int]:
    """A tombstone: nothing is kept of what the directory told about him."""
    left = {post.department for person in queries.people_at(tx.connection, [account]) for post in person.posts}
    blank = {**dict.fromkeys(PROFILE, ""), "sort_score": None, "photo": "", "gone": True}
    tx.connection.execute(update(people).where(people.c.account_id == account).values(**blank))
    tx.connection.execute(delete(posts).where(posts.c.account_id == account))
    tx.connection.execute(delete(person_areas).where(person_areas.c.account_id == account))
    return left

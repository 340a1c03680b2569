"""ユーザ: what an administrator does with a person, his account and his profile in one action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from directory import changes, queries
from directory.fields import PROFILE, checked_score
from directory.listing import listed, on_people_changed
from directory.model import Person, Post, profile_fields
from directory.placing import Placed, checked_posts, place_areas, place_posts
from directory.search import indexing
from directory.tables import people
from server.auth import actions
from server.auth import queries as accounts
from server.auth.audit import record
from server.auth.changing import AccountChanges, Listeners, change_account
from server.auth.model import Account, Actor, NewAccount, Privilege
from server.data.transaction import Transaction
from server.errors import Conflict, Forbidden, NotFound

OPENS_PEOPLE = (Privilege.ADMIN_USER, Privilege.ADMIN_ANPI, Privilege.ADMIN_GOTALK)
"""Who opens 管理＞ユーザ; each may change his own fields there (S4)."""


@dataclass(frozen=True, slots=True)
class ProfileWish:
    """What the directory shall tell about somebody; what is left out stays, or is blank in somebody new.

    ``areas`` have been resolved: that is slow work, and not the writer's.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    sort_score: int | None = None
    scored: bool = False
    posts: Sequence[Post] | None = None
    areas: Mapping[str, Placed] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The fields that were asked for."""
        more = (["sort_score"] if self.scored else []) + (["posts"] if self.posts is not None else [])
        return [*self.texts, *self.areas, *more]


def add(
    tx: Transaction,
    actor: Actor,
    new: NewAccount,
    password_hash: str | None,
    wish: ProfileWish,
    listeners: Listeners = (),
) -> Account:
    """Somebody new, with all that the directory tells about him."""
    _begin(tx, actor, wish)
    added = actions.add_account(tx, actor, new, password_hash, listeners=_others(listeners))
    listed(tx, None, added)
    before = _there(tx, added.id)
    _write(tx, before, wish)
    _told(tx, actor, before)
    return added


def save(
    tx: Transaction,
    actor: Actor,
    id: int,
    rev: int,
    account: AccountChanges,
    wish: ProfileWish,
    listeners: Listeners = (),
) -> None:
    """Change somebody, all or nothing, as the administrator saw him at ``rev``."""
    _begin(tx, actor, wish)
    before = _there(tx, id)
    if before.rev != rev:
        raise Conflict()
    seen = _account(tx, id)
    now = change_account(tx, actor, id, account, _others(listeners)) if account.given() else seen
    listed(tx, seen, now)
    differing = _write(tx, before, wish)
    if differing:
        record(tx, actor, "person.change", now.login_id, fields=sorted(differing))
    if differing or now != seen:
        _told(tx, actor, before)


def remove(tx: Transaction, actor: Actor, id: int, listeners: Listeners = ()) -> None:
    """Somebody goes: out of every list, his seats and his login ID are free (A1)."""
    _begin(tx, actor, ProfileWish())
    actions.delete_account(tx, actor, id, listeners)


# ---------------------------------------------------------------- the common steps


def _begin(tx: Transaction, actor: Actor, wish: ProfileWish) -> None:
    """The right, before it is looked up whom there is; then nobody else changes people or departments meanwhile."""
    actor.require_one_of(*OPENS_PEOPLE)
    changes.begin(tx)
    if wish.names:
        allowed = {*profile_fields(queries.shown(tx.connection), _rights(actor)), "posts", "sort_score"}
        for name in wish.names:
            if Privilege.ADMIN_USER not in _rights(actor) or name not in allowed:
                raise Forbidden(field=name)


def _rights(actor: Actor) -> frozenset[Privilege]:
    return frozenset(Privilege) if actor.operator else actor.privileges


def _others(listeners: Listeners) -> Listeners:
    """Who else listens: the directory's own part is done here, so that one action is one ``rev``."""
    return tuple(each for each in listeners if each is not on_people_changed)


def _there(tx: Transaction, id: int) -> Person:
    found = queries.person(tx.connection, id)
    if found is None:
        raise NotFound()
    return found


def _account(tx: Transaction, id: int) -> Account:
    found = accounts.account(tx.connection, id)
    if found is None:
        raise NotFound()
    return found


def _write(tx: Transaction, before: Person, wish: ProfileWish) -> list[str]:
    """Write what is different; returns the names of those fields."""
    texts = {name: PROFILE[name].checked(text) for name, text in wish.texts.items()}
    row: dict[str, Any] = {name: text for name, text in texts.items() if text != before.profile[name]}
    if wish.scored and checked_score(wish.sort_score) != before.sort_score:
        row["sort_score"] = wish.sort_score
    if row:
        tx.connection.execute(update(people).where(people.c.account_id == before.id).values(**row))
    differing = list(row)
    if wish.posts is not None and (posts := checked_posts(tx, wish.posts)) != list(before.posts):
        place_posts(tx, before.id, posts)
        differing.append("posts")
    for name, placed in wish.areas.items():
        if place_areas(tx, before.id, name.removesuffix("_areas"), placed):
            differing.append(name)
    return differing


def _told(tx: Transaction, actor: Actor, before: Person) -> None:
    """One ``rev`` for all that was changed of a person, and of the departments that have more or fewer people."""
    now = _there(tx, before.id)
    tx.connection.execute(update(people).where(people.c.account_id == now.id).values(sort_key=now.right_sort))
    moved = _departments(before) ^ _departments(now)
    rev = changes.next_rev(tx)
    changes.tell(tx, rev, actor.account_id, people=[now.id], departments=moved)
    indexing.refresh(tx, [now.id])


def _departments(person: Person) -> set[int]:
    return {post.department for post in person.posts}

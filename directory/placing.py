"""Where somebody stands: his posts, and the areas in which he works and lives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select

from directory import queries
from directory.areas.resolving import resolve
from directory.fields import AREA, AREAS_LIMIT, POSTS_LIMIT, TITLE
from directory.model import Post
from directory.tables import person_areas, posts
from server.data.transaction import Transaction
from server.errors import Invalid

Placed = list[tuple[str, str]]
"""Areas as they were given, each with its code."""


def checked_posts(tx: Transaction, wanted: Sequence[Post]) -> list[Post]:
    """The posts as they are kept, in departments that are there, each once; at most 50."""
    if len(wanted) > POSTS_LIMIT:
        raise Invalid("too_many_values", field="posts", limit=POSTS_LIMIT)
    ids = [post.department for post in wanted]
    if len(set(ids)) < len(ids):
        raise Invalid("post_twice", field="posts")
    if len(queries.departments_there(tx.connection, ids)) < len(ids):
        raise Invalid("department_unknown", field="posts")
    return [Post(post.department, TITLE.checked(post.title)) for post in wanted]


def place_posts(tx: Transaction, account: int, wanted: Sequence[Post]) -> None:
    """These posts and no others, the first is 本務."""
    tx.connection.execute(delete(posts).where(posts.c.account_id == account))
    rows = [
        {"account_id": account, "place": place, "department_id": post.department, "title": post.title}
        for place, post in enumerate(wanted)
    ]
    if rows:
        tx.connection.execute(insert(posts), rows)


def resolved(field: str, given: Iterable[str]) -> Placed:
    """Each area with its code; one that is unknown, or may be several, is refused with the field's name."""
    wanted = [text for text in (AREA.given(each) for each in given) if text]
    if len(wanted) > AREAS_LIMIT:
        raise Invalid("too_many_values", field=field, limit=AREAS_LIMIT)
    placed: Placed = []
    for text in dict.fromkeys(wanted):
        fault = AREA.fault(text)
        if fault is not None:
            raise Invalid(fault, field=field, limit=AREA.limit)
        found = resolve(text)
        if not found:
            raise Invalid("area_unknown", field=field, area=text)
        if len(found) > 1:
            raise Invalid("area_ambiguous", field=field, area=text)
        placed.append((text, found[0].code))
    return placed


def place_areas(tx: Transaction, account: int, kind: str, wanted: Placed) -> bool:
    """These areas and no others; returns whether that is a difference."""
    a = person_areas.c
    own = (a.account_id == account, a.kind == kind)
    kept = tx.connection.execute(select(a.given, a.area).where(*own).order_by(a.place)).all()
    if [tuple(row) for row in kept] == wanted:
        return False
    tx.connection.execute(delete(person_areas).where(*own))
    rows = [
        {"account_id": account, "kind": kind, "place": place, "area": code, "given": given}
        for place, (given, code) in enumerate(wanted)
    ]
    if rows:
        tx.connection.execute(insert(person_areas), rows)
    return True

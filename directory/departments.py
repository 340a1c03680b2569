"""部署: what an administrator of departments does with the tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import bindparam, delete, insert, update

from directory import changes, queries, reindexing
from directory.fields import DEPARTMENT, checked_score
from directory.model import Department, Tree, require_no_circle, scores_with
from directory.search import indexing
from directory.tables import departments, posts
from server.auth.audit import record
from server.auth.model import Actor, Privilege
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound

_FOUND_BY = ("parent_id", "name", "kana", "alphabet")
"""By these people are found who are in a department, or below it."""


@dataclass(frozen=True, slots=True)
class DepartmentWish:
    """What a department shall be: ``texts`` by field; what is left out stays, or is blank in a new one."""

    texts: Mapping[str, str] = field(default_factory=dict)
    sort_score: int | None = None
    scored: bool = False


def add(tx: Transaction, actor: Actor, wish: DepartmentWish, parent: int | None) -> int:
    """A new department under ``parent``, or at the top."""
    tree = _begin(tx, actor)
    row = _checked(wish)
    for name in ("code", "name"):
        row[name] = DEPARTMENT[name].checked(wish.texts.get(name, ""))
    _require_parent(tree, parent)
    _require_free(tx, str(row["code"]))
    rev = changes.next_rev(tx)
    values = {"parent_id": parent, **row, "rev": rev}
    id = int(tx.connection.execute(insert(departments).values(values).returning(departments.c.id)).scalar_one())
    record(tx, actor, "department.add", str(row["code"]), name=row["name"])
    changes.tell(tx, rev, actor.account_id, departments=[id])
    return id


def change(
    tx: Transaction, actor: Actor, id: int, wish: DepartmentWish, parent: int | UnsetType | None = UNSET
) -> None:
    """Other words for a department, and, if ``parent`` is named, another place."""
    tree = _begin(tx, actor)
    before = _there(tree, id)
    differing = {name: value for name, value in _checked(wish).items() if value != getattr(before, name)}
    if "code" in differing:
        _require_free(tx, str(differing["code"]))
    if parent is not UNSET and parent != before.parent:
        _require_parent(tree, parent)
        require_no_circle(tree, id, parent)
        differing["parent_id"] = parent
    if not differing:
        return
    _write(tx, id, differing)
    told = {name: [getattr(before, name), value] for name, value in differing.items() if name != "parent_id"}
    record(tx, actor, "department.change", before.code, changed=told)
    _told(tx, actor, [id])
    if not differing.keys().isdisjoint(_FOUND_BY):
        _find_anew(tx, id)


def move(tx: Transaction, actor: Actor, id: int, parent: int | None, before: int | None = None) -> None:
    """To another place in the tree: under ``parent``, and, if that is named, right before ``before``."""
    tree = _begin(tx, actor)
    moved = _there(tree, id)
    _require_parent(tree, parent)
    require_no_circle(tree, id, parent)
    scores = _scores(tree, moved, parent, before)
    if moved.parent == parent and not scores:
        return
    _write(tx, id, {"parent_id": parent})
    _write_scores(tx, scores)
    record(tx, actor, "department.move", moved.code, parent=_code(tree, parent))
    _told(tx, actor, [id, *scores])
    if moved.parent != parent:
        _find_anew(tx, id)


def remove(tx: Transaction, actor: Actor, id: int, people: int) -> int:
    """The department and all below it; its people are unassigned. ``people``: how many the administrator was told.

    Returns how many departments went.
    """
    tree = _begin(tx, actor)
    removed = _there(tree, id)
    below = tree.below([id])
    unassigned = queries.people_in(tx.connection, below)
    if len(unassigned) != people:
        raise Conflict()
    # Before they are unassigned: afterwards nobody is found below it.
    indexing.mark(tx, unassigned)
    reindexing.soon(tx)
    _unassign(tx, below)
    _bury(tx, below)
    record(tx, actor, "department.remove", removed.code, departments=len(below), people=len(unassigned))
    rev = changes.next_rev(tx)
    changes.tell(tx, rev, actor.account_id, people=unassigned, departments=below)
    return len(below)


# ---------------------------------------------------------------- the common steps


def _told(tx: Transaction, actor: Actor, ids: Sequence[int]) -> None:
    """These departments are other ones now."""
    rev = changes.next_rev(tx)
    changes.tell(tx, rev, actor.account_id, departments=set(ids))


def _find_anew(tx: Transaction, id: int) -> None:
    """Whoever is in this department, or below it, is found by other words."""
    indexing.mark_below(tx, [id])
    reindexing.soon(tx)


def _begin(tx: Transaction, actor: Actor) -> Tree:
    """The right, then the tree as nobody else changes it meanwhile."""
    actor.require(Privilege.ADMIN_DIVISION)
    changes.begin(tx)
    return queries.tree(tx.connection)


def _there(tree: Tree, id: int) -> Department:
    found = tree.get(id)
    if found is None:
        raise NotFound()
    return found


def _require_parent(tree: Tree, parent: int | None) -> None:
    if parent is not None and tree.get(parent) is None:
        raise Invalid("department_unknown", field="parent")


def _require_free(tx: Transaction, code: str) -> None:
    if queries.code_taken(tx.connection, code):
        raise Conflict("code_taken", field="code", code=code)


def _checked(wish: DepartmentWish) -> dict[str, Any]:
    row: dict[str, Any] = {name: DEPARTMENT[name].checked(text) for name, text in wish.texts.items()}
    if wish.scored:
        row["sort_score"] = checked_score(wish.sort_score)
    return row


def _scores(tree: Tree, moved: Department, parent: int | None, before: int | None) -> dict[int, int]:
    if before is None or before == moved.id:
        return {}
    siblings = tree.children(parent)
    return scores_with(siblings if moved in siblings else [*siblings, moved], moved.id, before)


def _code(tree: Tree, id: int | None) -> str:
    found = None if id is None else tree.get(id)
    return found.code if found else ""


def _write(tx: Transaction, id: int, values: Mapping[str, Any]) -> None:
    tx.connection.execute(update(departments).where(departments.c.id == id).values(**values))


def _write_scores(tx: Transaction, scores: Mapping[int, int]) -> None:
    if scores:
        placed = (
            update(departments).where(departments.c.id == bindparam("which")).values(sort_score=bindparam("score"))
        )
        tx.connection.execute(placed, [{"which": id, "score": score} for id, score in scores.items()])


def _unassign(tx: Transaction, below: Iterable[int]) -> None:
    """Whoever held his 本務 there has it in what was his next post."""
    keys = key_rows(tx.dialect, int)
    gone = delete(posts).where(posts.c.department_id.in_(keys.select()))
    tx.connection.execute(gone, {"keys": packed(sorted(below))})


def _bury(tx: Transaction, below: Iterable[int]) -> None:
    """Tombstones: their codes are free again, and they stand nowhere in the tree."""
    keys = key_rows(tx.dialect, int)
    d = departments.c
    tomb = {"gone": True, "parent_id": None, "code": "removed " + d.id.cast(d.code.type)}
    buried = update(departments).where(d.id.in_(keys.select())).values(**tomb)
    tx.connection.execute(buried, {"keys": packed(sorted(below))})

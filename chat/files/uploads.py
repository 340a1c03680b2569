"""What becomes of an upload, in the database: begun, accepted, refused, given up. Each is one action."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import delete, insert, update

from chat import queries as talk
from chat.files import queries, space
from chat.files.facts import encode as encode_facts
from chat.files.facts import told_media, verified_media
from chat.files.gathering import Gathered
from chat.files.names import FileName, told_name
from chat.files.queries import READY, RECEIVING, REFUSED, FileRow
from chat.files.receiving import Held
from chat.files.settings import current_policy, record_refusal
from chat.files.space import Limits
from chat.files.tables import files
from chat.policy import Verdict, judge_name, refusal
from server.auth.model import Actor
from server.clock import to_millis
from server.data.transaction import Transaction
from server.errors import AppError, Busy, Forbidden, NotFound

OPEN_LIMIT = 100
"""Files of one person that are on their way, or wait to be sent."""
OPEN_RETRY_MS = 60_000


class Kept(Struct, frozen=True):
    """What has come of an upload whose bytes are in the store."""

    size: int
    sha256: str
    stored_size: int
    stored_sha256: str
    thumbnail: bool
    scan: str
    uninspected: bool


def begin(tx: Transaction, actor: Actor, key: str, name: str, size: int, limits: Limits) -> None:
    """A row, and room, for a file that is about to come; or a refusal by its name, its size, or for want of room."""
    account = actor.account_id or 0
    if not talk.may_talk(tx.connection, account):
        raise Forbidden("talk_disabled")
    if queries.open_uploads(tx.connection, account) >= OPEN_LIMIT:
        raise Busy(retry_ms=OPEN_RETRY_MS)
    verdict = judge_name(current_policy(tx.connection), name)
    if not verdict.ok:
        raise recorded(refusal(verdict), actor, name, verdict, size)
    try:
        space.check_size(size, limits)
        space.reserve(tx, account, size, limits)
    except AppError as full:
        raise recorded(full, actor, name, told(full), size) from None
    at = to_millis(tx.now)
    row = {"key": key, "account_id": account, "name": name, "size": size}
    tx.connection.execute(insert(files).values(**row, state=RECEIVING, created_at=at, moved_at=at))


def claim(tx: Transaction, actor: Actor, key: str, sha256: str) -> None:
    """From now on the upload is these bytes and no others, which another machine may have of it. Raises ``Held``.

    Before anything is put into the store: what lies there is what the row will say of it.
    """
    row = _own(tx, actor, key)
    if row.state == REFUSED:
        raise answer_of(row)
    if row.sha256 not in ("", sha256):
        raise Held()
    if row.state == RECEIVING:
        tx.connection.execute(update(files).where(files.c.id == row.id).values(sha256=sha256))


def accept(tx: Transaction, actor: Actor, key: str, gathered: Gathered, kept: Kept) -> FileRow:
    """The bytes are in the store and may be sent. Asked again it changes nothing."""
    row = _own(tx, actor, key)
    if row.state != RECEIVING:
        return _same(row, kept)
    picture = gathered.facts.picture if verified_media(gathered.facts) else None
    values = {
        "state": READY,
        "facts": encode_facts(gathered.facts),
        "media": told_media(gathered.facts),
        "width": picture.width if picture else 0,
        "height": picture.height if picture else 0,
        "moved_at": to_millis(tx.now),
        **msgspec.structs.asdict(kept),
    }
    tx.connection.execute(update(files).where(files.c.id == row.id).values(**values))
    space.release(tx, row.account_id, row.size - kept.stored_size)
    found = queries.own(tx.connection, row.account_id, key)
    assert found is not None
    return found


def _same(row: FileRow, kept: Kept) -> FileRow:
    """The row, if it was these bytes that it was accepted with."""
    if row.state == REFUSED:
        raise answer_of(row)
    if row.stored_sha256 != kept.stored_sha256:
        raise Held()
    return row


def refuse(tx: Transaction, actor: Actor, key: str, verdict: Verdict, size: int, sha256: str) -> None:
    """The bytes are not taken: their room is free, and the answer is kept for a day."""
    row = _own(tx, actor, key)
    if row.state != RECEIVING:
        return
    values = {"state": REFUSED, "refusal": written(verdict), "size": size, "moved_at": to_millis(tx.now)}
    tx.connection.execute(update(files).where(files.c.id == row.id).values(**values))
    space.release(tx, row.account_id, row.size)
    record_refusal(tx, actor, row.name, size, verdict, sha256)


def refuse_name(tx: Transaction, actor: Actor, said: str, size: int) -> None:
    """No file can be called what was said: a refusal, whose record shows what was tried."""
    problem = FileName()
    raise recorded(problem, actor, told_name(said), Verdict(False, "control", problem.code), size)


def refuse_size(tx: Transaction, actor: Actor, name: str, size: int, limits: Limits) -> None:
    """More bytes have come than files may have."""
    problem = space.TooBig.of(size, limits)
    raise recorded(problem, actor, name, told(problem), size)


def give_up(tx: Transaction, actor: Actor, key: str) -> None:
    """An upload that is not wanted any more, or a file that was not sent: its row and its room are gone."""
    row = _own(tx, actor, key)
    if row.state not in queries.OPEN:
        raise NotFound()
    tx.connection.execute(delete(files).where(files.c.id == row.id))
    space.release(tx, row.account_id, row.kept)


def touch(tx: Transaction, key: str) -> None:
    """Bytes have come: it is not abandoned."""
    here = (files.c.key == key, files.c.state == RECEIVING)
    tx.connection.execute(update(files).where(*here).values(moved_at=to_millis(tx.now)))


def recorded(problem: AppError, actor: Actor, name: str, verdict: Verdict, size: int, sha256: str = "") -> AppError:
    """The refusal, with its line in the audit and in the talk log, which outlive it."""
    return problem.then(lambda tx: record_refusal(tx, actor, name, size, verdict, sha256))


def told(problem: AppError) -> Verdict:
    """A refusal for want of room as a verdict."""
    rule = "size" if isinstance(problem, space.TooBig) else "quota"
    return Verdict(False, rule, problem.code, problem.details, False)


def written(verdict: Verdict) -> str:
    """A verdict as the row keeps it."""
    return msgspec.json.encode([verdict.rule, verdict.code, verdict.details]).decode()


def answer_of(row: FileRow) -> AppError:
    """The refusal that stands in a row, to be told again."""
    rule, code, details = msgspec.json.decode(row.refusal, type=tuple[str, str, Mapping[str, str | int]])
    return refusal(Verdict(False, rule, code, dict(details), False))


def _own(tx: Transaction, actor: Actor, key: str) -> FileRow:
    """Held, after the rule of the room: whoever counts it takes both in this order."""
    tx.lock(space.RULE)
    row = queries.own(tx.connection, actor.account_id or 0, key, lock=True)
    if row is None:
        raise NotFound()
    return row

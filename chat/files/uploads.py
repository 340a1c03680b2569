"""What becomes of an upload, in the database: begun, accepted, refused, given up.

What every upload passes through are batches: where fifty come at once, a message that is posted meanwhile waits for a
few statements and not for hundreds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, update

from chat import queries as talk
from chat.files import queries, space
from chat.files.names import FileName, told_name
from chat.files.queries import READY, RECEIVING, REFUSED, FileRow
from chat.files.receiving import Held
from chat.files.settings import current_policy, record_refusal
from chat.files.space import Limits
from chat.files.tables import files
from chat.policy import Policy, Verdict, judge_name, refusal
from server.auth.model import Actor
from server.clock import to_millis
from server.data.batch import Batch
from server.data.transaction import Transaction
from server.errors import AppError, Busy, Forbidden, NotFound

OPEN_LIMIT = 100
"""Files of one person that are on their way, or wait to be sent."""
OPEN_RETRY_MS = 60_000


class Begin(NamedTuple):
    """A file that somebody is about to bring."""

    actor: Actor
    key: str
    name: str
    size: int
    limits: Limits

    @property
    def account(self) -> int:
        return self.actor.account_id or 0


class Claim(NamedTuple):
    """These bytes are what has come of an upload."""

    account: int
    key: str
    sha256: str


class GiveUp(NamedTuple):
    """An upload, or a file that was not sent, which nobody wants any more."""

    account: int
    key: str


class Kept(Struct, frozen=True):
    """What has come of an upload whose bytes are in the store, in the words of its row."""

    size: int
    sha256: str
    stored_size: int
    stored_sha256: str
    thumbnail: bool
    scan: str
    uninspected: bool
    facts: str = ""
    media: str = ""
    width: int = 0
    height: int = 0


class Accept(NamedTuple):
    """An upload that may be sent from now on."""

    account: int
    key: str
    kept: Kept


def begin_all(tx: Transaction, wanted: Sequence[Begin]) -> list[AppError | None]:
    """A row, and room, for each file that is about to come; or a refusal by its name, its size, or for want of
    room."""
    people = {each.account for each in wanted}
    room = space.Room(tx, people)
    talking = talk.who_may_talk(tx.connection, people)
    held = queries.open_uploads(tx.connection, people)
    policy = current_policy(tx.connection)
    answers: list[AppError | None] = []
    for each in wanted:
        may = each.account in talking
        refused = _no_room(each, policy, room, held) if may else Forbidden("talk_disabled")
        held[each.account] += refused is None
        answers.append(refused)
    begun = [each for each, refused in zip(wanted, answers, strict=True) if refused is None]
    if begun:
        room.write()
        tx.connection.execute(insert(files), [_row_of(each, to_millis(tx.now)) for each in begun])
    return answers


def _no_room(wanted: Begin, policy: Policy, room: space.Room, held: Counter[int]) -> AppError | None:
    """Why this file is not to come; None: its room is reserved."""
    actor, _, name, size, limits = wanted
    if held[wanted.account] >= OPEN_LIMIT:
        return Busy(retry_ms=OPEN_RETRY_MS)
    verdict = judge_name(policy, name)
    if not verdict.ok:
        return recorded(refusal(verdict), actor, name, verdict, size)
    try:
        space.check_size(size, limits)
        room.reserve(wanted.account, size, limits)
    except AppError as full:
        return recorded(full, actor, name, told(full), size)
    return None


def _row_of(each: Begin, at: int) -> dict[str, object]:
    named = {"key": each.key, "account_id": each.account, "name": each.name, "size": each.size}
    return named | {"state": RECEIVING, "created_at": at, "moved_at": at}


def claim_all(tx: Transaction, claims: Sequence[Claim]) -> list[AppError | None]:
    """From now on each upload is these bytes and no others, which another machine may have of it: else ``Held``.

    Before anything is put into the store: what lies there is what the row will say of it.
    """
    rows = _held(tx, [each.key for each in claims])
    claimed: dict[int, str] = {}
    answers: list[AppError | None] = []
    for each in claims:
        row = rows.get(each.key)
        problem = _not_claimed(row, each)
        if problem is None and row is not None and row.state == RECEIVING:
            claimed[row.id] = each.sha256
            rows[each.key] = row._replace(sha256=each.sha256)
        answers.append(problem)
    if claimed:
        tx.connection.execute(_CLAIMED, [{"which": id, "said": sha256} for id, sha256 in sorted(claimed.items())])
    return answers


def _not_claimed(row: FileRow | None, claim: Claim) -> AppError | None:
    if row is None or row.account_id != claim.account:
        return NotFound()
    if row.state == REFUSED:
        return answer_of(row)
    return None if row.sha256 in ("", claim.sha256) else Held()


def accept_all(tx: Transaction, wanted: Sequence[Accept]) -> list[FileRow | AppError]:
    """The bytes are in the store and may be sent. Asked again it changes nothing."""
    rows = _held(tx, [each.key for each in wanted])
    accepted: list[FileRow] = []
    answers: list[FileRow | AppError] = []
    room: Counter[int] = Counter()
    for each in wanted:
        row = rows.get(each.key)
        if row is None or row.account_id != each.account:
            answers.append(NotFound())
        elif row.state != RECEIVING:
            answers.append(_same(row, each.kept))
        else:
            now = row._replace(state=READY, moved_at=to_millis(tx.now), **msgspec.structs.asdict(each.kept))
            rows[each.key] = now
            accepted.append(now)
            answers.append(now)
            for owner in (space.COMPANY, row.account_id):
                room[owner] += now.stored_size - row.size
    _write_accepted(tx, accepted)
    space.change(tx, room)
    return answers


def _write_accepted(tx: Transaction, accepted: list[FileRow]) -> None:
    rows = [{"which": row.id, **{f"{name}_now": getattr(row, name) for name in _KEPT}} for row in sorted(accepted)]
    if rows:
        tx.connection.execute(_ACCEPTED, rows)


def _same(row: FileRow, kept: Kept) -> FileRow | AppError:
    """The row, if it was these bytes that it was accepted with."""
    if row.state == REFUSED:
        return answer_of(row)
    return row if row.stored_sha256 == kept.stored_sha256 else Held()


def give_up_all(tx: Transaction, wanted: Sequence[GiveUp]) -> list[AppError | None]:
    """Uploads that are not wanted any more, or files that were not sent: their rows and their room are gone."""
    rows = _held(tx, [each.key for each in wanted])
    given_up: list[FileRow] = []
    answers: list[AppError | None] = []
    for each in wanted:
        row = rows.get(each.key)
        if row is None or row.account_id != each.account or row.state not in queries.OPEN:
            answers.append(NotFound())
            continue
        given_up.append(rows.pop(each.key))
        answers.append(None)
    room: Counter[int] = Counter()
    for row in given_up:
        for owner in (space.COMPANY, row.account_id):
            room[owner] -= row.kept
    if given_up:
        tx.connection.execute(_GIVEN_UP, [{"which": row.id} for row in sorted(given_up)])
    space.change(tx, room)
    return answers


BEGIN = Batch("upload.begin", begin_all)
CLAIM = Batch("upload.claim", claim_all)
ACCEPT = Batch("upload.keep", accept_all)
GIVE_UP = Batch("upload.leave", give_up_all)

_KEPT = ("state", "moved_at", *Kept.__struct_fields__)
_ONE = files.c.id == bindparam("which")
_CLAIMED = update(files).where(_ONE).values(sha256=bindparam("said"))
_ACCEPTED = update(files).where(_ONE).values({name: bindparam(f"{name}_now") for name in _KEPT})
_GIVEN_UP = delete(files).where(_ONE)


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
    """Held."""
    row = _held(tx, [key]).get(key)
    if row is None or row.account_id != (actor.account_id or 0):
        raise NotFound()
    return row


def _held(tx: Transaction, keys: Iterable[str]) -> dict[str, FileRow]:
    """These uploads, held after the rule of the room: whoever counts it takes both in this order."""
    tx.lock(space.RULE)
    return queries.locked(tx.connection, keys)

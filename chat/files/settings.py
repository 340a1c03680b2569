"""送信出来るファイル種別, as the talk administrator has set it: one row, read anew wherever it is asked."""

from __future__ import annotations

import hashlib
import re
from typing import Any, cast

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select, update

from chat import logbook
from chat.files import names
from chat.files.extensions import LISTED
from chat.files.frames import TalkPolicy
from chat.files.tables import talk_policy
from chat.log.reading import readers
from chat.policy import Choice, Mode, Policy, Verdict
from server.auth.audit import record
from server.auth.model import Actor, Privilege
from server.clock import to_millis
from server.data.transaction import Event, Transaction
from server.errors import Conflict, Invalid
from server.live.tables import topics
from server.module import Missing, TopicKind

TOPIC = "policy"
"""What everybody who talks may hear of the talk's settings."""
EXTRA_LIMIT = 500
EXTENSION_LIMIT = 32

_EXTENSION = re.compile(r"[^\s./\\:*?\"<>|\x00-\x1f]+")


class Wanted(Struct, forbid_unknown_fields=True):
    """How it shall be. ``extra`` are extensions that are refused beside the 39; ``uninspected`` decides on archives
    that cannot be listed, ``executables`` on those of other systems. ``version`` is of what was seen before: when
    something else holds by now, nothing is changed; blank: whatever holds."""

    mode: Mode
    extra: list[str]
    look_inside: bool
    uninspected: Choice
    executables: Choice
    version: str = ""


def current_policy(connection: Connection) -> Policy:
    """What holds now."""
    row = connection.execute(select(talk_policy).where(talk_policy.c.id == 1)).first()
    if row is None:
        return Policy()
    extra = frozenset(msgspec.json.decode(row.extra, type=list[str]))
    return Policy(
        cast(Mode, row.mode),
        extra,
        bool(row.look_inside),
        cast(Choice, row.uninspected),
        cast(Choice, row.executables),
    )


def change_policy(tx: Transaction, actor: Actor, wanted: Wanted) -> Policy:
    """Make it so, from this moment on: an upload that is under way is refused when it is sent."""
    actor.require(Privilege.ADMIN_GOTALK)
    after = valid_policy(wanted)
    # Two administrators write one after the other, and each tells what he has changed.
    tx.lock("talk policy")
    before = current_policy(tx.connection)
    if wanted.version and wanted.version != version_of(before):
        raise Conflict()
    if after == before:
        return before
    rev = _next_rev(tx)
    _keep(tx, after)
    told = _changes(before, after)
    record(tx, actor, "talk.policy", changed=told)
    logbook.note(tx, "policy", actor.account_id, name=actor.name, changed=told)
    tx.emit(Event(TOPIC, rev, told_policy(rev, after, readers(tx.connection))))
    return after


def version_of(policy: Policy) -> str:
    """The same for the same settings, and for no others."""
    told = (policy.mode, sorted(policy.extra), policy.look_inside, policy.uninspected, policy.executables)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]


def tell_readers(tx: Transaction) -> None:
    """The number of people who may read the log has changed."""
    rev = _next_rev(tx)
    tx.emit(Event(TOPIC, rev, told_policy(rev, current_policy(tx.connection), readers(tx.connection))))


def valid_policy(wanted: Wanted) -> Policy:
    """The policy as it is kept: extensions as those of names are read, without a dot, none of the 39 twice."""
    plain = [names.folded(each.strip()).strip().lstrip(".") for each in wanted.extra]
    extra = frozenset(each for each in plain if each) - frozenset(LISTED)
    if len(extra) > EXTRA_LIMIT:
        raise Invalid("too_many_values", field="extra", limit=EXTRA_LIMIT)
    if not all(len(each) <= EXTENSION_LIMIT and _EXTENSION.fullmatch(each) for each in extra):
        raise Invalid("format", field="extra")
    return Policy(wanted.mode, extra, wanted.look_inside, wanted.uninspected, wanted.executables)


def told_policy(rev: int, policy: Policy, log_readers: int) -> TalkPolicy:
    """What everybody who talks is told, so that his browser can say no at once."""
    refused = [*LISTED, *sorted(policy.extra)]
    return TalkPolicy(rev=rev, mode=policy.mode, refused=refused, log_readers=log_readers)


def record_refusal(tx: Transaction, actor: Actor, name: str, size: int, verdict: Verdict, sha256: str = "") -> None:
    """A file that was refused stands in the audit and in the talk log, whoever refused it."""
    record(
        tx,
        actor,
        "file.refuse",
        name,
        "refused",
        rule=verdict.rule,
        code=verdict.code,
        size=size,
        **({"sha256": sha256} if sha256 else {}),
    )
    body: dict[str, Any] = {"file": name, "size": size, "rule": verdict.rule, "code": verdict.code}
    if sha256:
        body["sha256"] = sha256
    logbook.note(tx, "file_refused", actor.account_id, name=actor.name, **body)


def heads(connection: Connection, keys: list[str]) -> dict[str, int]:
    """The topic's newest ``rev``."""
    return {TOPIC: head(connection)} if TOPIC in keys else {}


def head(connection: Connection) -> int:
    return int(connection.execute(select(topics.c.rev).where(topics.c.key == TOPIC)).scalar_one())


def missing(connection: Connection, key: str, rev: int) -> Missing:
    """The latest is all there is to know."""
    newest = head(connection)
    return Missing(newest, (told_policy(newest, current_policy(connection), readers(connection)),))


TOPICS = (TopicKind(TOPIC, heads, missing),)


def _next_rev(tx: Transaction) -> int:
    raised = update(topics).where(topics.c.key == TOPIC).values(rev=topics.c.rev + 1).returning(topics.c.rev)
    return int(tx.connection.execute(raised).scalar_one())


def _keep(tx: Transaction, policy: Policy) -> None:
    row = {
        "mode": policy.mode,
        "extra": msgspec.json.encode(sorted(policy.extra)).decode(),
        "look_inside": policy.look_inside,
        "uninspected": policy.uninspected,
        "executables": policy.executables,
        "changed_at": to_millis(tx.now),
    }
    tx.connection.execute(update(talk_policy).where(talk_policy.c.id == 1).values(row))


def _changes(before: Policy, after: Policy) -> dict[str, Any]:
    """Each setting that has changed, as it was and as it is."""
    told: dict[str, Any] = {}
    for name in ("mode", "look_inside", "uninspected", "executables"):
        if getattr(before, name) != getattr(after, name):
            told[name] = [getattr(before, name), getattr(after, name)]
    if before.extra != after.extra:
        told["extra"] = {"added": sorted(after.extra - before.extra), "removed": sorted(before.extra - after.extra)}
    return told

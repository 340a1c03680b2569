"""代理回答: an administrator answers for one, or for several at once, signs it, and says how he knows."""

from __future__ import annotations

from anpi import queries
from anpi.answers.answering import answer_all
from anpi.answers.forms import ProxyBody, ProxyTaken
from anpi.answers.frames import Channel
from anpi.answers.model import AnsweredSince, By, Given, NotAsked
from server.auth.audit import record
from server.auth.model import Actor, short_line
from server.data.transaction import Transaction
from server.errors import AppError

NAME_LIMIT = 50
REASON_LIMIT = 200


def answer_for(tx: Transaction, actor: Actor, incident: int, body: ProxyBody) -> ProxyTaken:
    """Answer for these people; whom the check does not ask is left out, and of several also who has answered himself
    since he was looked at. Sent twice it is answered once."""
    queries.require_administrator(tx.connection, actor)
    queries.existing(tx.connection, incident)
    name = short_line(body.name, "proxy_name", NAME_LIMIT, required=True)
    reason = short_line(body.reason, "proxy_reason", REASON_LIMIT, required=True)
    by = By(actor.account_id or 0, name, reason)
    people = list(dict.fromkeys(body.accounts))
    channel: Channel = "proxy" if len(people) == 1 else "bulk"
    seen = dict(zip(body.accounts, body.seen, strict=False)) if channel == "bulk" else {}
    given = [Given(body.key, id, incident, channel, body.answer, by=by, seen=seen.get(id)) for id in people]
    results = answer_all(tx, given)
    for result in results:
        if isinstance(result, AppError) and not isinstance(result, NotAsked):
            raise result
    not_taken = [id for id, result in zip(people, results, strict=True) if isinstance(result, NotAsked)]
    since = [id for id, result in zip(people, results, strict=True) if isinstance(result, AnsweredSince)]
    left_out = [id for id in not_taken if id not in since]
    answered = len(people) - len(not_taken)
    record(tx, actor, "anpi.proxy", str(incident), people=answered, self=body.answer.self, name=name)
    return ProxyTaken(answered=answered, left_out=left_out, answered_since=since)

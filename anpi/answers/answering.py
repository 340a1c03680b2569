"""Answering, as a batch: all answers that wait are decided together and written together.

A group of 200 costs as many statements as a group of 2. The incidents are locked first, in the order of their ids, so
that one that is being completed either still gets the answer or says that it is closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec import UNSET

from anpi import events
from anpi.answers import queries
from anpi.answers.frames import Said
from anpi.answers.model import (
    LINKS,
    AnsweredSince,
    By,
    Closed,
    Given,
    NotAsked,
    Taken,
    Target,
    as_of,
    counts_in,
    doubtful,
    fitting,
    may_be_doubted,
    takes_back,
)
from anpi.model import badge
from directory import status
from server.clock import to_micros, to_millis
from server.data.batch import Batch
from server.data.transaction import Transaction
from server.errors import AppError

_json = msgspec.json.Encoder()


@dataclass(slots=True)
class Fresh:
    """An answer that is about to be written."""

    given: Given
    said: Said
    counted: tuple[int, ...]
    doubtful: bool
    at: datetime
    id: int = 0


class _Group:
    """What a group is decided by, read in a fixed number of questions."""

    def __init__(self, tx: Transaction, given: Sequence[Given]) -> None:
        connection = tx.connection
        self.now = tx.now
        self.incidents = queries.lock_incidents(connection, {each.incident for each in given})
        self.known = queries.known(connection, {stored_key(each) for each in given})
        self.targets: defaultdict[int, dict[int, Target]] = defaultdict(dict)
        for target in queries.lock_targets(connection, {each.account for each in given}, self.incidents):
            self.targets[target.account][target.incident] = target
        linked = {each.account for each in given if each.channel in LINKS}
        perhaps = [each for id in linked for each in self.targets[id].values() if may_be_doubted(each)]
        places = [(each.incident, each.account) for each in perhaps]
        self.delivered = queries.delivered_at(connection, places) if places else {}
        unseen = [(each.incident, each.account) for each in given if self._unseen(each)]
        self.since = queries.answered_themselves(connection, unseen) if unseen else set()

    def _unseen(self, given: Given) -> bool:
        """Whether there is a newer answer than who answers for him has seen."""
        target = self.targets[given.account].get(given.incident)
        if given.seen is None or target is None or target.answered_at is None:
            return False
        return to_millis(target.answered_at) > given.seen

    def decide(self, given: Given) -> Fresh:
        """What is to be written, or a refusal."""
        own = self.targets[given.account]
        target, through = own.get(given.incident), self.incidents.get(given.incident)
        if target is None or through is None or target.gone:
            raise NotAsked()
        if given.by is not None and not through.open:
            # A person's old link reaches the check that asks him now; who answers for others looks at this one.
            raise Closed()
        if (given.incident, given.account) in self.since:
            raise AnsweredSince()
        counted = counts_in(through, [self.incidents[id] for id in own], self.now)
        said = fitting(given.said, through, given.channel)
        delivered_at = self.delivered.get((target.incident, target.account))
        flagged = doubtful(given, target, delivered_at, self.now)
        at = as_of(given, target, self.now)
        return Fresh(given, said, tuple(sorted(each.id for each in counted)), flagged, at)

    def newest(self, fresh: Sequence[Fresh]) -> dict[tuple[int, int], Fresh]:
        """Which of these become somebody's newest answer, by incident and account."""
        found: dict[tuple[int, int], Fresh] = {}
        for each in fresh:
            account = each.given.account
            for incident in each.counted:
                if each.doubtful and takes_back(each.said, self.targets[account][incident]):
                    continue
                before = found.get((incident, account))
                standing = self.targets[account][incident].answered_at if before is None else before.at
                # What is given now is the newest, whatever another process' clock says of the one before.
                if each.given.written_at is None or standing is None or each.at >= standing:
                    found[incident, account] = each
        return found


def answer_all(tx: Transaction, given: Sequence[Given]) -> list[Taken | AppError]:
    """``Taken`` or a refusal for each answer, in their order. One that was given before is given its first result."""
    group = _Group(tx, given)
    fresh: list[Fresh] = []
    results: list[Taken | AppError | Fresh] = []
    first: dict[str, Fresh] = {}
    for each in given:
        key = stored_key(each)
        try:
            again = group.known.get(key) or first.get(key)
            results.append(again or group.decide(each))
        except AppError as refusal:
            results.append(refusal)
            continue
        if again is None:
            decided = results[-1]
            assert isinstance(decided, Fresh)
            first[key] = decided
            fresh.append(decided)
    if fresh:
        _write(tx, group, fresh)
    return _told(results)


ANSWER = Batch("answer", answer_all)


def stored_key(given: Given) -> str:
    """Nobody's number can stand in for another's."""
    return f"{given.account}:{given.key}"


def _told(results: Sequence[Taken | AppError | Fresh]) -> list[Taken | AppError]:
    told: list[Taken | AppError] = []
    seen: set[int] = set()
    for each in results:
        if isinstance(each, Fresh):
            told.append(Taken(each.id, each.at, each.counted, dup=each.id in seen))
            seen.add(each.id)
        else:
            told.append(each)
    return told


def _write(tx: Transaction, group: _Group, fresh: list[Fresh]) -> None:
    connection = tx.connection
    ids = queries.add_answers(connection, [_answer_row(each) for each in fresh])
    for each in fresh:
        each.id = ids[stored_key(each.given)]
    queries.add_counted(connection, [(id, each.given.account, each.id) for each in fresh for id in each.counted])
    newest = group.newest(fresh)
    revs = queries.raise_revs(connection, sorted({incident for incident, _ in newest}))
    rows = [_target_row(place, each, group, revs) for place, each in sorted(newest.items(), key=_place)]
    queries.change_targets(connection, rows)
    _show(tx, group, newest)
    for incident in revs:
        events.moved(tx, incident)


def _place(item: tuple[tuple[int, int], Fresh]) -> tuple[int, int]:
    return item[0]


def _show(tx: Transaction, group: _Group, newest: dict[tuple[int, int], Fresh]) -> None:
    """The badges, by incident; a drill that was suspended shows none."""
    states: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for (incident, account), each in newest.items():
        if not group.incidents[incident].suspended:
            states[incident][account] = badge(each.said.self, each.said.help, group.incidents[incident].detail)
    for incident, people in sorted(states.items()):
        status.set_status(tx, incident, people, tx.now, drill=group.incidents[incident].drill)


def _answer_row(fresh: Fresh) -> dict[str, object]:
    given, said = fresh.given, fresh.said
    by = given.by or By(0, "", "")
    where = None if said.location is UNSET else said.location
    return {
        "key": stored_key(given),
        "account_id": given.account,
        "incident_id": given.incident,
        "at": to_micros(fresh.at),
        "channel": given.channel,
        "by_account_id": by.account or None,
        "by_name": by.name,
        "reason": by.reason,
        "self": said.self,
        "help": said.help,
        "where": said.where,
        "family": said.family,
        "house": said.house,
        "work": said.work,
        "comment": said.comment,
        "own": _json.encode(said.own).decode() if said.own else "{}",
        "lat": where.lat if where else None,
        "lon": where.lon if where else None,
        "accuracy": where.accuracy if where else None,
        "doubtful": fresh.doubtful,
    }


def _target_row(place: tuple[int, int], fresh: Fresh, group: _Group, revs: dict[int, int]) -> dict[str, object]:
    incident, account = place
    first_at = group.targets[account][incident].first_at or fresh.at
    return {
        "i": incident,
        "a": account,
        "answer": fresh.id,
        "at": to_micros(fresh.at),
        "first": to_micros(first_at),
        "self_": fresh.said.self,
        "help_": fresh.said.help,
        "work_": fresh.said.work,
        "doubtful_": fresh.doubtful,
        "rev_": revs[incident],
    }

"""What becomes of an answer: where it counts, what of it is kept, and when it is flagged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from anpi.answers.frames import Channel, Place, Said
from anpi.answers.model import Asking, Closed, Given, Target, counts_in, doubtful, fitting
from anpi.model import OwnQuestion, Questions, Wording
from server.errors import Invalid

NOW = datetime(2027, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = OwnQuestion(Wording("鍵は？"), "choice", [Wording("ある"), Wording("ない")], required=True)
NOTE = OwnQuestion(Wording("ほかに"), "text")


def asking(id: int = 1, **given: Any) -> Asking:
    usual: dict[str, Any] = {
        "drill": False,
        "open": True,
        "suspended": False,
        "count_from": NOW - HOUR,
        "location": True,
        "questions": Questions(own=[KEYS, NOTE]),
        "detail": "full",
    }
    return Asking(id, **(usual | given))


def test_it_counts_in_every_open_check_of_its_kind_that_has_begun():
    real, later, drill, over = (
        asking(1),
        asking(2, count_from=NOW + HOUR),
        asking(3, drill=True),
        asking(4, open=False),
    )
    every = [real, later, drill, over]
    assert [each.id for each in counts_in(real, every, NOW)] == [1]
    assert [each.id for each in counts_in(over, every, NOW)] == [1], "its own is over, another one still asks him"
    assert [each.id for each in counts_in(drill, every, NOW)] == [3]
    assert counts_in(later, [later], NOW) == [], "it is kept, and counts nowhere yet"
    assert [each.id for each in counts_in(later, [later], NOW + HOUR)] == [2]


def test_it_is_closed_when_no_check_of_its_kind_asks_him_any_more():
    with pytest.raises(Closed):
        counts_in(asking(1, open=False), [asking(1, open=False), asking(2, drill=True)], NOW)


WHOLE = Said(
    self="safe",
    help=True,
    where=" 駅前\n通り ",
    family="safe",
    house="none",
    work="can",
    comment=" 1行目\r\n2行目 ",
    own={"1": "ある", "2": "なし", "3": "知らない質問"},
    location=Place(lat=35.0, lon=139.0),
)


def test_what_was_asked_is_kept_on_the_lines_that_it_has():
    kept = fitting(WHOLE, asking(), "mail")
    assert (kept.where, kept.comment) == ("駅前 通り", "1行目\n2行目")
    assert kept.own == {"1": "ある", "2": "なし"}
    assert kept.location is not UNSET


def test_what_was_not_asked_is_left_out():
    asks = Questions(help=False, where=False, family=False, house=False, work=False, comment=False)
    assert fitting(WHOLE, asking(questions=asks, location=False), "mail") == Said(self="safe")


@pytest.mark.parametrize("own", [{}, {"1": ""}, {"1": "どちらでもない"}])
@pytest.mark.parametrize("channel", ["mail", "push", "sms", "talk", "directory"])
def test_a_required_question_binds_who_sees_it(own: dict[str, str], channel: Channel):
    with pytest.raises(Invalid) as refused:
        fitting(replace(WHOLE, own=own), asking(), channel)
    assert refused.value.details["field"] == "anpi_own"


@pytest.mark.parametrize("channel", ["reply", "proxy", "bulk", "queue"])
def test_it_binds_nobody_else(channel: Channel):
    assert fitting(Said(self="safe"), asking(), channel).self == "safe"


def flagged(
    channel: Channel = "mail",
    *,
    after: float = 600,
    sent: float | None = 600,
    opened: float | None = 60,
    first: bool = True,
    in_doubt: str = "",
) -> bool:
    """Whether it is 要確認: seconds since he was asked, since the mail went, since the page was opened."""
    past = [None if each is None else NOW - timedelta(seconds=each) for each in (after, sent, opened)]
    given = Given("k", 1, 1, channel, Said(self="safe"), opened_at=past[2])
    assert past[0] is not None
    target = Target(1, 1, past[0], None if first else NOW - HOUR, gone=False, in_doubt=in_doubt)
    return doubtful(given, target, past[1], NOW)


def test_a_first_answer_that_a_machine_may_have_given_is_flagged():
    assert flagged(sent=22)
    assert flagged(opened=0.5)
    assert flagged(after=5, sent=None)
    assert not flagged()
    assert not flagged(sent=None)


def test_a_second_machine_does_not_make_sure_what_the_first_has_pressed():
    assert flagged(sent=22, first=False, in_doubt="safe")
    assert not flagged(sent=22, first=False, in_doubt="minor"), "another answer is a person's"
    assert not flagged(first=False, in_doubt="safe"), "by then it may be a person"


def test_what_no_machine_opens_is_never_flagged_nor_a_later_answer():
    assert not flagged(sent=1, opened=0.1, first=False)
    for channel in ("push", "talk", "directory", "reply", "proxy", "bulk", "queue"):
        assert not flagged(channel, sent=1, opened=0.1)

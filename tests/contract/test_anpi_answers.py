"""Answering a safety check by its link: nobody signs in, nothing is answered by opening, every answer counts once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select, update

from anpi.answers import tokens, views
from anpi.answers.answering import ANSWER
from anpi.answers.frames import Said
from anpi.answers.model import Closed, Given, NotAsked
from anpi.tables import answers, settings, targets
from server.auth.tables import accounts
from server.data.group import Waiting
from server.data.transaction import Transaction
from server.errors import Busy, Unavailable
from tests.tools.anpi_answering import (
    Link,
    ask,
    change,
    complete,
    counted,
    given_answers,
    incident,
    nonce_in,
    text_of,
)
from tests.tools.running import Running

INVALID = "このリンクは使えません。届いた最新のメールからお試しください。"
CLOSED = "この安否確認は終了しました。"


@pytest.fixture
async def asked(server: Running, company: SimpleNamespace) -> AsyncIterator[SimpleNamespace]:
    """A check that asks Sato and Suzuki, and Sato's link."""
    about = await incident(server.services)
    await ask(server.services, about, [company.sato.id, company.suzuki.id])
    link = Link(server, about, company.sato.id)
    yield SimpleNamespace(about=about, link=link, sato=company.sato.id, suzuki=company.suzuki.id)
    await link.close()


async def test_opening_a_link_answers_nothing_however_often(server: Running, asked: SimpleNamespace):
    for method in ("GET", "HEAD") * 50:
        assert (await asked.link.open(method)).status_code == 200

    assert await counted(server.services, asked.about) == {asked.sato: "", asked.suzuki: ""}
    assert not await given_answers(server.services)


async def test_the_page_is_small_and_shows_ones_own_name_alone(server: Running, asked: SimpleNamespace):
    await change(server.services, asked.about, message="{氏名}さん。" + "山" * 4900, location=True)

    page = await asked.link.open()

    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) <= 5 * 1024
    words = text_of(page)
    assert "sato 様" in words and "satoさん。" in words and "suzuki" not in words
    assert " checked" not in page.text, "nothing is chosen beforehand"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


async def test_the_same_page_comes_to_who_cannot_unpack(asked: SimpleNamespace):
    plain = await asked.link.open(**{"Accept-Encoding": "identity"})

    assert "content-encoding" not in plain.headers
    assert len(plain.content) <= 14 * 1024
    assert "ご無事ですか？" in plain.text


async def test_an_answer_counts_and_its_page_says_what_was_answered(server: Running, asked: SimpleNamespace):
    page = await asked.link.answer(self="safe", work="cannot", comment="家の前の道が<通れません>")

    words = text_of(page)
    assert page.status_code == 200
    assert "回答を受け付けました" in words and "無事です" in words and "出社できない" in words
    assert "家の前の道が<通れません>" in words
    assert await counted(server.services, asked.about) == {asked.sato: "safe", asked.suzuki: ""}


async def test_the_same_form_sent_twice_is_one_answer(server: Running, asked: SimpleNamespace):
    form = await asked.link.open()
    both = await asyncio.gather(*(asked.link.answer(form, self="safe", work="can") for _ in range(2)))

    assert [page.status_code for page in both] == [200, 200]
    assert len(await given_answers(server.services)) == 1


async def test_the_page_after_a_form_speaks_of_the_check_whose_form_it_was(server: Running, asked: SimpleNamespace):
    await change(server.services, asked.about, title="最初の地震")
    form = await asked.link.open()
    later = await incident(server.services, key="later", title="次の地震")
    await ask(server.services, later, [asked.sato])
    assert "次の地震" in text_of(await asked.link.open())

    words = text_of(await asked.link.answer(form, self="safe"))

    assert "最初の地震" in words and "次の地震" not in words


OWN = """{"own": [
 {"text": {"ja": "会社の鍵を持っていますか？"}, "choices": [{"ja": "はい"}, {"ja": "いいえ"}], "required": true},
 {"text": {"ja": "連絡のとれる電話番号"}, "kind": "text", "required": true},
 {"text": {"ja": "車で来られますか？"}, "choices": [{"ja": "はい"}, {"ja": "いいえ"}]}
]}"""


def element(page: str, holding: str) -> str:
    """The first opening tag in which this stands."""
    before, _, after = page.partition(holding)
    assert after, f"{holding} is nowhere"
    return before[before.rindex("<") :] + holding + after[: after.index(">") + 1]


async def test_what_is_wrong_is_named_and_the_tick_for_the_location_stays(server: Running, asked: SimpleNamespace):
    await change(server.services, asked.about, location=True, questions=OWN)

    page = await asked.link.answer(comment="長" * 1001, share="1", own2=" ")

    assert page.status_code == 400
    assert int(page.headers["content-length"]) <= 5 * 1024
    title = page.text.partition("<title>")[2].partition("</title>")[0]
    problem = page.text.partition('role="alert"><p>')[2].partition("</p>")[0]
    assert problem.startswith("エラー：") and title.startswith(problem)
    assert 'name="share" value="1" checked' in page.text
    for field, text in (
        ("self", "ひとつ選んでください。"),
        ("own1", "ひとつ選んでください。"),
        ("own2", "入力してください。"),
        ("comment", "1000文字以内で入力してください。"),
    ):
        assert 'aria-invalid="true"' in element(page.text, f'aria-describedby="e-{field}"')
        assert f'id="e-{field}">エラー：{text}<' in page.text
        assert f'href="#f-{field}"' in page.text
        assert f'name="{field}"' in element(page.text, f'id="f-{field}"')
    assert page.text.count("aria-invalid") == page.text.count('href="#f-') == 4, "nothing else is called wrong"


async def test_in_english_too_an_error_is_called_one(server: Running, asked: SimpleNamespace):
    path = f"{asked.link.path}?lang=en"
    page = await asked.link._client.post(path, data={"n": nonce_in(await asked.link.open())})

    assert "<title>Error: " in page.text and ">Error: Please choose one.<" in page.text


async def test_what_need_not_be_answered_can_be_left_again(server: Running, asked: SimpleNamespace):
    await change(server.services, asked.about, questions=OWN)
    page = await asked.link.open()
    for field in ("house", "work", "own3"):
        assert f'name="{field}" value=""><span>回答しない' in page.text
    assert page.text.count("回答しない<") == 4, (
        "the family's last choice says so itself, and what is required has none"
    )

    given = {"own1": "はい", "own2": "090", "house": "", "work": "", "own3": ""}
    back = await asked.link.answer(page, **given)
    assert 'name="house" value="" checked' in back.text
    assert 'name="family" value="none" checked' not in back.text
    await asked.link.answer(page, self="safe", **given)

    (kept,) = await given_answers(server.services)
    assert (kept.house, kept.work) == ("", "")


async def test_who_goes_back_and_changes_his_mind_answers_anew(server: Running, asked: SimpleNamespace):
    form = await asked.link.open()
    await asked.link.answer(form, self="safe")
    await asked.link.answer(form, self="minor")

    assert [row.self for row in await given_answers(server.services)] == ["safe", "minor"]
    assert (await counted(server.services, asked.about))[asked.sato] == "minor"


async def test_without_the_pages_number_nothing_is_answered(server: Running, asked: SimpleNamespace):
    other = Link(server, asked.about, asked.suzuki)
    theirs = await other.open()
    for page in (await asked.link.answer(theirs, self="safe"), await asked.link.answer(self="safe", n="")):
        assert page.status_code == 400
        assert "回答はまだ届いていません" in text_of(page)
    await other.close()

    assert not await given_answers(server.services)


async def test_without_a_state_the_page_says_so_and_keeps_what_was_typed(server: Running, asked: SimpleNamespace):
    page = await asked.link.answer(comment="道が通れません", work="cannot")

    assert page.status_code == 400
    assert "道が通れません" in page.text and 'value="cannot" checked' in page.text
    assert not await given_answers(server.services)


async def test_whatever_is_wrong_with_a_token_is_told_in_the_same_words(
    server: Running, company: SimpleNamespace, asked: SimpleNamespace
):
    services = server.services
    good = asked.link.path.removeprefix("/a/")
    flipped = [good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :] for place in range(len(good))]
    stranger = tokens.make(services.secrets, asked.about, company.ito.id)
    nowhere = tokens.make(services.secrets, asked.about + 99, asked.sato)
    wrong = [*flipped, good + "A", good[:-1], "A", "x" * 500, "あ", stranger, nowhere]
    texts = set()
    for token in wrong:
        link = Link(server, asked.about, asked.sato)
        link.path = f"/a/{token}"
        page = await link.open()
        assert page.status_code == 404, token
        texts.add(page.text)
        posted = await link.answer(await asked.link.open(), self="safe")
        assert (posted.status_code, posted.text) == (404, page.text), token
        await link.close()

    assert len(texts) == 1 and INVALID in texts.pop()
    assert not await given_answers(services)


async def test_a_person_who_is_deleted_has_no_link_any_more(server: Running, asked: SimpleNamespace):
    form = await asked.link.open()

    def leave(tx: Transaction) -> None:
        tx.connection.execute(update(accounts).where(accounts.c.id == asked.sato).values(state="deleted"))

    await server.services.writer.act(leave)

    assert INVALID in (await asked.link.open()).text
    assert INVALID in (await asked.link.answer(form, self="safe")).text
    assert not await given_answers(server.services)


async def test_a_link_says_that_it_is_over_for_ninety_days(server: Running, asked: SimpleNamespace):
    services = server.services
    form = await asked.link.open()
    await complete(services, asked.about)

    assert CLOSED in (await asked.link.open()).text
    assert CLOSED in (await asked.link.answer(form, self="safe")).text
    assert not await given_answers(services)
    await change(services, asked.about, completed_at=services.clock() - timedelta(days=91))
    assert INVALID in (await asked.link.open()).text


async def test_the_text_of_the_end_names_the_emergency_number(server: Running, asked: SimpleNamespace):
    await set_emergency(server, "0120-000-119")
    await complete(server.services, asked.about)

    assert "0120-000-119" in text_of(await asked.link.open())


@pytest.mark.parametrize(
    ("number", "link"), [("０３−１２３４", 'href="tel:031234"'), ("総務へ内線で", None), ("内線", None)]
)
async def test_a_number_is_a_link_when_a_telephone_can_dial_it(
    server: Running, asked: SimpleNamespace, number: str, link: str | None
):
    await set_emergency(server, number)
    await complete(server.services, asked.about)
    page = (await asked.link.open()).text
    assert number in page
    assert link in page if link else "tel:" not in page


async def set_emergency(server: Running, number: str) -> None:
    def decide(tx: Transaction) -> None:
        tx.connection.execute(update(settings).values(body=f'{{"emergency_number":"{number}"}}'))

    await server.services.writer.act(decide)


async def test_an_answer_counts_in_every_open_check_of_its_kind(server: Running, asked: SimpleNamespace):
    services = server.services
    older, newer = asked.about, await incident(services, key="newer")
    later = await incident(services, key="later", count_from=services.clock() + timedelta(hours=1))
    drill = await incident(services, key="drill", drill=True)
    others = await incident(services, key="others")
    for about in (newer, later, drill):
        await ask(services, about, [asked.sato])
    await ask(services, others, [asked.suzuki])

    await asked.link.answer(self="minor")

    for about, said in ((older, "minor"), (newer, "minor"), (later, ""), (drill, "")):
        assert (await counted(services, about))[asked.sato] == said
    assert await counted(services, others) == {asked.suzuki: ""}


async def test_an_old_link_opens_the_newest_open_real_check(server: Running, asked: SimpleNamespace):
    services = server.services
    newer = await incident(services, key="newer", title="余震")
    drill = await incident(services, key="drill", title="【訓練】地震", drill=True)
    for about in (newer, drill):
        await ask(services, about, [asked.sato])

    assert "余震" in text_of(await asked.link.open())
    await complete(services, newer)
    assert "災害発生" in text_of(await asked.link.open())


async def test_what_was_taken_back_opens_only_when_nothing_else_asks(server: Running, asked: SimpleNamespace):
    other = await incident(server.services, title="津波")
    await ask(server.services, other, [asked.sato])
    await change(server.services, other, cancelled_at=server.services.clock())
    assert "<h1>災害発生" in (await asked.link.open()).text
    await complete(server.services, asked.about)
    assert "<h1>津波" in (await asked.link.open()).text


async def test_where_one_is_is_taken_only_with_the_tick_and_only_where_it_is_asked(
    server: Running, asked: SimpleNamespace
):
    here = {"lat": "35.68", "lon": "139.76", "accuracy": "12"}
    await asked.link.answer(self="safe", share="1", **here)
    await change(server.services, asked.about, location=True)
    await asked.link.answer(self="safe", **here)
    await asked.link.answer(self="safe", share="1", **here)
    await asked.link.answer(self="safe", share="1", lat="nan", lon="inf", accuracy="1")

    assert [(row.lat, row.lon) for row in await given_answers(server.services)] == [
        (None, None),
        (None, None),
        (35.68, 139.76),
        (None, None),
    ]


async def test_an_answer_right_after_the_mail_is_flagged_and_a_later_one_is_not(
    server: Running, asked: SimpleNamespace
):
    await asked.link.answer(self="safe")
    await asked.link.answer(self="minor")

    assert [bool(row.doubtful) for row in await given_answers(server.services)] == [True, False]


async def test_a_machine_that_presses_takes_back_no_cry_for_help(server: Running, asked: SimpleNamespace):
    services = server.services
    hurt = Given("k", asked.sato, asked.about, "directory", Said(self="major"))
    await services.writer.ask(ANSWER, hurt)

    await asked.link.answer(self="safe")

    assert [bool(row.doubtful) for row in await given_answers(services)] == [False, True], "kept, and flagged"
    assert (await counted(services, asked.about))[asked.sato] == "major"

    def long_ago(tx: Transaction) -> None:
        tx.connection.execute(update(targets).values(asked_at=tx.now - timedelta(hours=1)))

    await services.writer.act(long_ago)
    opened = services.clock() - timedelta(minutes=1)
    said = Given("later", asked.sato, asked.about, "mail", Said(self="safe"), opened)
    await services.writer.ask(ANSWER, said)
    assert (await counted(services, asked.about))[asked.sato] == "safe", "later he may say so himself"


async def test_whoever_answers_without_end_is_held_back(server: Running, asked: SimpleNamespace):
    form = await asked.link.open()
    told = [(await asked.link.answer(form, self="safe", comment=str(n))).status_code for n in range(12)]

    assert told[:10] == [200] * 10
    assert told[-1] == 429


async def test_in_a_crowd_the_page_keeps_what_was_typed_and_its_number(
    server: Running, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    def crowded(waiting: Any) -> None:
        raise Busy(retry_ms=2000)

    form = await asked.link.open()
    with monkeypatch.context() as patch:
        patch.setattr(server.services.writer, "submit", crowded)
        page = await asked.link.answer(form, self="minor", comment="道が通れません")
    assert page.status_code == 429
    assert "混み合っています。2秒後にもう一度お試しください。" in page.text and "道が通れません" in page.text
    assert (await asked.link.answer(page, self="minor", comment="道が通れません")).status_code == 200
    assert len(await given_answers(server.services)) == 1


async def test_a_link_that_cannot_be_looked_up_now_says_so(asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views, "WAITING_LIMIT", 0)
    page = await asked.link.open()
    assert page.status_code == 429 and "混み合っています。2秒後にもう一度お試しください。" in page.text


async def test_each_answer_at_the_end_counts_or_is_told_that_it_is_closed(server: Running, company: SimpleNamespace):
    services = server.services
    about = await incident(services)
    people = [company.sato.id, company.suzuki.id, company.ito.id]
    await ask(services, about, people)

    async def answer(id: int, turn: int) -> bool:
        given = Given(f"k{turn}", id, about, "directory", Said(self="safe"))
        try:
            await services.writer.ask(ANSWER, given)
        except Closed:
            return False
        return True

    answering = [answer(id, turn) for turn in range(20) for id in people]
    half = len(answering) // 2
    told = await asyncio.gather(*answering[:half], complete(services, about), *answering[half:])

    taken = [each for each in told if each is True]
    assert len(taken) == len(await given_answers(services)), "what was told is what is kept"


async def test_two_people_may_choose_the_same_number_for_their_answers(server: Running, asked: SimpleNamespace):
    services = server.services
    for id, said in ((asked.sato, "safe"), (asked.suzuki, "major")):
        taken = await services.writer.ask(ANSWER, Given("same", id, asked.about, "directory", Said(self=said)))
        assert not taken.dup

    again = await services.writer.ask(ANSWER, Given("same", asked.sato, asked.about, "directory", Said(self="other")))

    assert again.dup and again.counted == (asked.about,)
    assert await counted(services, asked.about) == {asked.sato: "safe", asked.suzuki: "major"}


async def test_nobody_answers_a_check_that_does_not_ask_him(server: Running, company: SimpleNamespace, asked):
    with pytest.raises(NotAsked):
        await server.services.writer.ask(
            ANSWER, Given("k", company.ito.id, asked.about, "directory", Said(self="safe"))
        )
    with pytest.raises(NotAsked):
        await server.services.writer.ask(ANSWER, Given("k", asked.sato, 999, "directory", Said(self="safe")))


async def test_totals_and_answers_never_part(server: Running, asked: SimpleNamespace):
    """The newest answer of each is what stands in his row."""
    for said in ("safe", "minor", "safe"):
        await asked.link.answer(self=said)
    t, a = targets.c, answers.c
    newest = select(a.account_id, func.max(a.id).label("id")).group_by(a.account_id).subquery()
    rows = await server.services.readers.ask(
        lambda db: db.execute(
            select(t.answer_id, newest.c.id).join(newest, newest.c.account_id == t.account_id)
        ).all()
    )
    assert rows and all(own == last for own, last in rows)


async def test_no_token_stands_in_the_log_whatever_hangs_on_to_it(asked: SimpleNamespace):
    token = asked.link.path.removeprefix("/a/")
    with structlog.testing.capture_logs() as lines:
        for end in ("", "/", "/x", ">", "%20", "?lang=en"):
            link = asked.link.path
            asked.link.path = link + end
            await asked.link.open()
            asked.link.path = link

    requests = [line for line in lines if line["event"] == "request"]
    assert {line["path"] for line in requests} == {"/a/…"}
    assert token not in str(lines)


async def test_when_it_cannot_be_written_the_page_keeps_everything_and_may_be_sent_again(
    server: Running, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    """Perhaps it was written all the same: sent again, it is the same answer."""
    submit, services = server.services.writer.submit, server.services

    def written_but_unheard(waiting: Waiting) -> None:
        submit(replace(waiting, done=lambda answer: waiting.done(Unavailable())))

    form = await asked.link.open()
    monkeypatch.setattr(services.writer, "submit", written_but_unheard)
    page = await asked.link.answer(form, self="minor", comment="道が通れません")
    monkeypatch.undo()

    assert page.status_code == 503
    assert "道が通れません" in page.text and 'value="minor" required checked' in page.text
    assert (await asked.link.answer(page, self="minor", comment="道が通れません")).status_code == 200
    assert len(await given_answers(services)) == 1

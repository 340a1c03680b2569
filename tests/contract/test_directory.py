"""The directory as everybody opens it: departments, lists, cards, and each change as it happens."""

from __future__ import annotations

import json
import random

import pytest
from sqlalchemy import select, update

from directory import catchup, changes, departments, queries, upkeep
from directory.departments import DepartmentWish
from directory.frames import DirectoryReload
from directory.search import indexing
from directory.tables import departments as department_table
from directory.tables import people as people_table
from server.auth import actions
from server.auth import company as companies
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import Actor, Privilege, new_account, operator
from server.auth.tables import company as company_table
from server.auth.visibility import Visibility
from server.ports import company_listeners, people_listeners
from server.services import Services
from server.work.jobs import Worker
from server.work.tables import jobs as job_rows
from tests.tools.client import Refused
from tests.tools.company import hire
from tests.tools.directory import DirectoryMirror, caught_up, everybody, found, give, opened

MISSING = 999_999


# ---------------------------------------------------------------- lists and cards


async def test_the_departments_come_as_a_tree_with_how_many_people_are_in_each(server, company, tree):
    sato = await server.connect(company.sato.token)
    told = await sato.ask("directory")
    shown = [(row["name"], row.get("parent"), row.get("people", 0)) for row in told["departments"]]
    assert shown == [("営業部", None, 0), ("営業一課", tree.sales, 2), ("総務部", None, 1)]
    assert told["phone_scheme"] == "tel:"


async def test_a_department_is_listed_with_those_below_it_or_without(server, company, tree):
    sato = await server.connect(company.sato.token)
    alone = await sato.ask("directory.people", department=tree.sales)
    below = await sato.ask("directory.people", department=tree.sales, below=True)
    assert alone["total"] == 0
    assert (below["total"], {row["id"] for row in below["people"]}) == (2, {company.suzuki.id, company.ito.id})


async def test_the_list_is_in_the_order_of_the_score_then_of_kana(server, company):
    services = server.services
    await give(services, company.ito.id, kana="ワタナベ", sort_score=1)
    await give(services, company.suzuki.id, kana="すずき")
    await give(services, company.sato.id, kana="サトウ")
    client = await server.connect(company.sato.token)
    rows = await everybody(client)
    assert [row["id"] for row in rows] == [company.ito.id, company.sato.id, company.suzuki.id]
    assert [row["sort"] for row in rows] == sorted(row["sort"] for row in rows)


async def test_the_first_post_is_the_main_one(server, company, tree):
    sato = await server.connect(company.sato.token)
    card = (await sato.ask("directory.person", id=company.ito.id))["person"]
    assert (card["department"], card["posts"]) == (
        tree.office,
        [{"department": tree.office}, {"department": tree.team, "title": "応援"}],
    )


async def test_somebody_is_found_by_part_of_a_number_as_soon_as_it_is_his(server, company, tree):
    sato = await server.connect(company.sato.token)
    told = await sato.ask("directory.find", text="12342201")
    assert [(row["id"], row["hit"], row["title"]) for row in told["people"]] == [
        (company.suzuki.id, "phone_number", "課長")
    ]
    await give(server.services, company.suzuki.id, phone_number="03-9999-0000")
    assert (await sato.ask("directory.find", text="12342201"))["total"] == 0


@pytest.mark.parametrize(
    "written", ["0312342201", "03-1234-2201", "+81-3-1234-2201", "+81 3 1234 2201", "０３ー１２３４ー２２０１"]
)
async def test_a_whole_number_is_found_and_said_whose_it_is_however_it_is_written(server, company, tree, written):
    sato = await server.connect(company.sato.token)
    for told in (await sato.ask("directory.find", text=written), await sato.ask("directory.whose", number=written)):
        assert [(row["id"], row["hit"]) for row in told["people"]] == [(company.suzuki.id, "phone_number")]
        assert (told["is"], told["total"], told["from"]) == ("directory.found", 1, 0)
    assert (await sato.ask("directory.whose", number=written[:-1]))["people"] == []


async def test_nobody_learns_whose_number_it_is_who_may_not_see_it(server, company, tree):
    sato, suzuki = [await server.connect(each.token) for each in (company.sato, company.suzuki)]
    await server.services.writer.act(company_row)
    await restrict(server.services, phone_number="self")
    assert (await sato.ask("directory.whose", number="03-1234-2201"))["total"] == 0
    assert (await suzuki.ask("directory.whose", number="03-1234-2201"))["total"] == 1


async def test_whoever_still_waits_is_found_after_the_next_upkeep(server, company, tree):
    services = server.services
    sato = await server.connect(company.sato.token)

    def rename(tx):
        tx.connection.execute(
            update(people_table).where(people_table.c.account_id == company.ito.id).values(post="灯台守")
        )
        indexing.mark(tx, [company.ito.id])

    await services.writer.act(rename)
    assert (await sato.ask("directory.find", text="灯台守"))["total"] == 0
    tick = next(each for module in services.modules for each in module.ticks if each.name == "directory.reindex")
    await tick.run(services)
    await tick.run(services)
    assert await services.readers.ask(_reindexing) == 1, "one job is enough"
    assert await Worker(services).work_one()
    assert (await sato.ask("directory.find", text="灯台守"))["total"] == 1
    await tick.run(services)
    assert await services.readers.ask(_reindexing) == 0, "nobody waits, nothing is to be done"


def _reindexing(connection) -> int:
    return len(connection.execute(select(job_rows).where(job_rows.c.kind == "directory.reindex")).all())


async def test_who_came_or_went_while_the_directory_did_not_run_is_listed_or_buried_afterwards(
    server, company, tree, monkeypatch
):
    services = server.services
    monkeypatch.setattr(upkeep, "IN_A_STEP", 2)
    sato, mirror = await opened(server, company.sato)
    new = [new_account(f"new{number}@hokuto.example", f"新井 {number}郎") for number in range(4)]
    ids = {(await services.writer.act(actions.add_account, operator(), each, None)).id for each in new}
    gone = ids.pop()
    for left in (company.ito.id, gone):
        await services.writer.act(actions.delete_account, operator(), left)

    for _ in range(2):
        await upkeep.take_in(services)
    await Worker(services).work_one()
    await caught_up(services, sato, mirror)
    assert (
        set(mirror.people)
        == {company.sato.id, company.suzuki.id} | ids
        == {row["id"] for row in await everybody(sato)}
    )
    assert mirror.departments[tree.team]["people"] == 1
    assert {row["id"] for row in (await sato.ask("directory.find", text="新井"))["people"]} == ids
    head = await services.readers.ask(queries.rev)
    await upkeep.take_in(services)
    assert await services.readers.ask(queries.rev) == head, "nothing was left to be done"


async def test_the_talk_shows_the_title_of_the_main_post(server, company, tree):
    sato = await server.connect(company.sato.token)
    told = await sato.ask("people.find", find="suzuki")
    assert [(row["id"], row["title"]) for row in told["people"]] == [(company.suzuki.id, "課長")]


@pytest.mark.parametrize("asked", [{"department": MISSING}, {"group": MISSING}])
async def test_what_is_not_there_is_not_found(server, company, asked):
    sato = await server.connect(company.sato.token)
    with pytest.raises(Refused, match="not_found"):
        await sato.ask("directory.people", **asked)


async def test_somebody_who_is_gone_is_found_as_little_as_one_who_never_was(server, company, tree):
    sato, mirror = await opened(server, company.sato)
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(actions.delete_account, operator(), company.ito.id, listeners)
    refusals = []
    for id in (company.ito.id, MISSING):
        with pytest.raises(Refused) as refused:
            await sato.ask("directory.person", id=id)
        refusals.append({**refused.value.frame, "ref": 0})
    assert refusals[0] == refusals[1]
    await caught_up(server.services, sato, mirror)
    assert company.ito.id not in mirror.people
    assert mirror.departments[tree.team]["people"] == 1


async def test_many_are_listed_as_few_are(server, company, tree, monkeypatch):
    sato = await server.connect(company.sato.token)
    few = await sato.ask("directory.people", department=tree.sales, below=True)
    monkeypatch.setattr(queries, "MANY", 0)
    await give(server.services, company.sato.id, comment="次の番号へ")
    many = await sato.ask("directory.people", department=tree.sales, below=True)
    assert (many["people"], many["total"]) == (few["people"], few["total"]) and few["total"] == 2


# ---------------------------------------------------------------- live


async def test_a_change_is_told_to_whoever_has_the_directory_open(server, company, tree):
    sato, ito = await server.connect(company.sato.token), await server.connect(company.ito.token)
    await sato.ask("directory")
    await give(server.services, company.suzuki.id, name="鈴木 一郎")
    event = await sato.expect("directory.changed")
    assert [(row["id"], row["name"]) for row in event["people"]] == [(company.suzuki.id, "鈴木 一郎")]
    await ito.expect_silence()


async def test_who_leaves_the_directory_hears_no_more(server, company, tree):
    sato = await server.connect(company.sato.token)
    await sato.ask("directory")
    await sato.ask("directory.leave")
    await give(server.services, company.suzuki.id, comment="外出中")
    await sato.expect_silence()


async def test_who_is_disabled_hears_nothing_more(server, company, tree):
    ito, mirror = await opened(server, company.ito)
    await server.services.writer.act(actions.disable_account, operator(), company.ito.id)
    await give(server.services, company.suzuki.id, comment="外出中")
    await ito.expect_close(4401)
    assert ito.events.empty() or mirror.rev == 0 or all("外出中" not in str(each) for each in ito.heard)


async def test_who_comes_back_is_told_what_changed_meanwhile(server, company, tree):
    client, mirror = await opened(server, company.sato)
    await client.close()
    await give(server.services, company.suzuki.id, name="鈴木 次郎")
    await found(server.services, "X", name="新しい部")
    again = await server.connect(company.sato.token)
    mirror.apply(await again.ask("directory.since", rev=mirror.rev))
    fresh = DirectoryMirror()
    await fresh.open(again)
    assert mirror == fresh


async def test_what_was_never_told_is_read_when_the_next_change_comes(server, company, tree):
    services = server.services
    sato, mirror = await opened(server, company.sato)

    def unsaid(tx):
        renamed = update(department_table).where(department_table.c.id == tree.office).values(name="総務一部")
        tx.connection.execute(renamed)
        changes.mark(tx, changes.next_rev(tx), departments=[tree.office])

    await services.writer.act(unsaid)
    await give(services, company.suzuki.id, comment="次の変更")

    before = mirror.rev
    event = await sato.expect("directory.changed", since=before, rev=before + 2)
    mirror.apply(event)
    fresh = DirectoryMirror()
    await fresh.open(sato)
    assert mirror == fresh and mirror.departments[tree.office]["name"] == "総務一部"


async def test_a_rev_from_the_future_means_to_begin_anew(server, company, tree):
    sato = await server.connect(company.sato.token)
    told = await sato.ask("directory.since", rev=MISSING)
    assert (told["is"], told["rev"] < MISSING) == ("directory.reload", True)


@pytest.mark.parametrize(
    "wanted", [CompanyChanges(visibility={"fax_number": Visibility.SELF}), CompanyChanges(phone_scheme="sip:")]
)
async def test_who_missed_that_other_things_are_shown_begins_anew(server, company, tree, wanted):
    services = server.services
    await services.writer.act(company_row)
    client, mirror = await opened(server, company.sato)
    await client.close()
    listeners = company_listeners(services.ports)
    await services.writer.act(change_company, operator(), CompanyChanges(phone_scheme="callto:"), listeners)
    await services.writer.act(change_company, operator(), wanted, listeners)
    changed = await services.readers.ask(queries.rev)
    assert changed == mirror.rev + 2, "this test needs two changes that were missed"
    await give(services, company.suzuki.id, comment="外出中")

    again = await server.connect(company.sato.token)
    for missed in (mirror.rev, changed - 1):
        told = await again.ask("directory.since", rev=missed)
        assert (told["is"], told["rev"]) == ("directory.reload", changed + 1)
        (frame,) = (await services.readers.ask(catchup.missing, "directory", missed)).frames
        assert isinstance(frame, DirectoryReload)
    assert (await again.ask("directory.since", rev=changed))["is"] == "directory.changed"


async def test_more_than_a_hundred_rows_are_told_as_one_word(server, company):
    services = server.services
    boss = await hire(services, "boss", privileges=frozenset({Privilege.ADMIN_DIVISION}))
    top = await found(services, "T")
    ids = [await found(services, f"T-{number}", top) for number in range(101)]
    assert len(ids) > 100, "this test needs more than are told one by one"
    sato, chief = await server.connect(company.sato.token), await server.connect(boss.token)
    await sato.ask("directory")
    await chief.ask("directory")
    actor = Actor(boss.id, "boss", boss.account.privileges)

    await services.writer.act(departments.remove, actor, top, 0)

    assert (await sato.expect("directory.reload"))["within_ms"] == 3000
    heard = [await chief.expect("directory.reload") for _ in range(2)]
    assert sorted(event["within_ms"] for event in heard) == [0, 3000], "who did it waits for nothing"


async def test_what_is_heard_makes_what_is_asked_whatever_happens(server, company, tree, tier):
    """Law 4: snapshot + events = fresh snapshot, after random changes."""
    services, dice = server.services, random.Random(7)
    clients = [await opened(server, each) for each in (company.sato, company.suzuki)]
    staff = [company.ito.id, company.suzuki.id]
    places = [tree.sales, tree.team, tree.office]
    for step in range(tier(short=30, long=300)):
        await one_change(services, dice, staff, places, step)
    for client, mirror in clients:
        await caught_up(services, client, mirror)
        fresh = DirectoryMirror()
        await fresh.open(client)
        assert mirror == fresh
        assert mirror.order == [row["id"] for row in await everybody(client)]


async def one_change(services: Services, dice: random.Random, staff: list[int], places: list[int], step: int) -> None:
    kind = dice.randrange(7)
    if kind == 0:
        staff.append((await hire(services, f"person{step}")).id)
    elif kind == 1 and len(staff) > 3:
        listeners = people_listeners(services.ports)
        await services.writer.act(actions.delete_account, operator(), staff.pop(2), listeners)
    elif kind == 2:
        places.append(await found(services, f"D{step}", dice.choice([None, *places])))
    elif kind == 3 and len(places) > 2:
        await move_somewhere(services, dice, places)
    elif kind == 4 and len(places) > 4:
        gone = places[-1]
        below = await services.readers.ask(lambda c: queries.tree(c).below([gone]))
        held = await services.readers.ask(queries.people_in, below)
        await services.writer.act(departments.remove, operator(), gone, len(held))
        places[:] = [place for place in places if place not in below]
    elif kind == 5:
        wish = DepartmentWish({"name": f"部{step}"}, dice.choice([None, 5]), scored=True)
        await services.writer.act(departments.change, operator(), dice.choice(places), wish)
    else:
        chosen = dice.sample(places, dice.randrange(1, min(3, len(places)) + 1))
        score = dice.choice([None, 1, 20])
        await give(
            services, dice.choice(staff), *((each, "") for each in chosen), kana=f"かな{step}", sort_score=score
        )


async def move_somewhere(services: Services, dice: random.Random, places: list[int]) -> None:
    moved, to = dice.sample(places, 2)
    below = await services.readers.ask(lambda c: queries.tree(c).below([moved]))
    if to not in below:
        await services.writer.act(departments.move, operator(), moved, to)


# ---------------------------------------------------------------- who sees what


async def restrict(services: Services, **fields: str) -> None:
    def write(tx):
        tx.connection.execute(update(company_table).values(visibility=json.dumps(fields)))

    await services.writer.act(write)


@pytest.mark.parametrize(
    ("visibility", "seers"),
    [
        ("everybody", {"sato", "suzuki", "ito", "boss", "chief"}),
        ("above", {"ito", "boss", "chief"}),
        ("administrators", {"ito", "chief"}),
        ("self", {"ito"}),
    ],
)
async def test_a_field_is_seen_by_whom_its_visibility_names_and_by_nobody_else(
    server, company, tree, visibility, seers
):
    """伊藤's number: 佐藤 is in no department, 鈴木 in another, the boss above his, the chief is ADMIN_USER."""
    services = server.services
    company.boss = await hire(services, "boss")
    company.chief = await hire(services, "chief", privileges=frozenset({Privilege.ADMIN_USER}))
    await give(services, company.suzuki.id, (tree.office, ""))
    await give(services, company.ito.id, (tree.team, ""), mobile_number="080-5555-0000", fax_number="03-5555-0000")
    await give(services, company.boss.id, (tree.sales, "部長"))
    await services.writer.act(company_row)
    await restrict(services, mobile_number=visibility, fax_number=visibility)
    clients = {
        name: await server.connect(getattr(company, name).token)
        for name in ("sato", "suzuki", "ito", "boss", "chief")
    }

    seen = set()
    for name, client in clients.items():
        told = await client.ask("directory")
        row = next(row for row in await everybody(client) if row["id"] == company.ito.id)
        card = (await client.ask("directory.person", id=company.ito.id))["person"]
        here = {"mobile_number" in row, "mobile_number" in card, "fax_number" in card}
        assert len(here) == 1, "list and card say the same"
        if here == {True}:
            seen.add(name)
        elif name != "ito":
            assert ("mobile_number" in told["hidden"]) == (
                visibility in ("self", "administrators") or name == "chief"
            )
    assert seen == seers

    await give(services, company.ito.id, (tree.team, "主任"))
    event = await clients["chief"].expect("directory.changed")
    assert ("mobile_number" in event["people"][0]) == (visibility == "everybody"), "events tell what is everybody's"


def company_row(tx) -> None:
    companies.ensure(tx, "北斗商事")

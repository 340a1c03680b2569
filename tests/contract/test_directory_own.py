"""What one changes in the directory: oneself, one's groups and favourites, and what administrators change."""

from __future__ import annotations

import pytest

from directory import departments, people, queries
from server.auth import actions
from server.auth.changing import AccountChanges
from server.auth.model import operator
from server.errors import Conflict
from server.ports import people_listeners
from tests.tools.client import Refused
from tests.tools.directory import caught_up, found, give, opened

# ---------------------------------------------------------------- oneself


async def test_one_changes_of_oneself_what_is_ones_own(server, company, tree):
    sato = await server.connect(company.sato.token)
    mine = await sato.ask("directory.mine")
    assert "comment" in mine["editable"] and "phone_number" not in mine["editable"]
    told = await sato.ask("directory.change_mine", changes={"comment": "一行目\r\n二行目", "mobile_number": "080-1"})
    assert (told["person"]["comment"], told["person"]["mobile_number"]) == ("一行目\n二行目", "080-1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone_number": "03-1"}, "forbidden"),
        ({"login_id": "x"}, "forbidden"),
        ({"comment": "a", "mobile_number": "電話"}, "format"),
        ({"comment": "あ" * 501}, "field_too_long"),
        ({"web_url": "javascript:alert(1)"}, "format"),
        ({"home_areas": "どこにもない町"}, "area_unknown"),
    ],
)
async def test_what_may_not_be_is_refused_and_nothing_changes(server, company, tree, changes, code):
    sato = await server.connect(company.sato.token)
    before = await sato.ask("directory.mine")
    with pytest.raises(Refused, match=code):
        await sato.ask("directory.change_mine", changes=changes)
    assert {**await sato.ask("directory.mine"), "ref": 0} == {**before, "ref": 0}


# ---------------------------------------------------------------- groups and favourites


async def test_groups_are_ones_own_and_told_to_ones_other_devices(server, company):
    sato, phone = await server.connect(company.sato.token), await server.connect(company.sato.token)
    ito = await server.connect(company.ito.token)
    made = await sato.ask("group.add", name="見積もり")
    group = made["groups"][0]["id"]
    filled = await sato.ask("group.people", group=group, add=[company.ito.id, company.suzuki.id])
    assert filled["groups"] == [{"id": group, "name": "見積もり", "people": [company.ito.id, company.suzuki.id]}]
    assert [(await phone.expect("directory.groups"))["groups"] for _ in range(2)] == [
        made["groups"],
        filled["groups"],
    ]
    page = await sato.ask("directory.people", group=group)
    assert [row["id"] for row in page["people"]] == [company.ito.id, company.suzuki.id]
    await ito.expect_silence()
    for do in ({"do": "group.rename", "name": "x"}, {"do": "group.remove"}, {"do": "group.people", "add": []}):
        with pytest.raises(Refused, match="not_found"):
            await ito.ask(do["do"], group=group, **{key: value for key, value in do.items() if key != "do"})
    with pytest.raises(Refused, match="not_found"):
        await ito.ask("directory.people", group=group)


async def test_there_are_ten_groups_at_most_with_fifty_characters_each(server, company):
    sato = await server.connect(company.sato.token)
    for number in range(10):
        await sato.ask("group.add", name=f"{number}" + "𠮷" * 49)
    with pytest.raises(Refused, match="groups_full"):
        await sato.ask("group.add", name="もう一つ")
    own = [each["id"] for each in (await sato.ask("directory.groups"))["groups"]]
    with pytest.raises(Refused, match="field_too_long"):
        await sato.ask("group.rename", group=own[0], name="あ" * 51)
    turned = await sato.ask("group.order", groups=own[::-1])
    assert [each["id"] for each in turned["groups"]] == own[::-1]
    with pytest.raises(Refused, match="conflict"):
        await sato.ask("group.order", groups=own[:-1])
    left = await sato.ask("group.remove", group=own[0])
    assert len(left["groups"]) == 9


async def test_favourites_are_kept_once_and_go_with_the_person(server, company):
    sato = await server.connect(company.sato.token)
    for _ in range(2):
        told = await sato.ask("favourite", person=company.ito.id, on=True)
    assert told["favourites"] == [company.ito.id]
    assert (await sato.ask("directory.people", favourites=True))["total"] == 1
    with pytest.raises(Refused, match="not_found"):
        await sato.ask("favourite", person=999_999, on=True)
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(actions.delete_account, operator(), company.ito.id, listeners)
    assert (await sato.ask("directory.groups"))["favourites"] == []


# ---------------------------------------------------------------- administrators


async def test_a_person_is_saved_as_he_was_seen_or_not_at_all(server, company, tree):
    services = server.services
    before = await services.readers.ask(queries.person, company.ito.id)
    await give(services, company.ito.id, comment="先に")
    wish = people.ProfileWish(texts={"comment": "後から"})
    with pytest.raises(Conflict, match="conflict"):
        await services.writer.act(
            people.save, operator(), company.ito.id, before.rev, AccountChanges(name="別人"), wish
        )
    now = await services.readers.ask(queries.person, company.ito.id)
    assert (now.name, now.profile["comment"]) == ("ito", "先に")


async def test_a_removed_department_unassigns_its_people_and_frees_its_code(server, company, tree):
    services = server.services
    sato, mirror = await opened(server, company.sato)
    await services.writer.act(departments.remove, operator(), tree.sales, 2)
    await caught_up(services, sato, mirror)
    assert set(mirror.departments) == {tree.office}
    assert "department" not in mirror.people[company.suzuki.id]
    assert mirror.people[company.ito.id]["department"] == tree.office
    assert await found(services, "S-1") not in (tree.sales, tree.team)


async def test_no_department_comes_below_itself(server, company, tree):
    for parent in (tree.sales, tree.team):
        with pytest.raises(Conflict, match="department_circle"):
            await server.services.writer.act(departments.move, operator(), tree.sales, parent)
    seen = await server.services.readers.ask(queries.department, tree.sales)
    assert seen.parent is None


async def test_a_department_is_put_right_before_another(server, company, tree):
    services = server.services
    await services.writer.act(departments.move, operator(), tree.office, None, tree.sales)
    order = [each.id for each in (await services.readers.ask(queries.tree)).departments]
    assert order == [tree.office, tree.sales, tree.team]

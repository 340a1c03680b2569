"""What a hub reads to close a gap: everybody who came or went, however many, and only who may hear."""

from __future__ import annotations

from chat import actions, catchup
from server.auth import actions as people
from server.auth.model import operator
from tests.tools.company import hire


async def test_a_leaver_behind_hundreds_of_joiners_is_not_forgotten(server, company):
    act = server.services.writer.act
    room = await act(actions.create, company.sato.id, "closed", "全員", [company.suzuki.id])
    many = [(await hire(server.services, f"n{number}")).id for number in range(catchup.CHANGES_LIMIT + 5)]
    await act(actions.add, company.sato.id, room.id, many)
    await act(actions.remove, company.sato.id, room.id, company.suzuki.id)

    missing = await server.services.readers.ask(catchup.missing, f"channel:{room.id}", 1)

    assert missing.left == (company.suzuki.id,)
    assert sorted(missing.joined) == sorted(many)


async def test_who_may_not_talk_is_let_in_by_no_gap(server, company):
    act = server.services.writer.act
    room = await act(actions.create, company.sato.id, "closed", "二人", [company.suzuki.id])
    await act(people.set_talk, operator(), company.suzuki.id, False)
    await act(actions.leave, company.sato.id, room.id)

    missing = await server.services.readers.ask(catchup.missing, f"channel:{room.id}", 1)

    assert company.suzuki.id not in missing.joined, "he owns the room now, and hears nothing"

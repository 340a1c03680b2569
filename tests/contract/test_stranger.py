"""A client that was written from the served documents alone passes the laws."""

from __future__ import annotations

import ast
import inspect
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType, SimpleNamespace

import pytest

from server.auth import actions
from server.auth.model import new_account, operator
from server.auth.password_rule import Accepted
from tests.tools import promises
from tests.tools import stranger as client
from tests.tools.promises import Document, Gap
from tests.tools.running import Running
from tests.tools.stranger import Refused, Stranger
from tests.tools.visitor import PASSWORD

Meet = Callable[..., Awaitable[Stranger]]


@pytest.fixture
async def people(server: Running) -> SimpleNamespace:
    """Three with passwords; their numbers."""
    services, numbers = server.services, {}
    for name in ("sato", "suzuki", "ito"):
        hashed = await services.passwords.hash(Accepted(PASSWORD))
        new = new_account(f"{name}@hokuto.example", name, talk=True)
        made = await services.writer.act(actions.add_account, operator(), new, hashed, must_change=False)
        numbers[name] = made.id
    return SimpleNamespace(**numbers)


@pytest.fixture
async def meet(server: Running, people: SimpleNamespace) -> AsyncIterator[Meet]:
    """Somebody at a device of his own, signed in and greeted; of several processes at the next."""
    here: list[Stranger] = []
    addresses = itertools.cycle([process.address for process in server.processes])

    async def arrived(name: str) -> Stranger:
        stranger = await Stranger.arrive(next(addresses))
        here.append(stranger)
        await stranger.sign_in(f"{name}@hokuto.example", PASSWORD)
        await stranger.connect()
        return stranger

    yield arrived
    for stranger in here:
        await stranger.leave()


async def group(sato: Stranger, *others: int) -> int:
    made = await sato.say("room.create", kind="group", name="見積もり", people=list(others))
    number: int = made["room"]["id"]
    return number


def test_he_knows_nothing_of_our_code():
    imported = imports_of(client) | imports_of(promises)
    assert "jsonschema" in imported
    ours = {"server", "chat", "directory", "anpi", "web", "tests", "msgspec"}
    assert {name for name in imported if name.partition(".")[0] in ours} == {"tests.tools.promises"}


def imports_of(module: ModuleType) -> set[str]:
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
    plain = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_he_finds_what_the_documents_do_not_name():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    document = Document({"components": {"schemas": {"A": schema}}})
    document.check({"$ref": "#/components/schemas/A"}, {"a": 1})
    for value in ({}, {"a": "1"}, {"a": 1, "b": 2}):
        with pytest.raises(Gap):
            document.check({"$ref": "#/components/schemas/A"}, value)


async def test_he_signs_in_and_is_who_he_is(meet: Meet, people: SimpleNamespace):
    sato = await meet("sato")
    assert sato.me == people.sato
    assert (await sato.ask_http("me"))["id"] == people.sato
    assert len((await sato.ask_http("listSessions"))["sessions"]) == 1
    assert (await sato.ask_http("endSession", {"id": "nobody's"}))["code"] == "not_found"


async def test_what_was_acknowledged_is_there_after_coming_back(meet: Meet, people: SimpleNamespace):
    sato, suzuki = await meet("sato"), await meet("suzuki")
    room = await group(sato, people.suzuki)
    await suzuki.open(room)
    await suzuki.cut()
    acks = [await sato.post(room, f"その{number}") for number in range(3)]
    await sato.cut()

    await sato.come_back()
    await suzuki.come_back()
    await suzuki.settle()

    for held in (await sato.open(room), suzuki.timelines[room]):
        assert [held.messages[ack["seq"]]["text"] for ack in acks] == ["その0", "その1", "その2"]


async def test_a_resend_gives_the_first_result(meet: Meet, people: SimpleNamespace):
    sato = await meet("sato")
    room = await group(sato, people.suzuki)
    message = sato.write(room, "一度だけ")

    first, again = await sato.say("post", **message), await sato.say("post", **message)

    assert again.pop("dup") is True and "dup" not in first
    assert first.pop("ref") != again.pop("ref")
    assert first == again


async def test_what_had_no_answer_is_said_once(meet: Meet, people: SimpleNamespace):
    """The line is lost at any point between saying and ack; he says it again under the same name."""
    sato = await meet("sato")
    room = await group(sato, people.suzuki)
    for number in range(5):
        await sato.send("post", **sato.write(room, f"その{number}"))
        await sato.cut()
        await sato.come_back()
        assert sato.unacked == {}

    held = await sato.open(room)

    assert [message["text"] for message in held.messages.values()].count("その0") == 1
    assert sorted(message["text"] for message in held.messages.values()) == [f"その{number}" for number in range(5)]


async def test_an_outsider_hears_nothing(meet: Meet, people: SimpleNamespace):
    sato, ito = await meet("sato"), await meet("ito")
    room = await group(sato, people.suzuki)
    await sato.post(room, "内々の話")
    await sato.say("room.rename", channel=room, name="秘密")

    # What he may hear comes first, though it was said last.
    await sato.say("room.direct", person=people.ito)
    await ito.until(lambda: bool(ito.rooms))
    assert [frame["is"] for frame in ito.heard] == ["room.added"]
    assert room not in ito.rooms


@pytest.mark.parametrize("command", [("history", {}), ("since", {"rev": 0}), ("room.members", {})], ids=str)
async def test_a_room_one_is_not_in_cannot_be_told_from_none(
    meet: Meet, people: SimpleNamespace, command: tuple[str, dict[str, int]]
):
    sato, ito = await meet("sato"), await meet("ito")
    room, (do, fields) = await group(sato, people.suzuki), command
    answers = []
    for channel in (room, 999_999):
        with pytest.raises(Refused) as refused:
            await ito.say(do, channel=channel, **fields)
        answers.append({**refused.value.frame, "ref": 0})
    assert answers[0] == answers[1]
    assert answers[0]["code"] in ito.socket.text["x-error-codes"]


SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))]
ACTS = ("post", "post", "post", "edit", "delete", "rename", "add", "remove", "mark", "cut")


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_any_history_he_holds_what_a_newcomer_reads(meet: Meet, people: SimpleNamespace, seed: int):
    rng = random.Random(seed)
    sato, suzuki = await meet("sato"), await meet("suzuki")
    room = await group(sato, people.suzuki)
    await suzuki.open(room)
    for number in range(80):
        act = rng.choice(ACTS)
        if act == "cut":
            await suzuki.cut()
            await sato.post(room, "留守の間")
            await suzuki.come_back()
        else:
            await perform(act, rng.choice([sato, suzuki]), room, people, rng, number)
    await suzuki.settle()

    await sato.settle()
    fresh = await meet("suzuki")
    held = await fresh.open(room)
    await suzuki.until(lambda: suzuki.timelines[room] == held and suzuki.rooms == fresh.rooms)

    assert suzuki.timelines[room] == held
    assert suzuki.rooms == fresh.rooms
    assert len(held.messages) > 20, "this test needs something to have happened"


async def perform(act: str, who: Stranger, room: int, people: SimpleNamespace, rng: random.Random, n: int) -> None:
    """One thing that may happen in a room; what is refused changes nothing."""
    place = {"channel": room, "seq": rng.randint(1, max(1, who.rooms[room]["seq"]))}
    try:
        match act:
            case "post":
                await who.post(room, f"その{n}")
            case "edit":
                await who.say("edit", **place, text=f"直し{n}")
            case "rename":
                await who.say("room.rename", channel=room, name=f"部屋{n}")
            case "add":
                await who.say("room.add", channel=room, people=[people.ito])
            case "remove":
                await who.say("room.remove", channel=room, person=people.ito)
            case "mark":
                # Gathered for a second: whoever waited for each would do nothing else.
                await who.send("mark", **place)
            case _:
                await who.say(act, **place)
    except Refused as refused:
        assert refused.code in ("not_yours", "not_found", "already_deleted", "not_owner"), refused

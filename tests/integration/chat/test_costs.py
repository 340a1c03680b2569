"""What must not grow: statements with the size of a group, and scans with what is stored."""

from __future__ import annotations

import re
import uuid

import pytest
from msgspec import structs
from sqlalchemy import event, insert, text

from chat import actions, catchup, rooms
from chat.files import uploads
from chat.files.facts import Facts, encode
from chat.files.naming import new_key
from chat.files.space import Limits
from chat.files.tables import files
from chat.marks import ReadUpTo, mark_all
from chat.model import Draft, Receipt
from chat.posting import post_all
from server.auth.model import Actor
from tests.tools.company import hire


@pytest.fixture
async def office(server):
    """Three rooms of the same eight people."""
    people = [(await hire(server.services, f"p{number}")).id for number in range(8)]
    made = [
        await server.services.writer.act(actions.create, people[0], "closed", f"r{n}", people[1:]) for n in range(3)
    ]
    return people, [room.id for room in made]


def drafts(office, count):
    people, made = office
    return [Draft(people[n % 8], made[n % 3], str(uuid.uuid4()), f"{n}") for n in range(count)]


async def statements_of(server, work):
    """What ``work(tx)`` says to the database."""
    said = []

    def note(connection, cursor, statement, *_):
        said.append(statement)

    engine = server.services.writer._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await server.services.writer.act(work)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [statement for statement in said if "SAVEPOINT" not in statement]


async def test_two_hundred_posts_cost_as_many_statements_as_two(server, office):
    few = await statements_of(server, lambda tx: post_all(tx, drafts(office, 2)))
    many = await statements_of(server, lambda tx: post_all(tx, drafts(office, 200)))
    assert len(many) == len(few) <= 8


async def test_messages_without_files_ask_nothing_about_files(server, office):
    said = await statements_of(server, lambda tx: post_all(tx, drafts(office, 200)))
    assert len(said) == 8, "the beginning, channels, resends, members, messages, log, counters, marks"
    assert not [
        statement
        for statement in said
        if re.search(r"\b(files|file_space|talk_policy)\b *(SET|\.|AS|WHERE)", statement)
    ]


async def test_two_hundred_files_cost_as_many_statements_as_two(server, office):
    people, _ = office

    async def carried(count):
        keys = [new_key() for _ in range(count)]
        rows = [
            {"key": key, "account_id": people[n % 8], "name": "a.txt", "size": 1, "state": "ready", "stored_size": 1}
            | {"facts": encode(Facts(1)), "created_at": 2**42, "moved_at": 2**42}
            for n, key in enumerate(keys)
        ]
        await server.services.writer.act(lambda tx: tx.connection.execute(insert(files), rows))
        wanted = [structs.replace(each, files=(key,)) for each, key in zip(drafts(office, count), keys, strict=True)]
        answers = []
        said = await statements_of(server, lambda tx: answers.extend(post_all(tx, wanted)))
        assert [each.seq for each in answers if isinstance(each, Receipt)], answers[0]
        return said

    few, many = await carried(2), await carried(200)
    assert len(few) == len(many) == 11, "besides them the files, the policy, and that they are sent"


def upload_all(tx, people, count):
    """Begin so many uploads, claim and accept them, and give them up again."""
    keys = [(people[n % len(people)], new_key()) for n in range(count)]
    limits = Limits(1_000, 0, 0)
    kept = uploads.Kept(900, "a", 900, "a", False, "", False)
    answers = [
        *uploads.begin_all(tx, [uploads.Begin(Actor(id, ""), key, "a.txt", 1_000, limits) for id, key in keys]),
        *uploads.claim_all(tx, [uploads.Claim(id, key, "a") for id, key in keys]),
        *uploads.accept_all(tx, [uploads.Accept(id, key, kept) for id, key in keys]),
        *uploads.give_up_all(tx, [uploads.GiveUp(id, key) for id, key in keys]),
    ]
    assert not [each for each in answers if isinstance(each, Exception)]


async def test_two_hundred_uploads_cost_as_many_statements_as_two(server, office):
    people, _ = office
    # The first of them all makes the rows of the room that files take.
    await server.services.writer.act(upload_all, people, 8)
    few = await statements_of(server, lambda tx: upload_all(tx, people, 2))
    many = await statements_of(server, lambda tx: upload_all(tx, people, 200))
    assert len(many) == len(few) <= 15


async def test_two_hundred_marks_cost_as_many_statements_as_two(server, office):
    people, made = office
    # Posting marks one's own, so one of them says it all and the others have something left to read.
    one_speaker = ([people[0]] * 8, made)
    await server.services.writer.act(post_all, drafts(one_speaker, 60))

    def marks(seq, count):
        return [ReadUpTo(people[1 + n % 7], made[n % 3], seq) for n in range(count)]

    few = await statements_of(server, lambda tx: mark_all(tx, marks(8, 2)))
    many = await statements_of(server, lambda tx: mark_all(tx, marks(20, 200)))
    assert len(many) == len(few) <= 3


async def test_adding_many_costs_hardly_more_than_adding_one(server, office):
    _, made = office
    new = [(await hire(server.services, f"n{number}")).id for number in range(12)]
    one = await statements_of(server, lambda tx: actions.add(tx, office[0][0], made[0], new[:1]))
    many = await statements_of(server, lambda tx: actions.add(tx, office[0][0], made[0], new[1:]))
    # One log line each; everything else is one statement for all.
    assert len(many) - len(one) <= 10


async def test_the_room_list_costs_the_same_for_one_room_and_for_many(server, office):
    people, _ = office
    lonely = await hire(server.services, "lonely")
    await server.services.writer.act(actions.create, lonely.id, "closed", "ひとり", [])
    few = await statements_of(server, lambda tx: rooms.rooms_for(tx.connection, lonely.id))
    many = await statements_of(server, lambda tx: rooms.rooms_for(tx.connection, people[0]))
    assert len(many) == len(few)


async def test_no_hot_question_scans_a_table(server, office):
    """EXPLAIN QUERY PLAN of everything that is asked for each message, hello and page."""
    people, made = office

    def hot(tx):
        post_all(tx, drafts(office, 20))
        mark_all(tx, [ReadUpTo(people[0], made[0], 3)])
        rooms.rooms_for(tx.connection, people[0])
        catchup.since(tx.connection, people[0], made[0], 1)
        catchup.page(tx.connection, people[0], made[0], 1, 50)
        catchup.page(tx.connection, people[0], made[0], 1, 50, around=3)
        catchup.heads(tx.connection, [f"channel:{id}" for id in made])
        upload_all(tx, people, 2)

    asked = await statements_of(server, hot)
    assert len(asked) > 15, "this test needs the statements to mean anything"
    plans = await server.services.writer.act(lambda tx: [plan(tx, statement) for statement in set(asked)])
    scans = [step for steps in plans for step in steps if re.match(r"SCAN (?!\w*_json|keys|CONSTANT)", step)]
    assert scans == []


def plan(tx, statement):
    if statement.startswith("INSERT"):
        return []
    places = statement.count("?")
    rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("[]",) * places)
    return [row[3] for row in rows]


async def test_text_is_bound_and_never_part_of_the_statement(server, office):
    asked = await statements_of(
        server, lambda tx: rooms.people(tx.connection, office[0][0], "'; DROP TABLE messages; --")
    )
    assert not any("DROP" in statement for statement in asked)
    assert (
        await server.services.readers.ask(lambda db: db.execute(text("SELECT count(*) FROM messages")).scalar()) == 0
    )

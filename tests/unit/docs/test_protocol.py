"""docs/protocol.md names every command, frame, field, close code and limit, and none that does not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest

import anpi.answers.frames
import anpi.board.frames
import chat.files.frames
import chat.frames
import chat.signs
import directory.frames
import server.live.frames
from chat.catchup import CHANGES_LIMIT
from chat.model import MEMBERS_LIMIT, MESSAGE_LIMIT, ROOM_NAME_LIMIT
from directory.changes import TOLD_AT_MOST
from directory.fields import GROUP_NAME
from directory.model import GROUP_PEOPLE_LIMIT, GROUPS_LIMIT
from server.contract.asyncapi import asyncapi
from server.contract.documents import contract_of
from server.contract.schemas import tag_of
from server.live import connection, conversation, protocol
from server.live.frames import CloseCode, Command, Frame, Hello
from server.module import load_modules
from server.run import MESSAGE_BYTES
from server.settings import Settings
from tests.tools.documents import codes, page, table

TEXT = page("docs/protocol.md")
FRAMES = (
    server.live.frames,
    chat.frames,
    chat.files.frames,
    chat.signs,
    directory.frames,
    anpi.answers.frames,
    anpi.board.frames,
)
CONTRACT = contract_of(load_modules(Settings.model_fields["modules"].default))


def described(*titles: str) -> dict[str, set[str]]:
    """What tables say: the first column's name, and the fields that the second names in backticks."""
    rows = [row for title in titles for row in table(TEXT, title)]
    named = {row[0].strip("`"): set(codes(row[1])) for row in rows}
    assert len(named) == len(rows), "a name stands there twice"
    return named


def structs(base: type) -> dict[str, set[str]]:
    """The tag and the fields of every struct on ``base``."""
    found: list[Any] = [
        kind
        for module in FRAMES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, base) and kind is not base
    ]
    return {kind.__struct_config__.tag: set(kind.__struct_encode_fields__) for kind in found}


def test_every_command_stands_there_with_its_fields():
    existing = {tag: fields - {"ref"} for tag, fields in structs(Command).items()}
    assert "room.create" in existing, "the search found too little to mean anything"
    assert described("Commands") == existing


def test_every_frame_stands_there_with_its_fields():
    (welcome,) = CONTRACT.answers[Hello]
    existing = {**structs(Frame), "welcome": set(welcome.__struct_fields__)}
    assert described("From connecting to resuming", "Answers", "Events") == existing


def test_a_command_is_answered_by_the_frames_that_it_is_promised():
    answers = {row[0].strip("`"): row[2].split(" or ") for row in table(TEXT, "Commands")}
    promised = {tag_of(command): [tag_of(frame) for frame in frames] for command, frames in CONTRACT.answers.items()}
    assert answers == promised


def test_every_shape_stands_there_with_its_fields():
    document = asyncapi(CONTRACT, "")["components"]
    shapes = {name: schema for name, schema in document["schemas"].items() if name not in document["messages"]}
    existing = {name: set(schema["properties"]) for name, schema in shapes.items() if "properties" in schema}
    assert described("Shapes") == existing


def test_every_close_code_of_ours_stands_there():
    ours = {code for name, code in vars(CloseCode).items() if name.isupper()}
    assert {int(row[0]) for row in table(TEXT, "Close codes")} == ours


def test_who_must_not_come_back_is_told_so():
    final = {int(row[0]) for row in table(TEXT, "Close codes") if row[2].startswith("No")}
    assert final == {code for name, code in vars(CloseCode).items() if name.isupper() and 4400 <= code <= 4407}


RATE = Settings.model_fields["posts_per_second"].default
LIMITS = {
    "Message of the socket": (MESSAGE_BYTES,),
    "Text of a message": (MESSAGE_LIMIT,),
    "Name of a room": (ROOM_NAME_LIMIT,),
    "Members of a room": (MEMBERS_LIMIT,),
    "Posts of a connection": (RATE, RATE * 5),
    "Answers of a connection to safety checks": (conversation.ANSWERS_A_SECOND, conversation.ANSWERS_AT_ONCE),
    "Marks of a connection that wait": (conversation.IN_FLIGHT_LIMIT,),
    "Posts of a connection on their way": (conversation.IN_FLIGHT_LIMIT,),
    "Commands of a connection that wait": (conversation.QUEUE_LIMIT,),
    "Broken frames in a row": (conversation.ERROR_LIMIT,),
    "Owed to a connection": (connection.OWED_BYTES // 1024**2, connection.OWED_FRAMES),
    "Rows in `changes`": (CHANGES_LIMIT,),
    "Rows in `directory.changed`": (TOLD_AT_MOST,),
    "Groups of a person": (GROUPS_LIMIT, GROUP_NAME.limit),
    "People in a group, favourites": (GROUP_PEOPLE_LIMIT,),
}


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_is_the_one_that_holds(what: str):
    (said,) = [row[1] for row in table(TEXT, "Limits") if row[0] == what]
    assert tuple(int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", said)) == LIMITS[what]


def test_other_numbers_are_those_of_the_code():
    assert f"within {conversation.HELLO_SECONDS:.0f} seconds" in TEXT
    assert f"more than {protocol.FRAGMENTS} parts" in TEXT
    assert f"{conversation.ERROR_LIMIT + 1} broken frames" in TEXT
    assert f"Every {Settings.model_fields['heads_seconds'].default:.0f} seconds" in TEXT

"""The door of the socket: a command, or ``Invalid``, whatever comes."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.commands import HANDLERS
from server.errors import Invalid
from server.live.frames import Command, Hello, Ping
from server.live.parsing import Parser
from server.live.rate import Bucket
from server.live.wire import text_frame

PARSER = Parser(HANDLERS)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "do": st.sampled_from(["post", "edit", "mark", "hello", "ping", "room.create", "history", "fly"]) | anything,
        "ref": st.integers(-2, 2**54) | anything,
        "channel": st.integers(-2, 2**54) | anything,
        "text": anything,
        "client_id": st.text() | st.just("0192d3a4-0000-7000-8000-000000000001"),
        "have": anything,
        "people": anything,
    },
)


@given(st.text())
@example('{"do":"ping","ref":' + "9" * 5000 + "}")
@example("[" * 100_000)
def test_any_text_is_a_command_or_invalid(text):
    parsed(text)


@given(fields)
def test_any_object_is_a_command_or_invalid(frame):
    parsed(json.dumps(frame))


def parsed(text):
    try:
        assert isinstance(PARSER.parse(text), Command)
    except Invalid as refusal:
        assert len(refusal.details.get("reason", "")) <= 200
    ref = PARSER.ref(text)
    assert ref is None or 0 <= ref < 2**53


def test_every_command_has_a_handler_and_its_own_name():
    tags = [command.__struct_config__.tag for command in (*HANDLERS, Ping, Hello)]
    assert len(tags) == len(set(tags)) > 15


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_a_text_frame_is_what_rfc_6455_says(size):
    frame = text_frame(b"x" * size)
    assert frame[0] == 0x81
    short = frame[1]
    length, start = {
        126: (int.from_bytes(frame[2:4], "big"), 4),
        127: (int.from_bytes(frame[2:10], "big"), 10),
    }.get(short, (short, 2))
    assert length == size and frame[start:] == b"x" * size
    assert short < 126 or size > 125, "the shortest form"


def test_a_bucket_gives_its_burst_and_then_its_rate():
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(100.0) == 0.5
    assert bucket.take(100.5) == 0 and bucket.take(100.5) > 0
    assert [bucket.take(1e9) for _ in range(3)] == [0, 0, 0], "never more than the burst"

"""A line of the talk log can be checked by slicing alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from chat.log import line
from chat.log.line import GENESIS, TAIL
from tests.tools.talk_log import entry

AT = datetime(2027, 4, 1, 9, 0, tzinfo=UTC)
KEYS = ["n", "at", "kind", "channel", "rev", "seq", "actor", "body", "prev", "hash"]


def test_a_line_has_all_keys_in_their_order_and_its_hash_last():
    written = line.write(entry(AT, text='引用 ","hash":"'), 7, GENESIS)
    assert list(json.loads(written)) == KEYS
    assert written.endswith(b'"}\n') and b" " not in written.replace("引用 ".encode(), b"")
    assert line.hash_of(written) == sha256(written[:-TAIL]).hexdigest() == json.loads(written)["hash"]
    assert written[-TAIL:].startswith(b',"hash":"')
    assert line.prev_of(written) == GENESIS and line.n_of(written) == 7
    assert line.is_sound(written)


def test_what_nobody_did_in_no_room_is_null():
    alone = entry(AT)._replace(seq=None, actor=None, channel=0, rev=0)
    read = json.loads(line.write(alone, 1, GENESIS))
    assert (read["seq"], read["actor"], read["channel"]) == (None, None, 0)


@pytest.mark.parametrize("place", [2, 8, 40, -80, -20, -2])
def test_a_flipped_byte_shows(place):
    written = bytearray(line.write(entry(AT), 1, GENESIS))
    written[place] ^= 1
    assert not line.is_sound(bytes(written))


def test_a_row_that_was_changed_afterwards_keeps_the_old_hash_and_shows_it():
    first = line.write(entry(AT, text="本当"), 1, GENESIS)
    again = line.write_as(entry(AT, text="嘘です"), 1, GENESIS, line.hash_of(first))
    assert line.hash_of(again) == line.hash_of(first) and not line.is_sound(again)
    assert line.write_as(entry(AT, text="本当"), 1, GENESIS, line.hash_of(first)) == first


@pytest.mark.parametrize("torn", [b"", b"{", b'{"n":', b'{"n":12', b'{"n":x,"at":1}', b"\xff\xfe\n"])
def test_what_is_no_line_is_not_sound_and_has_no_number(torn):
    assert not line.is_sound(torn) and line.n_of(torn) == 0

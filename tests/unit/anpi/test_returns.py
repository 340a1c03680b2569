"""An address under which a mail comes back names its delivery, and only one that we have made is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anpi.sending.returns import BOUNCE, REPLY, Returned, address, read
from server.secrets import Secrets

OURS = Secrets(b"1" * 32)
BASE = "anpi@back.hokuto.example"


@given(delivery=st.integers(1, 10**15), what=st.sampled_from([BOUNCE, REPLY]))
def test_what_we_have_made_is_read_again_also_in_capitals(delivery, what):
    made = address(OURS, BASE, what, delivery)
    assert len(made) <= 254 and made.endswith("@back.hokuto.example")
    for given_back in (made, made.upper(), f"<{made}>"):
        assert read(OURS, BASE, given_back) == Returned(what, delivery)


@given(place=st.integers(5, 30), letter=st.sampled_from("0123456789abcdef"))
def test_one_changed_letter_is_not_believed(place, letter):
    made = address(OURS, BASE, REPLY, 120)
    changed = made[:place] + letter + made[place + 1 :]
    assert changed == made or read(OURS, BASE, changed) is None


@pytest.mark.parametrize(
    "given_back",
    ["", "anpi@back.hokuto.example", "+r1.0000000000000000@back.hokuto.example", "anpi+r1.zz@x", "a" * 5000],
)
def test_anything_else_is_none_of_ours(given_back):
    assert read(OURS, BASE, given_back) is None
    assert read(Secrets(b"2" * 32), BASE, address(OURS, BASE, REPLY, 1)) is None
    assert read(OURS, "other@back.hokuto.example", address(OURS, BASE, REPLY, 1)) is None
    assert read(OURS, BASE, address(OURS, BASE, BOUNCE, 1).replace("+b", "+r")) is None

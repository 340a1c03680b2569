"""The mark of a known browser is believed only when we wrote it."""

from __future__ import annotations

import pytest

from server.auth.device import Device, new_device, read, written
from server.secrets import Secrets

OURS = Secrets(b"a" * 32)
OTHERS = Secrets(b"b" * 32)


def test_what_we_wrote_is_read_again():
    device = new_device(12)
    assert read(written(device, OURS), OURS) == device


def test_a_mark_of_another_server_is_nothing():
    assert read(written(Device(1, "nonce"), OTHERS), OURS) is None


def test_a_mark_cannot_be_given_to_another_account():
    mark = written(Device(1, "nonce"), OURS)
    assert read(mark.replace("1.", "2.", 1), OURS) is None


@pytest.mark.parametrize("rubbish", ["", ".", "..", "1.x", "1.x.y", "x.y.z", "１.x.y", "1" * 5000, "1.\ud800.x"])
def test_rubbish_is_nothing(rubbish: str):
    assert read(rubbish, OURS) is None

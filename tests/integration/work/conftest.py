"""What goes out, and where it arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.work.outbound import Outbound
from tests.tools.elsewhere import Names, Other, door, served


@pytest.fixture
async def other() -> AsyncIterator[Other]:
    async with served() as other:
        yield other


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    async with door(Names(other_test=["127.0.0.1"]), "other.test") as open_door:
        yield open_door

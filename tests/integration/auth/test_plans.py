"""No question that is asked for each request or each half second reads a table from end to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.auth import queries, revocation, sessions
from tests.tools.plans import scans
from tests.tools.running import Running

NOW = datetime(2027, 4, 1, tzinfo=UTC)
IDLE = timedelta(days=30)

QUESTIONS = {
    "a session": (sessions.find, "hash", NOW, IDLE),
    "somebody by login ID": (queries.credentials, "sano@hokuto.example"),
    "somebody by number": (queries.account, 1),
    "one's own sessions": (queries.sessions_of, 1, NOW, IDLE),
    "sessions of open sockets": (queries.standing, ["a", "b"], NOW, IDLE),
    "a throttle": (queries.throttle, "key"),
    "new revocations": (revocation.new_revocations, 5, NOW),
    "revocations one has heard of": (revocation.heard, 1, NOW),
    "anybody": (queries.anybody,),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_hot_question_finds_its_rows_by_an_index(server: Running, name: str):
    question, *args = QUESTIONS[name]
    found = await server.services.readers.ask(scans, question, *args)
    if name == "anybody":
        assert found, "this one stops at the first row, and shows that the test can see a scan"
    else:
        assert found == []

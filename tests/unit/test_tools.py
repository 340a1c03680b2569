"""The tools of the tests keep their own promises."""

import contextlib
import socket

import pytest

from tests.tools import no_network, time_limit, workers
from tests.tools.tiers import Tier


def test_each_tier_has_its_numbers():
    assert Tier(is_long=False)(short=6, long=100) == 6
    assert Tier(is_long=True)(short=6, long=100) == 100


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "169.254.1.1", "2001:db8::1"])
def test_no_socket_leaves_this_machine(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as plug, pytest.raises(no_network.OutsideWorld):
        plug.connect((host, 443))
    no_network.attempts.clear()


def test_a_swallowed_attempt_is_remembered():
    with contextlib.suppress(RuntimeError):
        socket.getaddrinfo("example.com", 443)
    assert no_network.attempts == ["socket.getaddrinfo example.com"]
    no_network.attempts.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10"])
def test_this_machine_may_be_talked_to(host):
    with socket.create_server(("", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()


def test_a_test_that_hangs_is_ended(monkeypatch, request):
    monkeypatch.setattr(time_limit, "LIMIT_SECONDS", 0.05)
    waiting = time_limit.limited(request.node)
    next(waiting)
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(time_limit.HungTest):
        ours.recv(1)
    waiting.close()


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/fault/test_kill.py::test_nothing_is_lost[7]", "heavy"),
        ("tests/bench/test_bench_tools.py::test_it_loads", "heavy"),
        ("tests/browser/test_admin.py::test_tabs", "browser"),
        ("tests/browser/test_story_quake.py::test_he_answers", "heavy"),
        ("tests/browser/test_web_project.py::test_types", "browser"),
        ("tests/contract/test_rooms.py::test_two[sqlite]", ""),
        ("tests/unit/test_tools.py::test_fault", ""),
    ],
)
def test_what_must_not_run_beside_its_like_has_a_group(test: str, group: str):
    assert workers.group_of(test) == group

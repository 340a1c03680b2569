"""The bench proves itself first: a tool that loses or doubles a message would measure nothing."""

from pathlib import Path

import pytest

from tests.bench import tools
from tests.tools.need import need

PEOPLE = 50


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    if tools.compiler() is None:
        need("gcc", "apt-get install gcc libc6-dev")
    tools.compiled("echo_server")
    tools.compiled("load")


@pytest.fixture
def who(tmp_path: Path) -> Path:
    return tools.strangers(tmp_path / "who", PEOPLE)


@pytest.mark.parametrize("mode", ["send", "join"])
def test_everybody_hears_every_message_of_a_burst_exactly_once(who, mode):
    with tools.echo_server(mode) as server:
        measured = tools.load("bursts", who, server.port, seconds=0.2, warm_up=2, timeout=10)
        said = server.cpu_time()

    assert measured.messages >= 10, "this test needs at least one burst"
    assert measured.messages % 10 == 0
    assert measured.deliveries == measured.messages * PEOPLE
    assert said.messages == measured.messages + 21, "one message to measure the frame, two bursts to warm up"


def test_joining_sends_less_often(who):
    sends = {}
    for mode in ("send", "join"):
        with tools.echo_server(mode) as server:
            tools.load("closed", who, server.port, seconds=0.1, in_flight=4, timeout=10)
            said = server.cpu_time()
            sends[mode] = said.sends / said.messages
    assert sends["send"] == pytest.approx(PEOPLE + 1, rel=0.05), "each recipient, and the ack"
    assert sends["join"] < sends["send"] / 2


def test_frames_have_the_size_that_was_asked_for(who):
    with tools.echo_server("send") as server:
        measured = tools.load("bursts", who, server.port, seconds=0.1, frame_bytes=250, timeout=10)
    assert measured.frame_bytes == pytest.approx(250, abs=4), "only the digits of a counter may differ"


def test_torn_frames_and_pings_lose_nothing(who):
    with tools.echo_server("send", fault="torn") as server:
        measured = tools.load("bursts", who, server.port, seconds=0.2, timeout=10)
        assert measured.deliveries == measured.messages * PEOPLE
        assert server.cpu_time().pongs > 0


def test_an_open_loop_keeps_its_rate(who):
    with tools.echo_server("send") as server:
        measured = tools.load("open", who, server.port, rate=500, seconds=0.5, timeout=10)
    assert measured.messages == 250
    assert 0 < measured.ack_p50_us <= measured.ack_p99_us <= measured.ack_max_us


def test_a_closed_loop_keeps_its_posts_in_flight(who):
    with tools.echo_server("join") as server:
        measured = tools.load("closed", who, server.port, senders=5, in_flight=2, seconds=0.2, timeout=10)
    assert measured.messages > 10, "every ack lets another post follow"


def test_the_servers_own_accounting_is_read(who):
    with tools.echo_server("send") as server:
        measured = tools.load("bursts", who, server.port, seconds=0.5, server_pid=server.pid, timeout=10)
    assert measured.cpu_per_delivery_us > 0
    assert measured.rss_before_kb > 0


@pytest.mark.parametrize(("fault", "complaint"), [("drop", "time is up"), ("double", "not each exactly once")])
def test_a_message_lost_or_told_twice_is_no_result(who, fault, complaint):
    with tools.echo_server("send", fault=fault) as server, pytest.raises(tools.BenchFailed, match=complaint):
        tools.load("bursts", who, server.port, seconds=0.1, timeout=0.5)


def test_nobody_listening_is_said_in_a_sentence(who):
    with tools.echo_server("send") as server:
        port = server.port
    with pytest.raises(tools.BenchFailed, match="Connection refused"):
        tools.load("idle", who, port, seconds=0.1)

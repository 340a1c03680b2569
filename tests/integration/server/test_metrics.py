"""`/metrics`: who may read it, and that what it says is what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.figures import FIGURES
from server.work import jobs, mail
from server.work.mail import State
from tests.tools.client import Refused
from tests.tools.mailing import put
from tests.tools.running import Running, running, settings_for
from tests.tools.visitor import Visitor

TOKEN = "open sesame 42"


@pytest.fixture
async def guarded(tmp_path, sqlite_template) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_template, metrics_token=TOKEN)) as here:
        yield here


async def read(server: Running) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    async with Visitor(server) as visitor:
        answer = await visitor.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def test_it_says_what_happened(server: Running, company):
    sato, suzuki = await server.connect(company.sato.token), await server.connect(company.suzuki.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[company.suzuki.id]))["room"]["id"]
    for number in range(3):
        await sato.post(room, f"{number}")
    with pytest.raises(Refused):
        await suzuki.post(room, "")
    await suzuki.close()
    async with Visitor(server) as visitor:
        await visitor.get("/talk/17?token=secret")
        await visitor.get("/nowhere/at/all")
    await server.services.writer.act(jobs.add, "nobody.does.this", {})
    await server.services.probe.look()

    said = await read(server)

    assert said["renraku_sockets_open",] == 1 and said["renraku_sockets_opened_total",] == 2
    assert said["renraku_sockets_closed_total", "1000"] == 1
    assert said["renraku_commands_total", "post", "done"] == 3
    assert said["renraku_commands_total", "post", "empty"] == 1
    assert said["renraku_events_committed_total", "message.posted"] == 3
    assert said["renraku_commit_seconds_count",] == said["renraku_group_size_count",] >= 5
    assert said["renraku_commit_seconds_bucket", "+Inf"] == said["renraku_commit_seconds_count",]
    assert said["renraku_http_requests_total", "/talk/{channel}", "3xx"] == 1
    assert said["renraku_http_requests_total", "none", "4xx"] == 1
    assert said["renraku_http_seconds_count", "/talk/{channel}"] == 1
    assert said["renraku_jobs_waiting",] == 1 and said["renraku_jobs_failed",] == 0
    assert said["renraku_ready",] == 1 and said["renraku_probe_failures_total", "database"] == 0
    assert 0 < said["renraku_descriptors_used",] < said["renraku_descriptors_limit",]
    for name in ("disk_free_bytes", "cpu_seconds_total", "resident_bytes", "frames_delivered_total"):
        assert said[f"renraku_{name}",] > 0, name


async def test_every_figure_is_told(server: Running):
    async with Visitor(server) as visitor:
        text = (await visitor.get("/metrics")).text
    told = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    own = [figure for module in server.services.modules for figure in module.figures]
    assert told == {figure.full_name for figure in (*FIGURES, *own)}


async def test_a_close_code_of_a_clients_invention_makes_no_label_of_its_own(server: Running, company):
    sato = await server.connect(company.sato.token)
    await sato.socket.close(4999)
    await sato.closed.wait()
    said = await read(server)
    assert said["renraku_sockets_closed_total", "other"] == 1
    assert ("renraku_sockets_closed_total", "4999") not in said


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Host": "192.0.2.1"},
        {"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer"},
        {"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer wrong"},
        {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Basic {TOKEN}"},
    ],
)
async def test_for_others_it_is_not_there(guarded: Running, headers: dict[str, str]):
    async with Visitor(guarded) as visitor:
        assert (await visitor.get("/metrics", **headers)).status_code == 404


async def test_who_knows_the_token_reads_it_from_anywhere(guarded: Running):
    headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {TOKEN}"}
    async with Visitor(guarded) as visitor:
        assert (await visitor.get("/metrics", **headers)).status_code == 200


async def test_without_a_token_none_is_good_enough(server: Running):
    headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer"}
    async with Visitor(server) as visitor:
        assert (await visitor.get("/metrics", **headers)).status_code == 404


@pytest.mark.parametrize(("address", "status"), [("https://renraku.example.co.jp", 404), ("http://localhost", 200)])
async def test_behind_a_public_address_the_token_alone_counts(tmp_path, sqlite_template, address: str, status: int):
    """A proxy on the same machine need not say for whom it asks."""
    settings = settings_for(tmp_path / "var", sqlite_template, metrics_token=TOKEN, public_url=address)
    async with running(settings) as server, Visitor(server) as visitor:
        assert (await visitor.get("/metrics")).status_code == status
        assert (await visitor.get("/metrics", Authorization=f"Bearer {TOKEN}")).status_code == 200


async def test_a_database_that_does_not_answer_costs_the_rest_nothing(
    server: Running, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(server.services.readers, "ask", broken)
    assert (await read(server))["renraku_sockets_open",] == 0


async def test_it_says_what_became_of_mails(server: Running):
    for _ in range(3):
        await put(server)
    taken = await server.services.writer.act(mail.claim, "d")
    await server.services.writer.act(mail.finish, "d", taken, State.FAILED)
    told = await read(server)
    assert (told["renraku_mails", "waiting"], told["renraku_mails", "failed"]) == (2, 1)
    assert told["renraku_mails", "doubtful"] == 0

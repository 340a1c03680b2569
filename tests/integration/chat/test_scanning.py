"""clamd is asked besides our own rules; when it does not answer, a setting decides."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from server.settings import WrongSettings, load
from server.work.clamd_address import parse_clamd
from tests.tools.clamd import EICAR, clamd
from tests.tools.company import hire
from tests.tools.files import Bringer
from tests.tools.running import running, settings_for


@pytest.fixture(params=["unix", "tcp"])
async def scanner(request, tmp_path):
    async with clamd(tmp_path / "clamd" if request.param == "unix" else None) as here:
        yield here


@pytest.fixture
def started(tmp_path, sqlite_template):
    """A server with this scanner, and somebody who brings files."""

    async def start(stack, **settings):
        server = await stack.enter_async_context(running(settings_for(tmp_path / "var", sqlite_template, **settings)))
        bringer = Bringer.of(server, await hire(server.services, "sato"))
        return server, await stack.enter_async_context(bringer)

    return start


@pytest.fixture
async def stack():
    async with AsyncExitStack() as here:
        yield here


async def test_what_is_infected_is_refused_and_nothing_of_it_is_kept(scanner, started, stack):
    here, address = scanner
    server, sato = await started(stack, clamav=address)
    answer = await sato.put("請求書.txt", EICAR)
    assert (answer.status_code, answer.json()["code"]) == (400, "file_infected")
    assert [each async for each in server.services.store.walk("files")] == []
    clean = (await sato.put("請求書.txt", b"a" * 300_000)).json()
    assert "uninspected" not in clean and here.asked == 2


async def test_a_scanner_that_does_not_answer_leaves_a_mark_or_holds_the_file_back(scanner, started, stack):
    here, address = scanner
    here.most = 1000
    _, sato = await started(stack, clamav=address)
    assert (await sato.put("大きい.txt", b"a" * 5000)).json()["uninspected"] is True
    for says in (b"stream: OK FOUND maybe\0", b"", b"UNKNOWN COMMAND\0"):
        here.says = says or b"\0"
        assert (await sato.put("小さい.txt", b"a")).json()["uninspected"] is True


async def test_where_it_is_required_the_upload_waits_until_it_answers(scanner, started, stack):
    here, address = scanner
    here.says = b"busy ERROR\0"
    _, sato = await started(stack, clamav=address, clamav_required=True)
    id = await sato.begun("見積.txt", 4)
    refused = await sato.append(id, 0, b"abcd")
    assert (refused.status_code, refused.json()["code"]) == (503, "file_unscanned") and refused.headers["retry-after"]
    assert (await sato.upload(id))["state"] == "receiving"
    here.says = None
    assert (await sato.upload(id))["state"] == "ready", "nothing needs to be sent again"


async def test_what_was_not_looked_through_is_counted(scanner, started, stack):
    here, address = scanner
    here.says = b"busy ERROR\0"
    server, sato = await started(stack, clamav=address)
    await sato.ready()
    assert server.services.meter.files["unscanned"] == 1


@pytest.mark.parametrize("hosts", [(), ("192.0.2.2", "192.0.2.1:3311")])
def test_files_go_to_no_other_machine_that_the_operator_has_not_listed(hosts):
    with pytest.raises(WrongSettings, match="OUTBOUND_HOSTS"):
        load({}, clamav="tcp://192.0.2.1:3310", **({"outbound_hosts": hosts} if hosts else {}))
    for listed in ("192.0.2.1", "192.0.2.1:3310"):
        assert load({}, clamav="tcp://192.0.2.1:3310", outbound_hosts=(*hosts, listed)).clamav


def test_a_place_is_a_path_or_a_host_with_its_port():
    assert parse_clamd("unix:/run/clamd").path == "/run/clamd"
    assert (parse_clamd("tcp://127.0.0.1:3310").host, parse_clamd("tcp://[::1]:1").port) == ("127.0.0.1", 1)
    for wrong in ("unix:clamd", "127.0.0.1:3310", "tcp://host", "tcp://host:1/x", "http://host:1"):
        with pytest.raises(WrongSettings, match="CLAMAV"):
            load({}, clamav=wrong)

"""The door out over TLS: whose certificate is believed."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.work.outbound import OutboundFailed
from tests.tools.elsewhere import Names, door, get, reason, served
from tests.tools.need import need


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for other.test that signs itself, with its key in the same file."""
    if shutil.which("openssl") is None:
        need("openssl", "apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other.test"),
            *("-addext", "subjectAltName=DNS:other.test"),
            *("-keyout", folder / "key", "-out", folder / "certificate"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def tls(certificate: Path) -> Iterator[ssl.SSLContext]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "certificate", certificate / "key")
    return context


async def test_the_certificate_is_checked_against_the_name_and_not_the_address(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate"))
    names = Names(other_test=["127.0.0.1"], else_test=["127.0.0.1"])
    async with served(tls) as secure, door(names, "other.test", "else.test", "127.0.0.1") as listed:
        assert (await get(listed, f"https://other.test:{secure.port}/")).status == 200
        for host in ("else.test", "127.0.0.1"):
            with pytest.raises(OutboundFailed) as failed:
                await get(listed, f"https://{host}:{secure.port}/")
            assert reason(failed) == "certificate"
        assert len(secure.visits) == 1, "nothing was said to the wrong one"


async def test_a_certificate_of_an_unknown_authority_is_refused(tls):
    async with served(tls) as secure, door(Names(other_test=["127.0.0.1"]), "other.test") as listed:
        with pytest.raises(OutboundFailed) as failed:
            await get(listed, f"https://other.test:{secure.port}/")
        assert reason(failed) == "certificate" and secure.visits == []

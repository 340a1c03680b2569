"""Where links to answer begin: the public address, or the demo's own on loopback, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from anpi import links
from server.settings import Settings


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    (tmp_path / "demo.txt").touch()
    return tmp_path


def test_the_public_address_goes_first(demo: Path):
    assert (
        links.base(Settings(var=demo, public_url="https://renraku.example.co.jp/")) == "https://renraku.example.co.jp"
    )


def test_the_demo_on_loopback_is_its_own_outside(demo: Path):
    assert links.base(Settings(var=demo, port=8123)) == "http://127.0.0.1:8123"
    assert links.base(Settings(var=demo, host="::1", port=8123)) == "http://[::1]:8123"


def test_no_other_server_has_an_address_without_being_told(demo: Path, tmp_path_factory: pytest.TempPathFactory):
    assert links.base(Settings(var=tmp_path_factory.mktemp("company"))) == ""
    assert links.base(Settings(var=demo, host="192.0.2.7")) == ""

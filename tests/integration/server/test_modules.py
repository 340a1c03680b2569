"""Every sensible subset of features starts; a name that is none, or whose needs are missing, is told."""

from __future__ import annotations

import pytest

from server.module import Module, UnknownModule, load_modules
from server.settings import WrongSettings, load
from tests.tools.running import running, settings_for


@pytest.mark.parametrize("names", [(), ("directory",), ("chat",), ("web",), ("directory", "web"), ("chat", "web")])
async def test_a_subset_of_the_features_starts_and_answers(tmp_path, sqlite_template, names):
    async with running(settings_for(tmp_path / "var", sqlite_template, modules=names)) as here:
        assert {module.name for module in here.services.modules} == set(names)


def test_an_unknown_feature_is_named():
    with pytest.raises(UnknownModule, match="karaoke"):
        load_modules(["karaoke"])


def test_a_feature_without_what_it_needs_is_told(monkeypatch):
    monkeypatch.setattr("chat.module.module", Module(name="chat", needs=("directory",)))
    with pytest.raises(UnknownModule, match="chat needs directory"):
        load_modules(["chat"])


def test_a_misspelt_setting_is_refused_by_name():
    with pytest.raises(WrongSettings, match="RENRAKU_PROT"):
        load({"RENRAKU_PROT": "80"})


def test_every_wrong_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("RENRAKU_PORT", "many")
    monkeypatch.setenv("RENRAKU_PUBLIC_URL", "talk.example")
    with pytest.raises(WrongSettings) as wrong:
        load()
    assert "RENRAKU_PORT" in str(wrong.value) and "RENRAKU_PUBLIC_URL" in str(wrong.value)

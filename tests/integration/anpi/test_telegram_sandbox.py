"""Telegrams are read where a stranger's bytes can do no harm, as the server does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anpi.hazard.model import Answer
from anpi.hazard.offer import OFFER
from anpi.hazard.telegram import TELEGRAM_BYTES, parse
from server.settings import Settings
from server.work.sandbox import Sandbox, SandboxFailed
from tests.tools.hazard import telegram

LONG = 30.0


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    memory = Settings.model_fields["sandbox_memory_mb"].default * 1024 * 1024
    sandbox = Sandbox(OFFER.sandbox, tmp_path / "sandbox", memory)
    yield sandbox
    await sandbox.close()


async def read(sandbox: Sandbox, data: bytes) -> Answer:
    answer: Answer = await sandbox.run("anpi.telegram", data, seconds=LONG, answer=Answer, slot="urgent")
    return answer


@pytest.mark.parametrize("name", ["32-35_07_01", "32-39_11_05", "37_01_02", "32-39_11_02", "15_12_01_161130_VPWW54"])
async def test_a_telegram_comes_back_as_a_report(sandbox, name):
    assert (await read(sandbox, telegram(name))).report == parse(telegram(name))


async def test_what_is_no_telegram_comes_back_as_a_word_and_the_next_one_is_read(sandbox):
    for data, fault in (
        (b"<!DOCTYPE a><a/>", "doctype"),
        (b"<a>", "not_xml"),
        (b"x" * (TELEGRAM_BYTES + 1), "too_large"),
    ):
        assert await read(sandbox, data) == Answer(fault=fault)
    assert (await read(sandbox, telegram("32-35_07_01"))).report is not None


async def test_as_many_elements_as_fit_into_a_telegram_harm_nobody(sandbox):
    try:
        assert (await read(sandbox, b"<a>" + b"<b/>" * (TELEGRAM_BYTES // 4 - 2) + b"</a>")).fault == "not_a_telegram"
    except SandboxFailed:
        pass
    assert (await read(sandbox, telegram("32-35_07_01"))).report is not None

"""The first run on every database: processes that start together share a code, and one company comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.auth import company, first_run
from server.auth.first_run import Founding
from server.auth.model import Actor, new_account
from server.auth.session_actions import NewSession
from server.auth.tables import accounts
from server.auth.tables import company as company_rows
from server.errors import AppError, NotFound
from server.opening import opened
from server.services import Services
from server.settings import Settings
from tests.tools.mailing import after

STRANGER = Actor(None, "")


def founding(name: str) -> Founding:
    administrator = new_account(f"{name}@b.example", name, privileges=first_run.PRIVILEGES)
    return Founding(f"{name}商事", administrator, "hash", NewSession(f"token of {name}", timedelta(days=1)))


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[tuple[Services, Services]]:
    """Two on PostgreSQL; SQLite has one, which is asked twice."""
    async with opened(settings) as one:
        if settings.embedded:
            yield one, one
            return
        async with opened(settings) as two:
            yield one, two


def later(wait):
    def make(tx):
        return first_run.make_code(replace(tx, now=tx.now + wait), alone=False)

    return make


async def test_those_who_start_together_share_the_code_that_one_of_them_tells(processes):
    act, other = (each.writer.act for each in processes)
    told = await asyncio.gather(act(first_run.make_code, alone=False), other(first_run.make_code, alone=False))
    (code,) = [each for each in told if each]
    for look in (act, other):
        await look(first_run.try_code, STRANGER, code)


async def test_who_starts_later_or_alone_or_after_too_many_tries_makes_a_new_one(processes):
    act, other = (each.writer.act for each in processes)
    codes = [await act(first_run.make_code, alone=False)]
    codes.append(await other(later(first_run.FRESH)))
    codes.append(await act(first_run.make_code, alone=True))
    for _ in range(first_run.TRIES_LIMIT):
        with pytest.raises(AppError):
            await other(first_run.try_code, STRANGER, "wrong")
    codes.append(await other(first_run.make_code, alone=False))
    assert len(set(codes)) == 4 and all(codes)
    await act(first_run.try_code, STRANGER, codes[-1])


async def test_an_hour_after_too_many_tries_one_of_them_makes_a_new_one(processes):
    act, other = (each.writer.act for each in processes)
    old = await act(first_run.make_code, alone=False)
    for _ in range(first_run.TRIES_LIMIT - 1):
        with pytest.raises(AppError):
            await other(first_run.try_code, STRANGER, "wrong")
    assert await act(after(first_run.CLOSED_FOR, first_run.reopen)) is None, "the old one may still be tried"
    with pytest.raises(AppError):
        # The hour begins with the last try.
        await other(after(first_run.CLOSED_FOR, first_run.try_code), STRANGER, "wrong")
    assert await act(after(1.5 * first_run.CLOSED_FOR, first_run.reopen)) is None

    reopen = after(2 * first_run.CLOSED_FOR, first_run.reopen)
    (new,) = [code for code in await asyncio.gather(act(reopen), other(reopen)) if code]
    with pytest.raises(AppError):
        await act(first_run.try_code, STRANGER, old)
    await act(first_run.try_code, STRANGER, new)


async def test_of_two_administrators_one_wins_and_every_process_knows_it(processes):
    one, two = processes
    code = await one.writer.act(first_run.make_code, alone=False)
    both = [
        process.writer.act(first_run.set_up, STRANGER, code, founding(name), ())
        for process, name in ((one, "sano"), (two, "mori"))
    ]
    made = await asyncio.gather(*both, return_exceptions=True)
    (lost,) = [each for each in made if isinstance(each, Exception)]
    (won,) = [each for each in made if not isinstance(each, Exception)]
    assert isinstance(lost, NotFound)
    for table in (accounts, company_rows):
        counted = select(func.count()).select_from(table)
        assert await one.readers.ask(lambda db, counted=counted: db.execute(counted).scalar()) == 1
    for process in processes:
        await process.company.look(process.readers)
        assert (process.company.inhabited, process.company.name) == (True, won.company.name)
        assert await process.writer.act(first_run.make_code, alone=True) is None


async def test_a_company_is_made_once_for_people_who_came_before_it(processes):
    one, two = processes
    first, second = await asyncio.gather(
        one.writer.act(company.ensure, "一番"), two.writer.act(company.ensure, "二番")
    )
    assert first == second

"""What a statement was given stands in no error: errors are written into logs, and people's words are not."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from anpi.tables import templates
from server.data.transaction import Transaction
from tests.tools.running import Running

SECRET = "ひみつの言葉"


def broken(tx: Transaction, statement: Any, rows: Any) -> None:
    tx.connection.execute(statement, rows)


@pytest.mark.parametrize("rows", [1, 2])
async def test_a_row_that_the_database_refuses_is_not_told(server: Running, rows: int):
    row = {"name": None, "title": SECRET, "message": SECRET, "changed_at": server.services.clock()}
    with pytest.raises(DBAPIError) as refused:
        await server.services.writer.act(broken, insert(templates), [row] * rows)
    said = "".join(traceback.format_exception(refused.value))
    assert SECRET not in said and SECRET not in repr(refused.value)
    assert "anpi_templates" in said, "what was wrong is told"


async def test_a_key_that_exists_is_not_told(server: Running):
    row = {"id": 7, "name": SECRET, "title": "", "message": "", "changed_at": server.services.clock()}
    with pytest.raises(DBAPIError) as refused:
        await server.services.writer.act(broken, insert(templates), [row, row])
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert "(7)" not in str(refused.value)


async def test_nor_what_was_asked_for(server: Running):
    wanted = select(text("no_such_column")).select_from(templates).where(templates.c.name == SECRET)
    with pytest.raises(DBAPIError) as refused:
        await server.services.readers.ask(lambda connection: connection.execute(wanted).all())
    assert SECRET not in "".join(traceback.format_exception(refused.value))

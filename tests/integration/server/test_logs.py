"""Logs: one line an event, in both forms, and nothing of an address's query."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server import logs
from server.settings import Settings


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_ours_and_the_librarys_come_out_alike(stream: io.StringIO):
    logs.configure(Settings(log_format="json"), stream)
    with structlog.contextvars.bound_contextvars(request="r1"):
        structlog.get_logger().info("request", path="/x")
        logging.getLogger("uvicorn.error").info("Started %s", "it")

    ours, theirs = lines(stream)
    assert (ours["event"], ours["request"], ours["level"]) == ("request", "r1", "info")
    assert (theirs["event"], theirs["logger"], theirs["request"]) == ("Started it", "uvicorn.error", "r1")


def test_a_traceback_is_one_line_of_json(stream: io.StringIO):
    logs.configure(Settings(log_format="json"), stream)
    try:
        raise RuntimeError("broken\nthing")
    except RuntimeError as bug:
        structlog.get_logger().error("request.failed", exc_info=bug)
    (line,) = lines(stream)
    assert "RuntimeError: broken" in str(line["exception"])


def test_what_uvicorn_says_about_addresses_is_silent(stream: io.StringIO):
    logs.configure(Settings(log_format="json"), stream)
    error, access = logging.getLogger("uvicorn.error"), logging.getLogger("uvicorn.access")
    error.info('%s - "WebSocket %s" [accepted]', "127.0.0.1", "/socket?token=secret")
    error.info('%s - "WebSocket %s" 403', "127.0.0.1", "/socket?token=secret")
    access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", "/a/secret", "1.1", 200)
    assert stream.getvalue() == ""


def test_the_least_that_is_logged_is_settable(stream: io.StringIO):
    logs.configure(Settings(log_format="json", log_level="warning"), stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("alembic.runtime").info("quiet too")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_a_person_at_a_terminal_reads_text(stream: io.StringIO):
    logs.configure(Settings(log_format="text"), stream)
    structlog.get_logger().info("request", path="/x")
    assert "request" in stream.getvalue() and "path" in stream.getvalue() and not stream.getvalue().startswith("{")

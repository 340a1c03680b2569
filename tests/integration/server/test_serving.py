"""What `renraku serve` does before it serves."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest
import structlog

from server.serving import raise_descriptor_limit

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    """A process that begins with few, as most shells make it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, HARD))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_as_many_files_as_the_machine_allows_and_the_log_says_how_many():
    with structlog.testing.capture_logs() as said:
        raise_descriptor_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (HARD, HARD)
    assert said == [{"event": "descriptors", "log_level": "info", "limit": HARD, "before": 500}]


def test_a_machine_that_refuses_is_served_on_all_the_same(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    with monkeypatch.context() as strict, structlog.testing.capture_logs() as said:
        strict.setattr(resource, "setrlimit", refuse)
        raise_descriptor_limit()
    assert [(line["event"], line["limit"]) for line in said] == [("descriptors.unchanged", 500)]

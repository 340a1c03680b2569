"""What stays to the end (tests and modules) the collector looks at no more, and it comes seldom, as in production.

A warning about something that was left open may therefore come some tests later than what left it.
"""

from server import run


def pytest_collection_finish() -> None:
    run.settle_memory()

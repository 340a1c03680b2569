"""The same server as in the integration tests."""

from tests.integration.conftest import company, server

__all__ = ["company", "server"]

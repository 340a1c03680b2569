"""An S3 of one's own, on loopback."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from moto.server import ThreadedMotoServer


@dataclass(frozen=True)
class Buckets:
    """Where it answers."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make(self, name: str) -> None:
        """A new bucket: an empty PUT to its name, as the server asks no signature."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        line.request("PUT", f"/{name}")
        assert line.getresponse().status == 200
        line.close()


@contextmanager
def buckets() -> Iterator[Buckets]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield Buckets(server.get_host_and_port()[1])
    finally:
        server.stop()

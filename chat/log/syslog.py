"""A head as a syslog message (RFC 5424), by UDP, TCP (RFC 6587, counted) or the machine's own socket."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from datetime import datetime

from server.origin import is_loopback
from server.services import Services
from server.work.syslog_address import SyslogAddress, parse_syslog

PRIORITY = 13 * 8 + 5
"""Log audit, notice."""
SECONDS = 10.0


def message(at: datetime, host: str, n: int, hash: str, key: str) -> bytes:
    """One message; all that stands in it is ours."""
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = f'[head@32473 n="{n}" hash="{hash}" key="{key}"]'
    return f"<{PRIORITY}>1 {moment} {host or '-'} renraku - talklog.head {data} talk log head n={n} {hash}".encode()


async def send(services: Services, url: str, message: bytes) -> None:
    """Hand it over. UDP gives no answer: sent is all that is known."""
    address = parse_syslog(url)
    async with asyncio.timeout(SECONDS):
        if address.scheme == "tcp":
            with closing(await _connected(services, address)) as line:
                loop = asyncio.get_running_loop()
                await loop.sock_sendall(line, b"%d %b" % (len(message), message))
            return
        if address.scheme == "unix":
            return _datagram(socket.AF_UNIX, address.path, message)
        host = await _looked_at(services, address)
        _datagram(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, address.port), message)


async def _connected(services: Services, address: SyslogAddress) -> socket.socket:
    if not is_loopback(address.host):
        return await services.outbound.connect(address.host, address.port, purpose="syslog")
    line = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, (_literal(address.host), address.port))
        return line
    except BaseException:
        line.close()
        raise


async def _looked_at(services: Services, address: SyslogAddress) -> str:
    """An address of the host: this machine, or what the door out lets through."""
    if is_loopback(address.host):
        return _literal(address.host)
    return str((await services.outbound.resolve(address.host, address.port, purpose="syslog")).addresses[0])


def _literal(loopback: str) -> str:
    return "127.0.0.1" if loopback == "localhost" else loopback


def _datagram(family: int, to: str | tuple[str, int], message: bytes) -> None:
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as line:
        line.setblocking(False)
        line.sendto(message, to)

"""The list of telegrams that JMA publishes, as bytes of a stranger: which there are, and where.

Read with patterns and not as XML: feeds have held stray HTML, and one broken entry must not hide the others. What the
telegrams themselves say is read strictly, elsewhere.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

from msgspec import Struct

ENTRIES_LIMIT = 5000
FIELD_LIMIT = 500

_FEED = re.compile(rb"<(?:atom:)?feed[\s>]")
_ENTRY = re.compile(r"<entry[\s>](.*?)</entry\s*>", re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>([^<]{0,500})</title\s*>")
_UPDATED = re.compile(r"<updated[^>]*>\s*([^<\s]{10,40})\s*</updated\s*>")
_LINK = re.compile(r"<link\b([^>]{1,1000})>")
_HREF = re.compile(r"""\bhref\s*=\s*["']([^"']{1,500})["']""")
_TYPE = re.compile(r"_\d+_([A-Z]{4}[0-9a-z]{2})_\d+\.xml\Z")
# Mirrors give telegrams names of their own: then the title says what one is.
_TYPES_BY_TITLE = {
    "震度速報": "VXSE51",
    "震源に関する情報": "VXSE52",
    "震源・震度に関する情報": "VXSE53",
    "顕著な地震の震源要素更新のお知らせ": "VXSE61",
    "津波警報・注意報・予報a": "VTSE41",
    "緊急地震速報（警報）": "VXSE43",
    "緊急地震速報（地震動予報）": "VXSE45",
}


class Entry(Struct, frozen=True, array_like=True):
    """One telegram of the list. ``type`` is blank when neither name nor title says it; ``at`` is in milliseconds."""

    url: str
    type: str
    title: str
    at: int

    @property
    def name(self) -> str:
        """What it is known by: two lists that name it mean the same one."""
        return self.url.rpartition("/")[2].removesuffix(".xml")


def read_feed(data: bytes) -> list[Entry] | None:
    """The entries, oldest first; None when this is no feed at all. Runs in the sandbox as ``anpi.feed``."""
    if not _FEED.search(data[:10_000]):
        return None
    text = data.decode("utf-8", "replace")
    found: dict[str, Entry] = {}
    for match in _ENTRY.finditer(text):
        if (entry := _entry(match[1])) is not None:
            found.setdefault(entry.url, entry)
        if len(found) >= ENTRIES_LIMIT:
            break
    return sorted(found.values(), key=lambda each: (each.at, each.url))


def _entry(text: str) -> Entry | None:
    link = _LINK.search(text)
    href = _HREF.search(link[1]) if link else None
    if href is None:
        return None
    title = _TITLE.search(text)
    called = html.unescape(title[1]).strip() if title else ""
    url = html.unescape(href[1])
    return Entry(url, _type(url, called), called[:FIELD_LIMIT], _moment(text))


def _type(url: str, title: str) -> str:
    named = _TYPE.search(url)
    return named[1] if named else _TYPES_BY_TITLE.get(title, "")


def _moment(text: str) -> int:
    """When it was sent; 0 where that cannot be read. Entries are in UTC, others in Japan's time: both say so."""
    found = _UPDATED.search(text)
    try:
        moment = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        return 0
    if moment is None:
        return 0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)

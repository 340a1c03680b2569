"""A stranger's XML made a tree: UTF-8, no DTD, no entities, not larger than a telegram can be."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

TELEGRAM_BYTES = 2 * 1024 * 1024
"""The largest that JMA has sent was under half a MiB."""

REPORT = "{http://xml.kishou.go.jp/jmaxml1/}"
HEAD = "{http://xml.kishou.go.jp/jmaxml1/informationBasis1/}"
SEIS = "{http://xml.kishou.go.jp/jmaxml1/body/seismology1/}"
MET = "{http://xml.kishou.go.jp/jmaxml1/body/meteorology1/}"
EB = "{http://xml.kishou.go.jp/jmaxml1/elementBasis1/}"

_DECLARED = re.compile(r"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")
_TEXT_LIMIT = 2000


class Unreadable(Exception):
    """Why it is no telegram, in one word."""


def tree(data: bytes) -> Element:
    """The root. Raises ``Unreadable``: "too_large", "charset", "doctype" or "not_xml"."""
    if len(data) > TELEGRAM_BYTES:
        raise Unreadable("too_large")
    text = _decoded(data)
    # Whoever may declare entities may make a few bytes into a great many, or read files.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("doctype")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        raise Unreadable("not_xml") from None


def said(element: Element | None, path: str) -> str:
    """The text at a path, without the space around it; "" when there is none."""
    found = element.findtext(path) if element is not None else None
    return (found or "").strip()[:_TEXT_LIMIT]


def moment(text: str) -> datetime | None:
    """A time with its offset, as UTC; None for anything else."""
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("charset") from None
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in ("utf-8", "utf8"):
        raise Unreadable("charset")
    return text

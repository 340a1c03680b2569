"""A conversation as a page that anybody can read: names as of then, no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from html import escape

from chat.log import csv
from chat.log.filtering import Line
from server.texts import Translate

_STYLE = """
body { font: 16px/1.6 system-ui, "Hiragino Sans", "Yu Gothic UI", sans-serif; margin: 2rem auto; max-width: 52rem;
  padding: 0 1rem; color: #1b1f24; background: #fff; }
h1 { font-size: 1.4rem; } article { border-top: 1px solid #d0d7de; padding: .6rem 0; }
header { color: #57606a; font-size: .85rem; } header b { color: #1b1f24; font-size: 1rem; margin-right: .5rem; }
p { margin: .2rem 0; white-space: pre-wrap; overflow-wrap: anywhere; } del { color: #82071e; }
.event { color: #57606a; } code { font-size: .8rem; overflow-wrap: anywhere; } td, th { text-align: left;
  padding: .2rem 1rem .2rem 0; vertical-align: top; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:"
_PICTURES = ("image/png", "image/jpeg", "image/gif")


@dataclass(frozen=True)
class Room:
    """A conversation in the index: its page, its name as of its last line, and what stands in it."""

    page: str
    name: str
    lines: int
    people: tuple[str, ...]


def head(title: str, language: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n"
    )


FOOT = "</body></html>\n"


def entry(line: Line, t: Translate, zone: tzinfo, places: dict[str, str]) -> str:
    """One line; ``places`` says where a file lies, seen from this page."""
    said = line.kind in ("sent", "edited", "deleted")
    parts = [f"<bdi>{escape(csv.told(line, t))}</bdi>"] if csv.told(line, t) else []
    if before := line.text("before"):
        parts.insert(0, f"<del><bdi>{escape(before)}</bdi></del>")
    shown = "".join(f"<p>{part}</p>" for part in parts)
    files = "".join(_file(each.name, each.media, each.sha256, places.get(each.id, ""), t) for each in line.files)
    kind = "" if line.kind == "sent" else f" · {escape(csv.kind(line, t))}"
    who = f"<b><bdi>{escape(line.text('name'))}</bdi></b>" if line.text("name") else ""
    return (
        f'<article id="n{line.n}"{"" if said else " class=event"}><header>{who}'
        f"<time>{escape(csv.moment(line.at, zone))}</time> · {line.n}{kind}</header>{shown}{files}</article>\n"
    )


def index(title: str, facts: Iterable[tuple[str, str]], rooms: Iterable[Room], t: Translate, language: str) -> str:
    """The first page: what this is, and every conversation."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    listed = "".join(
        f'<li><a href="{escape(room.page)}"><bdi>{escape(room.name)}</bdi></a> ({room.lines})'
        f"<br>{escape('、'.join(room.people))}</li>"
        for room in rooms
    )
    heading = escape(t("log.conversations"))
    return f"{head(title, language)}<table>{rows}</table><h2>{heading}</h2><ul>{listed}</ul>{FOOT}"


def _file(name: str, media: str, digest: str, place: str, t: Translate) -> str:
    shown = f"<bdi>{escape(name)}</bdi>"
    if not place:
        return f"<p>{shown} ({escape(t('log.file_gone'))}) <code>SHA-256 {escape(digest)}</code></p>"
    picture = f'<br><img src="{escape(place)}" alt="" width="320">' if media in _PICTURES else ""
    return f'<p><a href="{escape(place)}" download>{shown}</a> <code>SHA-256 {escape(digest)}</code>{picture}</p>'

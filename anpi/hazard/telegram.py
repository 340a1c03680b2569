"""A telegram of JMA (防災情報XML) made a report. Pure, and run in the sandbox as ``anpi.telegram``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree.ElementTree import Element

import msgspec

from anpi.hazard import telegram_quake, telegram_warnings
from anpi.hazard.model import Answer, HazardReport, Info, Status
from anpi.hazard.xml_tree import HEAD, REPORT, TELEGRAM_BYTES, Unreadable, moment, said, tree

__all__ = ["TELEGRAM_BYTES", "TYPES", "parse", "read"]

TYPES = {
    "VXSE42": "緊急地震速報配信テスト",
    "VXSE43": "緊急地震速報（警報）",
    "VXSE45": "緊急地震速報（地震動予報）",
    "VXSE51": "震度速報",
    "VXSE52": "震源に関する情報",
    "VXSE53": "震源・震度に関する情報",
    "VXSE56": "地震の活動状況等に関する情報",
    "VXSE60": "地震回数に関する情報",
    "VXSE61": "顕著な地震の震源要素更新のお知らせ",
    "VTSE41": "津波警報・注意報・予報a",
    "VTSE51": "津波情報a",
    "VPWW53": "気象特別警報・警報・注意報",
    "VPWW54": "気象警報・注意報（Ｈ２７）",
    "VPWW55": "気象警報・注意報（Ｒ０６）（大雨）",
    "VPWW56": "気象警報・注意報（Ｒ０６）（土砂）",
    "VPWW57": "気象警報・注意報（Ｒ０６）（高潮）",
    "VPWW58": "気象警報・注意報（Ｒ０６）（暴風）",
    "VPWW59": "気象警報・注意報（Ｒ０６）（波浪）",
    "VPWW60": "気象警報・注意報（Ｒ０６）（大雪）",
    "VPWW61": "気象警報・注意報（Ｒ０６）（その他注意報）",
}
"""What is understood, and how its title reads: the telegram itself does not hold its type."""

_TYPE_BY_TITLE = {title: type for type, title in TYPES.items()}
_WEATHER = "気象警報・注意報（Ｒ０６）"
"""What the whole family's titles begin with: all are read alike, so that another name in the brackets loses none."""
_STATUS: Mapping[str, Status] = {"通常": "real", "訓練": "drill", "試験": "test"}
_INFO: Mapping[str, Info] = {"発表": "issued", "遅延": "issued", "訂正": "corrected", "取消": "cancelled"}
_BODIES: Mapping[str, Callable[[Element], dict[str, Any]]] = {
    "VXSE43": telegram_quake.warning,
    "VXSE45": telegram_quake.forecast,
    "VXSE51": telegram_quake.observed,
    "VXSE52": telegram_quake.observed,
    "VXSE53": telegram_quake.observed,
    "VXSE61": telegram_quake.observed,
    "VTSE41": telegram_warnings.tsunami,
    **dict.fromkeys((type for type in TYPES if type.startswith("VPWW")), telegram_warnings.weather),
}
_EVENT_ID = re.compile(r"\d{14}")
_JST = timezone(timedelta(hours=9))


def read(data: bytes) -> dict[str, Any]:
    """An ``Answer`` as plain values."""
    try:
        answer = Answer(report=parse(data))
    except Unreadable as problem:
        answer = Answer(fault=str(problem))
    plain: dict[str, Any] = msgspec.to_builtins(answer)
    return plain


def parse(data: bytes) -> HazardReport:
    """The report. Raises ``Unreadable``, with "not_a_telegram" or "unknown_type" besides what ``tree`` says."""
    root = tree(data)
    head = root.find(HEAD + "Head")
    if root.tag != REPORT + "Report" or head is None:
        raise Unreadable("not_a_telegram")
    control = root.find(REPORT + "Control")
    title = said(control, REPORT + "Title")
    kind = _kind(title)
    facts = _envelope(kind, title, control, head)
    body = _BODIES.get(kind)
    if body is not None and facts["info"] != "cancelled":
        facts |= body(root)
    return HazardReport(**{"origin": _origin(kind, head, facts["event_ids"])} | facts)


def _kind(title: str) -> str:
    kind = _TYPE_BY_TITLE.get(title) or ("VPWW55" if title.startswith(_WEATHER) else "")
    if not kind:
        raise Unreadable("unknown_type")
    return kind


def _envelope(kind: str, title: str, control: Element | None, head: Element) -> dict[str, Any]:
    sent = moment(said(control, REPORT + "DateTime"))
    info = _INFO.get(said(head, HEAD + "InfoType"))
    if sent is None or info is None:
        raise Unreadable("not_a_telegram")
    office = said(control, REPORT + "EditorialOffice")
    return {
        "type": kind,
        # What stands for neither is taken for a test: it starts nothing.
        "status": _STATUS.get(said(control, REPORT + "Status"), "test"),
        "info": info,
        "at": sent,
        # A warning about weather continues that of its own office; about quakes the office may change midway.
        "series": f"VPWW/{title}/{office}" if kind.startswith("VPWW") else kind,
        "event_ids": tuple(_EVENT_ID.findall(said(head, HEAD + "EventID")))[:10],
        "title": title,
        "office": office,
        "serial": said(head, HEAD + "Serial")[:10],
        "text": said(head, f"{HEAD}Headline/{HEAD}Text"),
        "early": kind in ("VXSE43", "VXSE45"),
    }


def _origin(kind: str, head: Element, event_ids: tuple[str, ...]) -> datetime | None:
    """When it shook, where the body does not say it."""
    if kind == "VXSE51" and (seen := moment(said(head, HEAD + "TargetDateTime"))):
        return seen
    return moment_of_event(event_ids[-1]) if event_ids else None


def moment_of_event(event_id: str) -> datetime | None:
    """An EventID is the time of detection, in Japan's time."""
    try:
        return datetime.strptime(event_id, "%Y%m%d%H%M%S").replace(tzinfo=_JST).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Rooms and words for the demo company, so that the first screen is not an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from chat import actions, rooms
from chat.frames import Room
from chat.model import Draft
from chat.posting import POSTING
from server.services import Services


@dataclass(frozen=True)
class _Scene:
    kind: str
    name: str
    people: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]


ALL = ("sano", "mori", "hori", "ueda", "watanabe", "oishi", "nguyen", "miura")

SCENES = (
    _Scene(
        "open",
        "全社のお知らせ",
        ALL,
        (
            ("sano", "本日から Renraku を使い始めます。困ったことがあれば「質問箱」へどうぞ。"),
            ("mori", "12月1日(火) 10:00 に避難訓練を行います。安否の連絡先の確認をお願いします。"),
            ("nguyen", "Thank you! The English screen works well."),
        ),
    ),
    _Scene(
        "open",
        "質問箱",
        ("sano", "ueda", "oishi", "nguyen", "miura"),
        (
            ("oishi", "スマートフォンからも使えますか？"),
            ("sano", "はい、ブラウザで同じ画面が開きます。ホーム画面に追加すると便利です。"),
            ("miura", "改行は Shift+Enter、送信は Enter です。変換中の Enter では送信されません。"),
        ),
    ),
    _Scene(
        "closed",
        "静岡工場 第一製造課",
        ("watanabe", "oishi", "miura"),
        (
            ("watanabe", "午前の出荷は予定どおり 11:30 です。"),
            ("oishi", "3号機の点検、終わりました。\n・油圧：正常\n・異音：なし"),
            ("watanabe", "ありがとう。記録は共有フォルダにお願いします。"),
        ),
    ),
    _Scene(
        "group",
        "会議室の予約",
        ("miura", "mori", "hori"),
        (
            ("miura", "会議室Bを 15:00 から押さえました。"),
            ("hori", "助かります。資料は https://example.com/docs/27-03 にあります。"),
        ),
    ),
    _Scene(
        "direct",
        "",
        ("miura", "watanabe"),
        (("miura", "お客様からお電話がありました。10時までに折り返しをお願いします。"),),
    ),
)


async def furnish(services: Services, people: Mapping[str, int]) -> None:
    """Make the rooms and say the lines. ``people`` maps the part of a login ID before the @ to an account."""
    for scene in SCENES:
        if all(name in people for name in scene.people):
            await _play(services, scene, people)


async def _play(services: Services, scene: _Scene, people: Mapping[str, int]) -> None:
    first, *others = (people[name] for name in scene.people)
    if scene.kind == "direct":
        room: Any = await services.writer.act(actions.direct, first, others[0])
    else:
        room = await _named(services, first, scene.name) or await services.writer.act(
            actions.create, first, scene.kind, scene.name, others
        )
    for number, (speaker, text) in enumerate(scene.lines):
        # Again after an interruption: the same lines under the same ids, and so nothing twice.
        client_id = str(uuid5(NAMESPACE_URL, f"demo:{room.id}:{number}"))
        await services.writer.ask(POSTING, Draft(people[speaker], room.id, client_id, text))


async def _named(services: Services, account: int, name: str) -> Room | None:
    mine = await services.readers.ask(rooms.rooms_for, account)
    return next((room for room in mine if room.name == name), None)

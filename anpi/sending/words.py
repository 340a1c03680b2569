"""What a mail says around the administrator's own message, and in which order (A14).

「山田 太郎 様」; what, where, how strong; the link alone on its line; the message; who sends this, the emergency
number, and that it is a drill. An English part follows for those who have chosen English. It is the person's own
mail: it holds his name and his link, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from anpi.sending.variables import NO_FACTS, Facts, areas, filled, level, moment

ASK, CANCELLED = 0, 100
"""Rounds: asking; telling that it was taken back. Between them one is asked again."""
NAME_SLOT, LINK_SLOT = "\ue000", "\ue001"
"""Stand in a text where each mail has its own; private characters, which are taken out of what people write."""
RULE = "――――――――――"
_NO_SLOTS = {ord(NAME_SLOT): None, ord(LINK_SLOT): None}


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is the same in all mails of one incident and round."""

    incident: int
    round: int
    title: str
    message: str
    asks: bool = True
    cause: str = "other"
    facts: Facts = NO_FACTS
    drill: bool = False
    company: str = ""
    sender: str = ""
    emergency: str = ""
    linked: bool = True
    """Whether there is a link: without a public URL there is none."""
    replies: bool = False
    """Whether an answer by reply is read."""

    @property
    def cancelled(self) -> bool:
        return self.round == CANCELLED

    @property
    def subject(self) -> str:
        return f"取消：{self.title}" if self.cancelled else self.title

    @property
    def wants_answer(self) -> bool:
        return self.asks and not self.cancelled


def text(occasion: Occasion, language: str, zone: tzinfo) -> str:
    """The whole text, with ``NAME_SLOT`` and ``LINK_SLOT`` where each mail has its own."""
    blocks = [f"{NAME_SLOT} 様", *_japanese(occasion, zone)]
    if language == "en":
        blocks[0] = f"{NAME_SLOT} 様 (English below)"
        blocks += ["[English]", *_english(occasion, zone)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _japanese(occasion: Occasion, zone: tzinfo) -> Iterator[str]:
    yield "\n".join((*_if(occasion.drill, "【訓練】"), _plain(occasion.title), *_happened(occasion, zone)))
    yield _request(occasion)
    if occasion.wants_answer and occasion.linked:
        yield LINK_SLOT
    if not occasion.cancelled:
        named = filled(_plain(occasion.message), occasion.facts, zone, NAME_SLOT)
        yield named.strip("\n")
    if occasion.wants_answer and occasion.replies:
        yield "リンクを開けないときは、このメールに数字だけを返信してください。\n1 無事　2 軽いけが　3 大けが"
    yield "\n".join((RULE, *_signature(occasion)))


def _happened(occasion: Occasion, zone: tzinfo) -> Iterator[str]:
    """What, where, how strong: only what an authority has announced, and never a forecast of our own."""
    facts = occasion.facts
    at, where, strong = moment(facts, zone), areas(facts), level(facts)
    match occasion.cause:
        case "earthquake":
            yield f"地震　{at}ごろ\n最大震度 {strong}（{where}）"
        case "early_warning":
            yield f"気象庁が緊急地震速報（警報）を発表しました。\n{at}　予想震度 {strong}（{where}）"
        case "tsunami":
            yield f"気象庁が{strong}を発表しました。\n{at}　{where}"
        case "weather":
            yield f"気象庁が特別警報を発表しました。\n{at}　{where}"


def _request(occasion: Occasion) -> str:
    if occasion.cancelled:
        return "先にお送りした災害情報は取り消されました。回答は必要ありません。"
    if not occasion.asks:
        return "お知らせです。回答は必要ありません。"
    again = "まだ回答を確認できていません。\n" if occasion.round > ASK else ""
    if not occasion.linked:
        return f"{again}安否を回答してください。アプリの「安否確認」から回答できます。"
    return f"{again}次のリンクから、安否を回答してください。"


def _signature(occasion: Occasion) -> Iterator[str]:
    yield f"{_plain(occasion.sender or occasion.company)}　安否確認"
    if occasion.emergency:
        yield f"緊急連絡先：{_plain(occasion.emergency)}"
    if occasion.cause != "other":
        yield "出典：気象庁"
    if occasion.drill:
        yield "これは訓練です。"


def _english(occasion: Occasion, zone: tzinfo) -> Iterator[str]:
    yield "\n".join(
        (*_if(occasion.drill, "THIS IS A DRILL."), _plain(occasion.title), *_happened_english(occasion, zone))
    )
    if occasion.wants_answer and occasion.round > ASK:
        yield "We have not had your answer yet."
    if occasion.cancelled:
        yield "The disaster information sent before has been withdrawn. No answer is needed."
    elif not occasion.asks:
        yield "This is for your information. No answer is needed."
    elif occasion.linked:
        yield "Please open the link above and tell us whether you are safe."
    else:
        yield "Please open the app and tell us whether you are safe."
    if occasion.wants_answer and occasion.replies:
        yield "If the link does not open, reply with one digit: 1 safe, 2 slightly hurt, 3 badly hurt."
    yield "\n".join(_signature_english(occasion))


def _happened_english(occasion: Occasion, zone: tzinfo) -> Iterator[str]:
    facts = occasion.facts
    at, where, strong = moment(facts, zone, True), areas(facts, True), level(facts, True)
    match occasion.cause:
        case "earthquake":
            yield f"Earthquake, {at}. Maximum intensity {strong} ({where})"
        case "early_warning":
            yield f"The JMA has issued an earthquake early warning. {at}, expected intensity {strong} ({where})"
        case "tsunami":
            yield f"{strong} issued by the JMA. {at}, {where}"
        case "weather":
            yield f"Emergency warning issued by the JMA. {at}, {where}"


def _signature_english(occasion: Occasion) -> Iterator[str]:
    yield f"Sent by {_plain(occasion.sender or occasion.company)} (safety check)"
    if occasion.emergency:
        yield f"Emergency number: {_plain(occasion.emergency)}"


def _if(really: bool, line: str) -> tuple[str, ...]:
    return (line,) if really else ()


def _plain(text: str) -> str:
    return text.translate(_NO_SLOTS)


def brief(occasion: Occasion, language: str, zone: tzinfo) -> str:
    """What happened and what is wanted, in a few lines, where the message itself has no place."""
    if language == "en":
        lines = (*_if(occasion.drill, "THIS IS A DRILL."), *_happened_english(occasion, zone), _wanted(occasion))
    else:
        lines = (*_if(occasion.drill, "【訓練】"), *_happened(occasion, zone), _asked(occasion))
    return "\n".join(lines)


def notice(occasion: Occasion, language: str, zone: tzinfo, name: str) -> str:
    """What is said in talk: without a link, because the app answers by itself, and the talk log would show it."""
    message = "" if occasion.cancelled else filled(occasion.message, occasion.facts, zone, name).strip("\n")
    blocks = (occasion.subject, brief(occasion, language, zone), message)
    return "\n\n".join(block for block in blocks if block)


def _asked(occasion: Occasion) -> str:
    if not occasion.wants_answer:
        return _request(occasion)
    return "まだ回答を確認できていません。" * (occasion.round > ASK) + "安否を回答してください。"


def _wanted(occasion: Occasion) -> str:
    if occasion.cancelled:
        return "Withdrawn. No answer is needed."
    again = "We have not had your answer yet. " * (occasion.round > ASK)
    return f"{again}Please tell us whether you are safe." if occasion.asks else "No answer is needed."

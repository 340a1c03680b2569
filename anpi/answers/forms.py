"""What administrators of the safety check send and are answered about people's answers, over HTTP."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from anpi.answers.frames import Channel, ClientId, Family, House, Place, Said, Work
from anpi.model import Self
from server.live.frames import Number

NAME_LIMIT = 50
REASON_LIMIT = 200
BULK_LIMIT = 500


class ProxyBody(Struct, forbid_unknown_fields=True):
    """代理回答, for one or for several at once: ``name`` signs it, ``reason`` says how one knows. ``seen``, beside
    ``accounts``: as of when each one's newest answer is that one has seen, 0: none; of several, who has answered
    himself since then is left out."""

    accounts: Annotated[list[Number], Meta(min_length=1, max_length=BULK_LIMIT)]
    answer: Said
    name: Annotated[str, Meta(max_length=NAME_LIMIT)]
    reason: Annotated[str, Meta(max_length=REASON_LIMIT)]
    key: ClientId
    seen: Annotated[list[Number], Meta(max_length=BULK_LIMIT)] = []


class ProxyTaken(Struct, omit_defaults=True):
    """How many answers were written; ``left_out``: accounts that this check does not ask; ``answered_since``: those
    who have answered themselves in the meantime, whose own answers stay."""

    answered: int
    left_out: list[int]
    answered_since: list[int] = []


class AnswerRow(Struct, omit_defaults=True, kw_only=True):
    """One answer of a person's history, as administrators see it. ``incident``: through which check it came."""

    id: int
    at: int
    channel: Channel
    incident: int
    self: Self
    help: bool = False
    where: str = ""
    family: Family = ""
    house: House = ""
    work: Work = ""
    comment: str = ""
    own: dict[str, str] = {}
    location: Place | None = None
    doubtful: bool = False
    by_account: int = 0
    by_name: str = ""
    reason: str = ""


class AnswerHistory(Struct):
    """Everything a person has answered that counts in a check, the newest first."""

    account: int
    answers: list[AnswerRow]

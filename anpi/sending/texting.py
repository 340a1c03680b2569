"""SMS through any service that takes a POST: its address, a header and the body are the operator's.

A message costs, so only who is asked again gets one; and a short one, in one part or two.
"""

from __future__ import annotations

import asyncio
import json

import structlog

from anpi.answers import tokens
from anpi.sending.channels import result
from anpi.sending.composing import Composer
from anpi.sending.deliveries import State
from anpi.sending.leasing import Load, Result, Taken
from server.errors import AppError
from server.services import Services
from server.work.outbound import OutboundRefused

AT_ONCE = 20
UNDER_WAY = 5
SECONDS = 10.0
ANSWER_BYTES = 65_536
TITLE_LIMIT = 30

log = structlog.get_logger()


class Texter:
    """Sends SMS."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._composer = Composer(services)
        self._room = asyncio.Semaphore(UNDER_WAY)

    async def deal(self, load: Load) -> list[Result]:
        """Send each of them one."""
        await self._composer.look()
        return list(await asyncio.gather(*(self._safely(each, load) for each in load.taken)))

    async def _safely(self, taken: Taken, load: Load) -> Result:
        """A mistake of ours with one of them must not have the others sent again: each costs."""
        try:
            return await self._send(taken, load)
        except Exception as problem:
            log.error("anpi.channel_failed", channel="sms", delivery=taken.id, exc_info=problem)
            return result(taken, State.WAITING, "internal", again=True)

    async def _send(self, taken: Taken, load: Load) -> Result:
        settings = self._services.settings
        name, _, value = settings.anpi_sms_header.partition(":")
        headers = {"content-type": "application/json"} | ({name.strip(): value.strip()} if value else {})
        body = filled_body(settings.anpi_sms_body, taken.address, self._text(taken, load))
        try:
            async with self._room:
                answer = await self._services.outbound.fetch(
                    "POST",
                    settings.anpi_sms_url,
                    headers=headers,
                    body=body,
                    limit_bytes=ANSWER_BYTES,
                    seconds=SECONDS,
                    purpose="sms",
                )
        except OutboundRefused as refusal:
            return result(taken, State.FAILED, refusal.code)
        except AppError as problem:
            return result(taken, State.WAITING, problem.code, again=True)
        if 200 <= answer.status < 300:
            return result(taken, State.SENT)
        if answer.status == 429 or answer.status >= 500:
            return result(taken, State.WAITING, str(answer.status), again=True)
        return result(taken, State.FAILED, str(answer.status))

    def _text(self, taken: Taken, load: Load) -> str:
        occasion = self._composer.occasion(taken.round, load.happenings[taken.incident])
        title = occasion.subject
        short = title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…"
        link = tokens.link(self._services.settings, self._services.secrets, taken.incident, taken.account, "sms")
        parts = (f"【{occasion.sender or occasion.company}】", short, link if occasion.wants_answer else "")
        return " ".join(part for part in parts if part)


def filled_body(template: str, to: str, text: str) -> bytes:
    """The JSON body with number and text in it: as strings of JSON, so that neither can end its own."""
    # The number first: it is digits, so that nothing in it can stand for the text.
    filled = template.replace("{to}", _quoted(to)).replace("{text}", _quoted(text))
    return filled.encode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]

"""From a delivery to the mail that goes over the line."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.utils import parseaddr

from anpi import links
from anpi import settings as decided
from anpi.answers import tokens
from anpi.sending import returns
from anpi.sending.leasing import Happening, Taken
from anpi.sending.mails import Recipient, Sender, Template
from anpi.sending.variables import read_facts
from anpi.sending.words import ASK, Occasion
from anpi.settings import AnpiSettings
from server.clock import zone
from server.services import Services
from server.texts import text
from server.work.mail import sender, sender_domain
from server.work.smtp import Parcel

KEPT = 16
"""Templates in mind: a few incidents, rounds and languages at once."""
FRESH_SECONDS = 5.0
PURPOSE = "anpi message id"


@dataclass(frozen=True, slots=True)
class Trial:
    """A test mail (``trial.py``): its number, and whom it is for."""

    number: int
    name: str
    address: str
    language: str


class Composer:
    """Makes mails; keeps the templates of the incidents that are being sent."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._templates: dict[tuple[Occasion, str], Template] = {}
        self._decided = AnpiSettings()
        self._looked: float | None = None
        settings = services.settings
        self._from = parseaddr(sender(settings))[1]
        self._domain = sender_domain(settings)
        self._zone = zone(settings.time_zone)
        self._return = settings.anpi_return_address

    async def look(self) -> None:
        """Learn what the administrators have decided, and the company's name, if that is old."""
        now = asyncio.get_running_loop().time()
        if self._looked is None or now - self._looked >= FRESH_SECONDS:
            self._decided = await self._services.readers.ask(decided.read)
            await self._services.company.look(self._services.readers)
            self._looked = now

    def parcel(self, taken: Taken, happening: Happening) -> Parcel:
        """The mail of this delivery: at each try under the same Message-ID and the same name."""
        services, occasion = self._services, self.occasion(taken.round, happening)
        language = taken.language if taken.language == "en" else "ja"
        link = ""
        if occasion.wants_answer and occasion.linked:
            link = tokens.link(services.settings, services.secrets, taken.incident, taken.account)
        name = self.message_name(taken)
        recipient = Recipient(
            taken.address, taken.name, f"{name}@{self._domain}", link, self._back(returns.REPLY, taken.id)
        )
        content = self._template(occasion, language).mail(recipient, services.clock())
        return Parcel(self._back(returns.BOUNCE, taken.id) or self._from, taken.address, content, name)

    def trial(self, to: Trial) -> Parcel:
        """A mail that differs from those of a safety check in what it says alone: it is marked as a test, asks
        nothing and holds no link, and no answer to it is read."""
        language = to.language if to.language == "en" else "ja"
        occasion = Occasion(
            0,
            ASK,
            text(language, "anpi.trial_title"),
            text(language, "anpi.trial_message"),
            asks=False,
            company=self._services.company.name,
            sender=self._decided.sender_name,
            emergency=self._decided.emergency_number,
        )
        name = f"anpi-test-{to.number}-{self._sign(f'test {to.number}')}"
        recipient = Recipient(to.address, to.name, f"{name}@{self._domain}")
        content = self._template(occasion, language).mail(recipient, self._services.clock())
        return Parcel(self._back(returns.TRIAL, to.number) or self._from, to.address, content, name)

    def occasion(self, round: int, happening: Happening) -> Occasion:
        """What is the same in all mails of this round."""
        settings = self._services.settings
        return Occasion(
            happening.id,
            round,
            happening.title,
            happening.message,
            asks=happening.asks,
            cause=happening.cause,
            facts=read_facts(happening.facts),
            drill=happening.drill,
            company=self._services.company.name,
            sender=self._decided.sender_name,
            emergency=self._decided.emergency_number,
            linked=bool(links.base(settings)),
            replies=bool(self._return and settings.anpi_lmtp),
        )

    def message_name(self, taken: Taken) -> str:
        """The part before the @ of the Message-ID. A database that was put back in time gives no number twice to the
        same person and round."""
        about = f"{taken.incident}.{taken.round}.{taken.id}.{taken.account}"
        return f"anpi-{taken.incident}-{taken.round}-{taken.id}-{self._sign(about)}"

    def _sign(self, about: str) -> str:
        return self._services.secrets.sign(PURPOSE, about.encode()).hex()[:16]

    def _template(self, occasion: Occasion, language: str) -> Template:
        key = (occasion, language)
        found = self._templates.get(key)
        if found is None:
            if len(self._templates) >= KEPT:
                self._templates.pop(next(iter(self._templates)))
            found = Template(occasion, language, Sender(self._from, self._services.company.name), self._zone)
            self._templates[key] = found
        return found

    def _back(self, what: returns.What, number: int) -> str:
        if not self._return:
            return ""
        return returns.address(self._services.secrets, self._return, what, number)

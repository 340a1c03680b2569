"""``/a/<token>``: the page on which somebody answers without signing in, and without a script.

Opening it answers nothing and remembers nothing: scanners open every link. Only its form answers, with a number that
the page has given it. Whatever is wrong with a token is told in the same words.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import OrderedDict
from functools import cache
from html import escape

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from anpi.answers import pages, tokens
from anpi.answers.frames import Said
from anpi.answers.model import Closed, Given, NotAsked, Taken
from anpi.answers.packing import Packed
from anpi.answers.pages import EARLY, NAME, NONCE, ROWS, TIME, Pages, answered_rows, early_note
from anpi.answers.together import Together
from anpi.answers.tokens import KEY_BYTES, Form, Ticket
from anpi.answers.views import Shown, Views
from server.answers import language_of
from server.bodies import read_form
from server.clock import from_millis, to_millis
from server.data.space import DiskFull, Use
from server.errors import AppError, Busy, Invalid, Unavailable
from server.live.rate import Bucket
from server.noise import Noise
from server.origin import header
from server.services import Services
from server.texts import LANGUAGES, sentence, text

ANSWERS_AT_ONCE = 10
ANSWERS_A_SECOND = 0.2
"""For one person's link: not by address, behind which a whole company may sit."""
BUCKETS_LIMIT = 20_000

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "permissions-policy": "geolocation=(self)",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
    "vary": "accept-encoding",
}
_SCRIPT = {"content-type": "text/javascript; charset=utf-8", "cache-control": "public, max-age=86400"}


def routes(services: Services) -> list[BaseRoute]:
    door = Door(services)
    return [
        Route("/a/location.js", show_script, methods=["GET"]),
        Route("/a/{token}", door.show, methods=["GET"]),
        Route("/a/{token}", door.answer, methods=["POST"]),
    ]


async def show_script(request: Request) -> Response:
    return Response(pages.location_script(), headers=_SCRIPT)


class Door:
    """Everything a link can be asked."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._noise = Noise()
        self._buckets: OrderedDict[tuple[int, int], Bucket] = OrderedDict()

    async def show(self, request: Request) -> Response:
        """The form, that it is over, or that the link is none."""
        try:
            ticket, shown = await self._shown(request)
        except Busy as busy:
            return self._busy(request, busy)
        if ticket is None or shown is None:
            return self._invalid(request)
        language = _language(request, shown)
        if shown.state == "closed":
            return self._closed(request, shown, language)
        return self._form(request, self._pages.form(shown, language), shown)

    async def answer(self, request: Request) -> Response:
        """Take the answer, and say what was taken; the same form sent twice is one answer."""
        ticket = tokens.read(self._services.secrets, _token(request))
        try:
            shown = None if ticket is None else await self._views.lately(ticket)
        except Busy as busy:
            return self._busy(request, busy)
        if ticket is None or shown is None:
            return self._invalid(request)
        language, fields = _language(request, shown), await read_form(request)
        try:
            self._hold_back(ticket)
            form = tokens.read_nonce(self._services.secrets, _token(request), fields.get("n", ""))
            if form is None:
                return self._once_more(request, shown, language, fields)
            shown = await self._views.through(shown, form.incident)
            taken, said = await self._take(ticket, form, fields)
        except Closed as closed:
            # Over by now, perhaps since the page was opened: what does the link open now?
            shown = await self._views.of(ticket)
            if shown is None:
                return self._invalid(request)
            if shown.state == "closed":
                return self._closed(request, shown, language)
            return self._again(request, shown, language, sentence(closed, language), fields)
        except NotAsked:
            return self._invalid(request)
        except (Unavailable, Busy, DiskFull) as passing:
            # Perhaps it was taken: with the number that it has, sending it again is safe.
            page = self._pages.asked_again(shown, language, _why(passing, language), fields)
            words = {NAME: escape(shown.name).encode(), NONCE: escape(fields.get("n", "")).encode()}
            return _answer(request, page, words, passing.status)
        except Invalid as refusal:
            if shown.state == "closed":
                return self._closed(request, shown, language)
            return self._again(request, shown, language, sentence(refusal, language), fields)
        words = {
            TIME: self._pages.when(taken.at),
            ROWS: answered_rows(shown, said, language),
            EARLY: b"" if taken.counted else early_note(language),
        }
        return _answer(request, self._pages.thanks(shown, language), words)

    # ------------------------------------------------------------ steps

    @property
    def _pages(self) -> Pages:
        pages: Pages = self._services.state["anpi"].pages
        return pages

    @property
    def _together(self) -> Together:
        together: Together = self._services.state["anpi"].together
        return together

    @property
    def _views(self) -> Views:
        views: Views = self._services.state["anpi"].views
        return views

    async def _shown(self, request: Request) -> tuple[Ticket | None, Shown | None]:
        ticket = tokens.read(self._services.secrets, _token(request))
        return ticket, None if ticket is None else await self._views.of(ticket)

    async def _take(self, ticket: Ticket, form: Form, fields: dict[str, str]) -> tuple[Taken, Said]:
        said = _said(fields)
        self._services.space.require(Use.ANSWERS)
        # Whoever goes back and changes something answers anew; the same words again are the same answer.
        key = f"{form.key}{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]}"
        given = Given(key, ticket.account, form.incident, ticket.via, said, from_millis(form.at))
        return await self._together.ask(given), said

    def _hold_back(self, ticket: Ticket) -> None:
        """Refuse who answers again and again without end."""
        key = (ticket.incident, ticket.account)
        bucket = self._buckets.pop(key, None) or Bucket(ANSWERS_A_SECOND, ANSWERS_AT_ONCE)
        self._buckets[key] = bucket
        if len(self._buckets) > BUCKETS_LIMIT:
            self._buckets.popitem(last=False)
        wait = bucket.take(asyncio.get_running_loop().time())
        if wait > 0:
            raise Busy("too_fast", retry_ms=int(wait * 1000) + 1)

    # ------------------------------------------------------------ pages

    def _form(self, request: Request, page: Packed, shown: Shown, status: int = 200) -> Response:
        at = to_millis(self._services.clock())
        secrets, token = self._services.secrets, _token(request)
        nonce = tokens.nonce(secrets, token, shown.incident.id, at, self._noise.take(KEY_BYTES))
        return _answer(request, page, {NAME: escape(shown.name).encode(), NONCE: nonce.encode()}, status)

    def _again(self, request: Request, shown: Shown, language: str, problem: str, fields: dict[str, str]) -> Response:
        page = self._pages.asked_again(shown, language, problem, fields)
        return self._form(request, page, shown, 400)

    def _once_more(self, request: Request, shown: Shown, language: str, fields: dict[str, str]) -> Response:
        """No page of ours has given this form: it is shown anew, with what was said. Nothing has been answered."""
        if shown.state == "closed":
            return self._closed(request, shown, language)
        return self._again(request, shown, language, text(language, "answer.once_more"), fields)

    def _closed(self, request: Request, shown: Shown, language: str) -> Response:
        return _answer(request, self._pages.said(language, "answer.closed", shown.emergency), {})

    def _busy(self, request: Request, busy: Busy) -> Response:
        """Not even what the link opens can be looked up now; it is told on a page of ours, in few words."""
        language = language_of(request.scope, self._services.settings)
        page = self._pages.sentence(language, _why(busy, language))
        return _answer(request, page, {}, busy.status)

    def _invalid(self, request: Request) -> Response:
        language = language_of(request.scope, self._services.settings)
        return _answer(request, self._pages.said(language, "answer.invalid"), {}, 404)


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token


def _language(request: Request, shown: Shown) -> str:
    # Most links carry no query: parsing none for each would be a part of what a page costs.
    asked = request.query_params.get("lang", "") if request.scope["query_string"] else ""
    return asked if asked in LANGUAGES else shown.language


def _why(passing: AppError, language: str) -> str:
    if isinstance(passing, Busy):
        return text(language, "answer.busy", seconds=str(math.ceil((passing.retry_ms or 1000) / 1000)))
    return sentence(passing, language)


class _Page(Response):
    """Whose headers are the same each time, but for the length."""

    def __init__(self, body: bytes, status: int, *, gzipped: bool) -> None:
        self.body, self.status_code, self.background = body, status, None
        self.raw_headers = [*_headers(gzipped), (b"content-length", b"%d" % len(body))]


@cache
def _headers(gzipped: bool) -> tuple[tuple[bytes, bytes], ...]:
    packed = {"content-encoding": "gzip"} if gzipped else {}
    given = {**_HEADERS, **packed, "content-security-policy": pages.policy()}
    return tuple((name.encode(), value.encode()) for name, value in given.items())


def _answer(request: Request, page: Packed, words: dict[str, bytes], status: int = 200) -> Response:
    if "gzip" in (header(request.scope, b"accept-encoding") or ""):
        return _Page(page.gzipped(words), status, gzipped=True)
    return _Page(page.plain(words), status, gzipped=False)


def _said(fields: dict[str, str]) -> Said:
    """The form as an answer; where somebody is counts only with the tick, and only whole."""
    said: dict[str, object] = {
        "self": fields.get("self", ""),
        "help": fields.get("help") == "1",
        "own": {name[3:]: value for name, value in fields.items() if name.startswith("own") and value},
    }
    for name in ("where", "family", "house", "work", "comment"):
        said[name] = fields.get(name, "").replace("\r\n", "\n")
    location = _location(fields)
    if location is not None:
        said["location"] = location
    if not said["self"]:
        raise Invalid("required", field="self")
    try:
        return msgspec.convert(said, Said)
    except msgspec.ValidationError:
        raise Invalid() from None


def _location(fields: dict[str, str]) -> dict[str, float] | None:
    if fields.get("share") != "1":
        return None
    try:
        lat, lon, accuracy = (float(fields.get(name, "")) for name in ("lat", "lon", "accuracy"))
    except ValueError:
        return None
    if not (math.isfinite(accuracy) and -90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return {"lat": lat, "lon": lon, "accuracy": min(max(accuracy, 0.0), 1_000_000.0)}

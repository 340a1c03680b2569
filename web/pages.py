"""The pages: signing in and out and the password, which work without JavaScript, and the app's own page."""

from __future__ import annotations

import unicodedata
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from server.auth import cookies, door, session_actions
from server.auth.cookies import Way
from server.auth.model import SignedIn
from server.auth.password_rule import MINIMUM_LENGTH
from server.auth.signing_in import Attempt, change_own_password, sign_in
from server.bodies import read_form
from server.errors import AppError, Forbidden, Invalid
from server.services import Services
from server.texts import sentence, text
from web import coming_in, first_run
from web.assets import DIST, STATIC, PageFiles, asset, worker
from web.face import Endpoint, Face, caddy_lines, see
from web.nextpage import safe_next, with_next
from web.templating import Pages

_FIELD_OF = {
    "password_current_wrong": "current",
    "password_differs": "again",
    "password_changed_meanwhile": "current",
    "signin_wait": "current",
    "initial_expired": "current",
    "busy": "current",
}


TALK_PATHS = ("/talk", "/talk/{channel:int}")
ADMIN_PATHS = ("/admin", "/admin/{path:path}", "/talk-log")
ANPI_PATHS = ("/anpi", "/anpi/{path:path}")
DIRECTORY_PATHS = (
    "/directory",
    "/directory/{person:int}",
    "/groups",
    "/groups/{group:int}",
    "/groups/{group:int}/{person:int}",
)
APP_PATHS = ("/", *TALK_PATHS, "/settings", "/settings/profile", *DIRECTORY_PATHS, *ADMIN_PATHS)


def routes(services: Services, pages: Pages) -> list[BaseRoute]:
    face = Face(services, pages)

    def route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(path, partial(endpoint, face), methods=[method])

    return [
        route("/signin", show_sign_in),
        route("/signin", do_sign_in, "POST"),
        route("/signout", do_sign_out, "POST"),
        route("/password", show_password),
        route("/password", do_password, "POST"),
        *first_run.routes(face),
        *coming_in.routes(face),
        *(route(path, show_app) for path in APP_PATHS),
        *(route(path, show_anpi) for path in ANPI_PATHS),
        Route("/assets/{name}", asset),
        Route("/sw.js", worker),
        Mount("/static", PageFiles(directory=STATIC)),
    ]


# ---------------------------------------------------------------- the app


async def show_app(face: Face, request: Request) -> Response:
    """The built app for whoever is signed in; it finds its way by the address."""
    signed_in = await door.find(face.services, request)
    if signed_in is None:
        return see(await face.entrance(request))
    if signed_in.account.must_change:
        return see(with_next("/password", request))
    await face.inhabited()
    if door.must_agree(face.services, signed_in):
        return see(with_next("/agree", request))
    index = DIST / "index.html"
    if not index.is_file():
        language = face.language(request, signed_in)
        title, said = text(language, "page.not_built_title"), text(language, "page.not_built")
        return HTMLResponse(face.pages.message(language, title, said), 503)
    return HTMLResponse(index.read_bytes())


async def show_anpi(face: Face, request: Request) -> Response:
    """The app at 安否確認. With ``?C=<団体コード>``, as the 開通案内 has it, a wrong code is told after signing in:
    the sign-in page is the same for any code.
    """
    code = request.query_params.get("C")
    signed_in = await door.find(face.services, request)
    if (
        code is None
        or signed_in is None
        or signed_in.account.must_change
        or door.must_agree(face.services, signed_in)
    ):
        return await show_app(face, request)
    await face.inhabited()
    company = face.services.company.known
    if company and unicodedata.normalize("NFKC", code).strip().lower() == company.group_code.lower():
        return see("/anpi")
    language = face.language(request, signed_in)
    return HTMLResponse(face.pages.message(language, text(language, "page.group_code_wrong"), ""), 404)


# ---------------------------------------------------------------- signing in and out


async def show_sign_in(face: Face, request: Request) -> Response:
    wanted = safe_next(request.query_params.get("next", ""))
    if await door.find(face.services, request) is not None:
        return see(wanted or "/")
    if not await face.inhabited():
        return see("/setup")
    # Filled in by the code that is printed on a login sheet.
    login_id = request.query_params.get("login_id", "")
    return _sign_in_page(face, request, login_id=login_id[:254], next=wanted)


async def do_sign_in(face: Face, request: Request) -> Response:
    await face.inhabited()
    form = await read_form(request)
    wanted = safe_next(form.get("next", ""))
    login_id = form.get("login_id", "")
    try:
        welcome = await sign_in(face.services, _attempt(face, request, form))
    except AppError as refusal:
        return _sign_in_page(face, request, refusal, login_id=login_id[:254], next=wanted)
    response = see("/password" if welcome.account.must_change else wanted or "/")
    cookies.keep_session(response, request.scope, face.settings, welcome.token)
    cookies.keep_device(response, request.scope, face.settings, welcome.device_mark)
    return response


async def do_sign_out(face: Face, request: Request) -> Response:
    signed_in = await door.find(face.services, request)
    if signed_in is not None:
        actor = door.actor_of(signed_in, request)
        await face.services.writer.act(session_actions.sign_out, actor, signed_in)
    response = see("/signin")
    cookies.drop_session(response, request.scope, face.settings)
    # Not "cookies": the browser stays known to its owner (server/auth/device.py). Not "storage": the colours are
    # nobody's secret, and what was written and not sent the app itself forgets (web/src/chat/unsent.ts).
    response.headers["clear-site-data"] = '"cache"'
    return response


def _attempt(face: Face, request: Request, form: dict[str, str]) -> Attempt:
    if cookies.way(request.scope, face.settings) is Way.NONE:
        raise Forbidden("needs_tls")
    return Attempt(
        login_id=form.get("login_id", ""),
        password=form.get("password", ""),
        actor=door.stranger(request),
        device_mark=cookies.device_mark(request.scope, face.settings),
        agent=request.headers.get("user-agent", ""),
        old_token=cookies.session_token(request.scope, face.settings) or "",
    )


def _sign_in_page(
    face: Face, request: Request, refusal: AppError | None = None, *, login_id: str = "", next: str = ""
) -> Response:
    language = face.language(request)
    return face.page(
        request,
        "signin.html",
        language,
        refusal.status if refusal else 200,
        error=sentence(refusal, language) if refusal else "",
        field="",
        login_id=login_id,
        next=next,
        locked_out=cookies.way(request.scope, face.settings) is Way.NONE,
        public_url=_secure_address(face),
        notice_code=caddy_lines(face),
    )


def _secure_address(face: Face) -> str:
    """Where signing in works; empty when the operator has not said."""
    address = face.settings.public_url
    return address if address.startswith("https://") else ""


# ---------------------------------------------------------------- the password


async def show_password(face: Face, request: Request) -> Response:
    signed_in = await door.find(face.services, request)
    if signed_in is None:
        return see(await face.entrance(request))
    return _password_page(face, request, signed_in, next=safe_next(request.query_params.get("next", "")))


async def do_password(face: Face, request: Request) -> Response:
    signed_in = await door.find(face.services, request)
    if signed_in is None:
        return see("/signin?next=/password")
    form = await read_form(request)
    wanted = safe_next(form.get("next", ""))
    try:
        token = await _change(face, request, signed_in, form)
    except AppError as refusal:
        return _password_page(face, request, signed_in, refusal, next=wanted)
    response = see(wanted or "/")
    cookies.keep_session(response, request.scope, face.settings, token)
    return response


async def _change(face: Face, request: Request, signed_in: SignedIn, form: dict[str, str]) -> str:
    if form.get("new", "") != form.get("again", ""):
        raise Invalid("password_differs")
    return await change_own_password(
        face.services,
        signed_in,
        door.actor_of(signed_in, request),
        form.get("current", ""),
        form.get("new", ""),
        request.headers.get("user-agent", ""),
    )


def _password_page(
    face: Face, request: Request, signed_in: SignedIn, refusal: AppError | None = None, *, next: str = ""
) -> Response:
    language = face.language(request, signed_in)
    return face.page(
        request,
        "password.html",
        language,
        refusal.status if refusal else 200,
        error=sentence(refusal, language) if refusal else "",
        field=_FIELD_OF.get(refusal.code, "new") if refusal else "",
        login_id=signed_in.account.login_id,
        next=next,
        forced=signed_in.account.must_change,
        min_length=MINIMUM_LENGTH,
    )

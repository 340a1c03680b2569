"""The pages on the way in besides the sign-in itself: a code instead of a forgotten password, and 利用目的."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.auth import actions, cookies, door
from server.auth.code_sign_in import CODE_LIMIT, CodeAttempt, try_code, use_code
from server.auth.cookies import Way
from server.auth.model import LOGIN_ID_LIMIT
from server.auth.password_rule import MINIMUM_LENGTH
from server.bodies import read_form
from server.errors import AppError, Forbidden
from server.texts import sentence
from web.face import Endpoint, Face, see
from web.nextpage import safe_next, with_next

_ABOUT_THE_CODE = frozenset({"code_wrong", "needs_tls"})


def routes(face: Face) -> list[BaseRoute]:
    def route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(path, partial(endpoint, face), methods=[method])

    return [
        route("/code", show_code),
        route("/code", do_code, "POST"),
        route("/agree", show_purpose),
        route("/agree", do_agree, "POST"),
    ]


# ---------------------------------------------------------------- a code instead of a password


async def show_code(face: Face, request: Request) -> Response:
    """The form for login ID and code."""
    if not await face.inhabited():
        return see("/setup")
    return _code_page(face, request, {})


async def do_code(face: Face, request: Request) -> Response:
    """First the code alone; the page that comes then asks for the new password, and sends both together."""
    await face.inhabited()
    form = await read_form(request)
    try:
        attempt = _attempt(face, request, form)
        if "new" not in form:
            await try_code(face.services, attempt)
            return _code_page(face, request, form, right=True)
        welcome = await use_code(face.services, attempt, form["new"], form.get("again", ""))
    except AppError as refusal:
        # About the password: the code is right, and stays on the page.
        right = "new" in form and refusal.code not in _ABOUT_THE_CODE
        return _code_page(face, request, form, refusal, right=right)
    response = see("/")
    cookies.keep_session(response, request.scope, face.settings, welcome.token)
    cookies.keep_device(response, request.scope, face.settings, welcome.device_mark)
    return response


def _attempt(face: Face, request: Request, form: dict[str, str]) -> CodeAttempt:
    if cookies.way(request.scope, face.settings) is Way.NONE:
        raise Forbidden("needs_tls")
    return CodeAttempt(
        login_id=form.get("login_id", ""),
        code=form.get("code", ""),
        actor=door.stranger(request),
        device_mark=cookies.device_mark(request.scope, face.settings),
        agent=request.headers.get("user-agent", ""),
        old_token=cookies.session_token(request.scope, face.settings) or "",
    )


def _code_page(
    face: Face, request: Request, form: dict[str, str], refusal: AppError | None = None, *, right: bool = False
) -> Response:
    language = face.language(request)
    waits = refusal is not None and refusal.status == 429
    return face.page(
        request,
        "code.html",
        language,
        refusal.status if refusal else 200,
        error=sentence(refusal, language) if refusal else "",
        field=_field(refusal) if refusal else "",
        login_id=form.get("login_id", "")[:LOGIN_ID_LIMIT],
        # A wrong one is not shown again: it is typed anew. One that nobody has looked at is.
        code=form.get("code", "")[:CODE_LIMIT] if right or waits else "",
        right=right,
        code_limit=CODE_LIMIT,
        min_length=MINIMUM_LENGTH,
    )


def _field(refusal: AppError) -> str:
    if refusal.code in _ABOUT_THE_CODE:
        return "code"
    return "again" if refusal.code == "password_differs" else "new"


# ---------------------------------------------------------------- 利用目的


async def show_purpose(face: Face, request: Request) -> Response:
    """What the company does with what is stored here, to be accepted once."""
    signed_in = await door.find(face.services, request)
    if signed_in is None:
        return see(await face.entrance(request))
    await face.inhabited()
    wanted = safe_next(request.query_params.get("next", ""))
    if signed_in.account.must_change:
        return see(with_next("/password", request))
    if not door.must_agree(face.services, signed_in):
        return see(wanted or "/")
    language = face.language(request, signed_in)
    return face.page(request, "purpose.html", language, purpose=face.services.company.purpose, next=wanted)


async def do_agree(face: Face, request: Request) -> Response:
    signed_in = await door.find(face.services, request)
    if signed_in is None:
        return see(await face.entrance(request))
    if signed_in.account.must_change:
        return see("/password")
    wanted = safe_next((await read_form(request)).get("next", ""))
    await face.inhabited()
    if door.must_agree(face.services, signed_in):
        await face.services.writer.act(actions.agree, door.actor_of(signed_in, request))
    return see(wanted or "/")

"""The pages of the first run: the form that makes the company, and the 開通案内 that its administrator gets."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.auth import company, cookies, door
from server.auth.company import NAME_LIMIT as COMPANY_LIMIT
from server.auth.cookies import Way
from server.auth.model import LOGIN_ID_LIMIT, NAME_LIMIT, Account, Privilege
from server.auth.password_rule import MAXIMUM_BYTES, MINIMUM_LENGTH
from server.auth.setting_up import Wish, set_up
from server.auth.welcome_letter import WelcomeLetter
from server.bodies import read_form
from server.errors import AppError, Forbidden, Invalid, NotFound
from server.origin import own_origin
from server.text import one_line
from server.texts import sentence
from web.face import Endpoint, Face, caddy_lines

FIELDS = {"code": 64, "company": COMPANY_LIMIT, "name": NAME_LIMIT, "kana": NAME_LIMIT, "login_id": LOGIN_ID_LIMIT}
"""What the form asks besides the password, and how much of it is shown again."""

_FIELD_OF = {
    "setup_code_wrong": "code",
    "setup_closed": "code",
    "password_differs": "again",
    "login_id_taken": "login_id",
}


def routes(face: Face) -> list[BaseRoute]:
    def route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(path, partial(endpoint, face), methods=[method])

    return [
        route("/setup", show_setup),
        route("/setup", do_setup, "POST"),
        route("/welcome", save_letter, "POST"),
    ]


async def show_setup(face: Face, request: Request) -> Response:
    """The form, while there is nobody; afterwards no page at all."""
    await _require_nobody(face)
    return _form(face, request)


async def do_setup(face: Face, request: Request) -> Response:
    await _require_nobody(face)
    form = await read_form(request)
    try:
        if cookies.way(request.scope, face.settings) is Way.NONE:
            raise Forbidden("needs_tls")
        made, welcome = await set_up(face.services, _wish(face, request, form))
    except NotFound:
        raise
    except AppError as refusal:
        return _form(face, request, form, refusal)
    letter = WelcomeLetter(made, welcome.account.login_id, _address(face, request))
    response = _welcome_page(face, request, welcome.account, letter, form.get("password", ""))
    cookies.keep_session(response, request.scope, face.settings, welcome.token)
    cookies.keep_device(response, request.scope, face.settings, welcome.device_mark)
    return response


async def save_letter(face: Face, request: Request) -> Response:
    """``<社名>様_ログイン情報.txt``: with the password that the page of the first run gives back, or without one."""
    signed_in = await door.require(face.services, request)
    door.actor_of(signed_in, request).require(Privilege.ADMIN_COMPANY)
    password = (await read_form(request)).get("password", "")
    if len(password.encode()) > MAXIMUM_BYTES or one_line(password) != password.strip():
        raise Invalid("password_characters")
    found = await face.services.readers.ask(company.find)
    if found is None:
        raise NotFound()
    letter = WelcomeLetter(found, signed_in.account.login_id, _address(face, request), password)
    return Response(
        letter.as_file(signed_in.account.language),
        headers={"content-disposition": letter.disposition},
        media_type="text/plain; charset=utf-8",
    )


async def _require_nobody(face: Face) -> None:
    if await face.inhabited():
        raise NotFound()


def _wish(face: Face, request: Request, form: dict[str, str]) -> Wish:
    typed = {name: form.get(name, "") for name in (*FIELDS, "password", "again")}
    return Wish(
        **typed,
        language=face.language(request),
        actor=door.stranger(request),
        agent=request.headers.get("user-agent", ""),
    )


def _form(
    face: Face, request: Request, typed: dict[str, str] | None = None, refusal: AppError | None = None
) -> Response:
    language = face.language(request)
    return face.page(
        request,
        "setup.html",
        language,
        refusal.status if refusal else 200,
        error=sentence(refusal, language) if refusal else "",
        field=_field(refusal) if refusal else "",
        typed={name: (typed or {}).get(name, "")[:limit] for name, limit in FIELDS.items()},
        limits=FIELDS,
        min_length=MINIMUM_LENGTH,
        url=_address(face, request),
        mailed=bool(face.settings.smtp_url),
        locked_out=cookies.way(request.scope, face.settings) is Way.NONE,
        notice_code=caddy_lines(face),
    )


def _field(refusal: AppError) -> str:
    """Which field the sentence is about; what remains are the rules for passwords."""
    named = str(refusal.details.get("field", ""))
    return named or _FIELD_OF.get(refusal.code, "password" if refusal.code.startswith("password_") else "none")


def _welcome_page(face: Face, request: Request, account: Account, letter: WelcomeLetter, password: str) -> Response:
    """Nothing is asked here that could fail: this page is shown once."""
    language = account.language
    return face.page(
        request,
        "welcome.html",
        language,
        facts=letter.facts(language),
        file_name=letter.file_name,
        name=account.name,
        password=password,
        reached=bool(face.settings.public_url),
        outside=face.settings.outbound and "anpi" in face.settings.modules,
    )


def _address(face: Face, request: Request) -> str:
    """How this browser reaches the server."""
    return face.settings.public_url or own_origin(request.scope, face.settings) or ""

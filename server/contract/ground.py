"""What the ground itself promises: connecting, presence, who one is. Features add to it (``Module.contract``)."""

from __future__ import annotations

from server.auth import contract as administering
from server.auth.routes import CompanyMe, Ended, EndSession, Nothing, OwnSettings, SessionList
from server.contract.examples import EXAMPLES
from server.contract.terms import JSON, Answer, Contract, Operation
from server.health import Alive, Failing
from server.live.frames import (
    Bye,
    ChoosePresence,
    Done,
    Error,
    Heads,
    Hello,
    Idle,
    Ping,
    Pong,
    PresenceList,
    WatchPresence,
    Welcome,
)

ETAG = {"ETag": "Names this very document: send it back as `If-None-Match`"}


def _document(id: str, path: str, summary: str) -> Operation:
    answers = (Answer(200, "The document", media=JSON, headers=ETAG), Answer(304, "Still the same", headers=ETAG))
    return Operation(id, "GET", path, summary, answers, signed_in=False)


OPERATIONS = (
    Operation("alive", "GET", "/healthz", "The process answers", (Answer(200, "It does", Alive),), signed_in=False),
    Operation(
        "ready",
        "GET",
        "/readyz",
        "Whether this process can do its work",
        (Answer(200, "It can", Alive), Answer(503, "It cannot", Failing)),
        signed_in=False,
    ),
    Operation(
        "serving",
        "GET",
        "/servez",
        "Whether people can be sent to this process",
        (Answer(200, "They can", Alive), Answer(503, "They cannot", Failing)),
        signed_in=False,
    ),
    Operation(
        "metrics",
        "GET",
        "/metrics",
        "What goes on in this process, in the text format of Prometheus; only for the operator",
        (Answer(200, "The figures", media="text/plain"),),
        signed_in=False,
    ),
    _document("asyncapi", "/api/asyncapi.json", "The socket, for programs: AsyncAPI 3.0"),
    _document("openapi", "/api/openapi.json", "These addresses, for programs: OpenAPI 3.1"),
    Operation("me", "GET", "/api/me", "Who one is", (Answer(200, "Who is signed in", CompanyMe),)),
    Operation(
        "listSessions",
        "GET",
        "/api/sessions",
        "Where one is signed in",
        (Answer(200, "One's sessions, the latest used first", SessionList),),
    ),
    Operation(
        "endSession",
        "POST",
        "/api/sessions/end",
        "Ends one of one's own sessions",
        (Answer(200, "It has ended", Ended),),
        body=EndSession,
    ),
    Operation(
        "endOtherSessions",
        "POST",
        "/api/sessions/end-others",
        "Ends all of one's own sessions but this one",
        (Answer(200, "How many have ended", Ended),),
        body=Nothing,
    ),
    Operation(
        "changeSettings",
        "POST",
        "/api/settings",
        "One's own settings; open sockets come back in the new language",
        (Answer(200, "Who one is now", CompanyMe),),
        body=OwnSettings,
    ),
)

_TOLD = {
    400: (
        "invalid",
        "bad_text",
        "bad_host",
        "format",
        "unreadable",
        "too_long_to_read",
        "setup_code_wrong",
        "required",
        "field_too_long",
        "signin_wrong",
        "password_short",
        "password_long",
        "password_characters",
        "password_common",
        "password_guessable",
        "password_same",
        "password_current_wrong",
    ),
    401: ("signed_out",),
    403: (
        "forbidden",
        "must_change",
        "must_agree",
        "cross_site",
        "needs_tls",
        "setup_closed",
        "outbound_refused",
    ),
    404: ("not_found",),
    405: ("method",),
    409: ("conflict", "password_changed_meanwhile"),
    413: ("too_large",),
    415: ("json_only", "form_only"),
    429: ("busy", "signin_wait"),
    500: ("internal",),
    502: ("outbound_failed",),
    503: ("unavailable", "crowded"),
}

GROUND = Contract(
    answers={
        Hello: (Welcome,),
        Ping: (Pong,),
        WatchPresence: (PresenceList,),
        ChoosePresence: (Done,),
        Idle: (Done,),
    },
    events=(PresenceList, Heads, Error, Bye),
    operations=(*OPERATIONS, *administering.OPERATIONS),
    examples=(*EXAMPLES, *administering.EXAMPLES),
    said=(
        "bad_time",
        "invalid",
        "bad_text",
        "hello_first",
        "hello_twice",
        "not_found",
        "too_fast",
        "busy",
        "disk_full",
        "unavailable",
    ),
    told={
        status: (*_TOLD.get(status, ()), *administering.TOLD.get(status, ()))
        for status in sorted({*_TOLD, *administering.TOLD})
    },
)

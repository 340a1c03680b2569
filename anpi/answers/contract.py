"""What answering promises to strangers: one's own checks on the socket, the page of a link, 代理回答."""

from __future__ import annotations

from msgspec import Struct

from anpi.answers import forms, frames
from anpi.answers.examples import EXAMPLES
from server.contract.terms import HTML, Answer, Contract, Operation

_LINK = "/a/{token}"
_ONE = "/api/anpi/incidents/{id}"
_NONE = Answer(404, "The link is none of ours", media=HTML)
_TOKEN = {"token": "AAy5YBVFhsQTKWrhw4XJIth42AM"}


class LinkAnswer(Struct, omit_defaults=True):
    """The form of a link's page. ``n`` is what the page gave; ``lat`` … count only with ``share`` "1"."""

    n: str
    self: str
    help: str = ""
    own1: str = ""
    own2: str = ""
    own3: str = ""
    own4: str = ""
    own5: str = ""
    work: str = ""
    family: str = ""
    house: str = ""
    where: str = ""
    comment: str = ""
    share: str = ""
    lat: str = ""
    lon: str = ""
    accuracy: str = ""


class LinkAsked(Struct, omit_defaults=True):
    """In which language; without it in the person's own."""

    lang: str = ""


_EXAMPLES: tuple[Struct, ...] = (LinkAnswer(n="DP3Xrp6gNGtr", self="safe", work="cannot"), LinkAsked(lang="en"))

OPERATIONS = (
    Operation(
        "openLink",
        "GET",
        _LINK,
        "The page on which somebody answers without signing in; opening it answers nothing",
        (Answer(200, "The form, or that the check is over", media=HTML), _NONE),
        signed_in=False,
        query=LinkAsked,
        places=_TOKEN,
    ),
    Operation(
        "answerLink",
        "POST",
        _LINK,
        "Answers; the same form sent twice is one answer",
        (Answer(200, "What was answered, and when; or that the check is over", media=HTML), _NONE),
        signed_in=False,
        form=LinkAnswer,
        query=LinkAsked,
        places=_TOKEN,
    ),
    Operation(
        "linkScript",
        "GET",
        "/a/location.js",
        "What fills in where somebody is, when he has ticked it",
        (Answer(200, "The script", media="text/javascript"),),
        signed_in=False,
    ),
    Operation(
        "answerFor",
        "POST",
        f"{_ONE}/proxy",
        "代理回答 for one or several; the same key answers once",
        (Answer(200, "How many were answered for", forms.ProxyTaken),),
        body=forms.ProxyBody,
        places={"id": 7},
    ),
    Operation(
        "showHistory",
        "GET",
        f"{_ONE}/history/{{account}}",
        "Everything that somebody has answered in a check",
        (Answer(200, "The newest first", forms.AnswerHistory),),
        places={"id": 7, "account": 1},
    ),
)

CONTRACT = Contract(
    answers={
        frames.GetMyChecks: (frames.MyChecks,),
        frames.AnswerCheck: (frames.Answered,),
    },
    events=(frames.MyChecks,),
    welcome=frames.AnpiWelcome,
    operations=OPERATIONS,
    examples=(*EXAMPLES, *_EXAMPLES),
    said=("anpi_closed", "anpi_not_asked"),
    told={409: ("anpi_closed",)},
)

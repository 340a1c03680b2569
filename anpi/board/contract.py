"""What the board and 集計 promise to strangers."""

from __future__ import annotations

from anpi.board import forms, frames
from anpi.board.examples import EXAMPLES
from server.contract.terms import Answer, Contract, Operation
from server.live.frames import Done

_ONE = "/api/anpi/incidents/{id}"
_AT = {"id": 7}

OPERATIONS = (
    Operation(
        "showTotals",
        "GET",
        f"{_ONE}/totals",
        "集計 of a check, for administrators of the safety check",
        (Answer(200, "The numbers as of now", forms.Totals),),
        places=_AT,
    ),
    Operation(
        "findAnswers",
        "GET",
        f"{_ONE}/answers",
        "Whom a check asks, found by what they have answered; for the screen and for printing",
        (Answer(200, "A page in the order of all lists", forms.AnswersPage),),
        query=forms.AnswersQuestion,
        places=_AT,
    ),
    Operation(
        "downloadAnswers",
        "GET",
        f"{_ONE}/answers.csv",
        "The same search as a file for Excel: UTF-8 with its mark, CRLF, no formulas",
        (Answer(200, "The file", media="text/csv"),),
        query=forms.AnswersQuestion,
        places=_AT,
    ),
    Operation(
        "listUnreached",
        "GET",
        f"{_ONE}/unreached",
        "Who has not answered, with what one may call, and who is at it",
        (Answer(200, "A page in the order of all lists", forms.Unreached),),
        query=forms.UnreachedQuestion,
        places=_AT,
    ),
    Operation(
        "claimPerson",
        "POST",
        f"{_ONE}/claims",
        "対応中にする for 15 minutes, or not any longer",
        (Answer(200, "Who is at it now", forms.Claim),),
        body=forms.ClaimBody,
        places=_AT,
    ),
)

CONTRACT = Contract(
    answers={frames.WatchBoard: (frames.Board,), frames.LeaveBoard: (Done,)},
    events=(frames.Board, frames.BoardGone),
    operations=OPERATIONS,
    examples=EXAMPLES,
    told={409: ("anpi_claimed", "anpi_answered")},
)

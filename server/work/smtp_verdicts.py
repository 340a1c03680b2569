"""What an answer on the way of a mail means: for this mail, or for all of them.

``Refused`` ends this mail, ``Later`` puts it off, ``RouteTrouble`` says nothing about the mail at all: the way itself
is blocked. ``Unanswered`` is trouble of the worst kind: the mail was handed over whole, and nobody said whether it
was taken.
"""

from __future__ import annotations

import re

from aiosmtplib import SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused

from server.text import storable

SAID_LIMIT = 300
LOGIN_NEEDED = 530

# RFC 3463: X.7.X is about security and policy. At a recipient it says who may hand over mails for whom.
_POLICY = re.compile(r"5\.7\.\d")


class Refused(Exception):
    """This mail will never be taken."""


class Later(Exception):
    """This mail may be taken another time."""


class RouteTrouble(Exception):
    """Nothing can be handed over at the moment."""


class Unanswered(RouteTrouble):
    """The mail was handed over, and perhaps it was taken."""


def verdict(refusal: SMTPResponseException) -> Refused | Later | RouteTrouble:
    """Whom the relay's refusal concerns, and for how long.

    What is said to the sender's address or about the login holds for every mail, and an operator can mend it. So he
    can a relay that does not carry mails to this recipient for us.
    """
    words = said(refusal)
    if isinstance(refusal, SMTPSenderRefused) or refusal.code == LOGIN_NEEDED:
        return RouteTrouble(words)
    if refusal.code < 500:
        return Later(words)
    if isinstance(refusal, SMTPRecipientRefused) and _POLICY.match(refusal.message):
        return Later(words)
    return Refused(words)


def said(problem: Exception) -> str:
    """What went wrong, in a few words that hold no password: the relay's own answer, or the kind of failure."""
    if isinstance(problem, SMTPResponseException):
        words = f"{problem.code} {problem.message}"
    else:
        words = f"{type(problem).__name__}: {problem}"
    return storable(words)[:SAID_LIMIT]

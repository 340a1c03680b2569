"""Refusals: what a rule says when it says no. Each has a code for programs and a sentence for people.

Rules raise an ``AppError``; the rim turns it into an error frame or an HTTP answer in the reader's language
(``server/texts.py``). Anything else that is raised is a bug and is loud.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class AppError(Exception):
    """A refusal that a person can be told. It changes nothing but what stands in ``afterwards``.

    ``afterwards`` are writes that must outlive the refusal (an audit line, a sign-in throttle): the writer
    runs them after it has undone the rest, in the same transaction.
    """

    status = 400
    code = "invalid"

    def __init__(self, code: str | None = None, /, **details: Any) -> None:
        self.code = code or type(self).code
        self.details = details
        self.afterwards: list[Callable[[Any], None]] = []
        super().__init__(self.code)

    def then(self, write: Callable[[Any], None]) -> AppError:
        """The same refusal, with one more write that outlives it."""
        self.afterwards.append(write)
        return self

    @property
    def retry_ms(self) -> int | None:
        """After how many milliseconds asking again makes sense, if the refusal knows."""
        return self.details.get("retry_ms")


class Invalid(AppError):
    """The request itself cannot be: too long, empty, not a value of its kind."""


class SignedOut(AppError):
    """Nobody is signed in, or no longer."""

    status = 401
    code = "signed_out"


class Forbidden(AppError):
    """Known, and not allowed."""

    status = 403
    code = "forbidden"


class NotFound(AppError):
    """Not there, or not yours to see: the two are the same answer."""

    status = 404
    code = "not_found"


class Conflict(AppError):
    """It no longer fits what is there."""

    status = 409
    code = "conflict"


class Busy(AppError):
    """Too much at once; ``retry_ms`` says when to ask again."""

    status = 429
    code = "busy"


class Unavailable(AppError):
    """Whether it happened is unknown: ask again with the same ``client_id``."""

    status = 503
    code = "unavailable"

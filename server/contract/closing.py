"""Why the server closes a socket, and whether a client comes back: for people, for programs, for the documents."""

from __future__ import annotations

from dataclasses import dataclass

from server.live.frames import CloseCode


@dataclass(frozen=True)
class Closing:
    """One close code. ``back`` is what a client does next."""

    code: int
    why: str
    back: str

    @property
    def name(self) -> str:
        """As the browser's code calls it."""
        return next(name for name, code in vars(CloseCode).items() if code == self.code)

    @property
    def final(self) -> bool:
        """Whether a client stays away."""
        return 4400 <= self.code <= 4407


CLOSINGS = (
    Closing(CloseCode.SIGNED_OUT, "The session has ended, or the account is disabled", "No: sign in again"),
    Closing(CloseCode.NO_HELLO, "No hello in time", "Yes"),
    Closing(CloseCode.SLOW, "More was owed than a connection may owe", "Yes, and resume"),
    Closing(CloseCode.RIGHTS_CHANGED, "What this person may do, or the language, has changed", "Yes, at once"),
    Closing(CloseCode.TOO_MANY_ERRORS, "Too many broken frames in a row", "Yes, but the client has a fault"),
    Closing(CloseCode.NOT_TEXT, "A binary message", "Yes, but the client has a fault"),
    Closing(CloseCode.BAD_UTF8, "A message that is not UTF-8", "Yes, but the client has a fault"),
    Closing(CloseCode.TOO_BIG, "A message that is too long", "Yes, but the same message closes again"),
    Closing(CloseCode.RESTART, "The server stops or restarts", "Yes, after retry_ms of bye"),
    Closing(CloseCode.OVERLOADED, "Too many came at once, or hello failed", "Yes, after retry_ms of bye"),
)

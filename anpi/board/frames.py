"""The board on the socket: totals as of ``rev``, told to who watches at most once a second. Times in milliseconds."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType, field

from server.live.frames import Command, Frame, Number


class AnswerCounts(Struct, omit_defaults=True, kw_only=True):
    """How many were asked, and what their newest answers say; ``help``, ``can`` … ``doubtful`` besides."""

    asked: int = 0
    unanswered: int = 0
    safe: int = 0
    minor: int = 0
    major: int = 0
    other: int = 0
    help: int = 0
    can: int = 0
    home: int = 0
    cannot: int = 0
    unknown: int = 0
    doubtful: int = 0


class DepartmentCounts(Struct, omit_defaults=True, kw_only=True):
    """A department of the tree: ``own`` are those with their 本務 in it, ``all`` those below it too. ``id`` 0:
    nobody's; one that is gone by now stands at the top with the name it had."""

    id: int
    name: str
    own: AnswerCounts
    all: AnswerCounts
    parent: int = 0


class AreaCounts(Struct, omit_defaults=True, kw_only=True):
    """An area by which people were asked; ``code`` "" are those without one (地域未登録). ``prefecture``: its JMA
    code of two digits, for the map."""

    code: str
    name: str
    prefecture: str
    counts: AnswerCounts


class PrefectureCounts(Struct, omit_defaults=True, kw_only=True):
    """A prefecture of the map, by its JMA code of two digits."""

    code: str
    name: str
    counts: AnswerCounts


class Curve(Struct, omit_defaults=True, kw_only=True):
    """How answers came in: ``points[n]`` people had answered once ``step`` * (n + 1) after ``since``. ``quarters`` is
    when 25, 50, 75 and 90 % of those asked had answered; 0: not yet."""

    since: int
    step: int
    points: list[int]
    quarters: list[int]


class SendingCounts(Struct, omit_defaults=True, kw_only=True):
    """送信済 298 / 300　不達 2: people by what became of what was sent to them. ``reached``: at least one way worked;
    ``failed``: none did and none waits any more; ``written``: only into a folder; ``none``: no address."""

    people: int = 0
    reached: int = 0
    waiting: int = 0
    failed: int = 0
    written: int = 0
    none: int = 0


class BoardRow(Struct, omit_defaults=True, kw_only=True):
    """The newest of one person, to be put over what a list shows. ``self`` "": 未回答."""

    id: int
    self: str = ""
    help: bool = False
    work: str = ""
    at: int = 0
    doubtful: bool = False
    round: int = 0
    claimed_by: int = 0
    claimed_name: str = ""
    claimed_until: int = 0


class WatchBoard(Command, tag="anpi.watch"):
    """Open the board of a check: answered by all of it, then told when it changes. One at a time: the one before
    is watched no longer."""

    incident: Number


class LeaveBoard(Command, tag="anpi.unwatch"):
    """The board is not on the screen any more."""


class Board(Frame, tag="anpi.board"):
    """A check in numbers as of ``rev``. ``rows`` are the people who changed after ``from``; ``more``: there are more
    than are told, lists are to be read anew. ``departments``: those above before those below."""

    incident: int
    from_: int = field(name="from")
    rev: int
    state: str
    totals: AnswerCounts
    departments: list[DepartmentCounts] = field(default_factory=list)
    areas: list[AreaCounts] = field(default_factory=list)
    prefectures: list[PrefectureCounts] = field(default_factory=list)
    curve: Curve | None = None
    sending: SendingCounts | None = None
    rows: list[BoardRow] = field(default_factory=list)
    more: bool = False
    ref: Number | UnsetType = UNSET


class BoardGone(Frame, tag="anpi.board_gone"):
    """One may not see this board any more."""

    incident: int

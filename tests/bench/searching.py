"""Searching a large company: what a question costs at the server, from the frame to the answer in bytes."""

from __future__ import annotations

import contextlib
import gc
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, Engine, func, insert, select, update

from directory import asking
from directory.demo.filling import fill
from directory.demo.people import Person, people
from directory.frames import FindInDirectory, ListPeople
from directory.pages import Pages
from directory.search import indexing
from directory.tables import people as people_table
from directory.tables import search_grams
from server.auth.model import Privilege, State
from server.auth.tables import accounts, company, privileges
from server.data import engine, migrate
from server.data.readers import Readers
from server.data.transaction import Transaction
from tests.bench import surroundings
from tests.bench.figures import Bench
from tests.bench.markdown import mark, table
from tests.bench.subject import folder_on_disk
from tests.bench.tools import BenchFailed

LETTERS = 20
TYPED = ("a", "o", "0", "3", "@", "co", "田", "部", "た", "し", "営業", "課長", "example", "example.co.jp", "た 部 0")
"""What very many people have."""
RUBBISH = ("zqxj", "ん" * 20, "%_\\'\"", "9" * 20, "🙈🙉", "鬱鬱鬱", "a 0 た z ￥")
LIMIT_MS = 30
FIRST_PAGE_MS = 50
PAGES_READ = 30
FIRST_PAGE = "first page of the list"
WARMING = 50
NUMBERS = ("extension_number", "phone_number", "mobile_number", "email1", "employee_number")
VISIBILITIES: tuple[dict[str, str], ...] = (
    {},
    dict.fromkeys(NUMBERS, "above"),
    dict.fromkeys(NUMBERS, "administrators"),
)


class Searched(msgspec.Struct, frozen=True):
    """One database: the index, and every question's milliseconds by who asks, the slowest last."""

    database: str
    people: int
    index_s: float
    longest_step_ms: float
    grams: int
    milliseconds: dict[str, tuple[float, ...]]
    slowest: str


def searching(bench: Bench) -> Iterator[Searched]:
    """The same company and the same questions on SQLite and on PostgreSQL."""
    for name, opened in (("SQLite", _sqlite()), ("PostgreSQL", _postgres(bench))):
        with opened as url:
            figure = _measured(name, url, bench)
        bench.note(f"searching {name}", figure)
        yield figure


def _measured(name: str, url: str, bench: Bench) -> Searched:
    writing = engine.writing_engine(engine.parse(url))
    try:
        migrate.upgrade(writing)
        if name == "SQLite":
            with writing.connect() as connection:
                # As the server's checkpoints would do meanwhile.
                connection.exec_driver_sql("PRAGMA wal_autocheckpoint=1000")
                connection.commit()
        with writing.begin() as connection:
            limits = dict.fromkeys(("licence_basic", "licence_talk", "licence_anpi"), bench.effort.searched)
            row = {"id": 1, "name": "北斗精機", "group_code": "hokuto", "opened_at": datetime.now(UTC), **limits}
            connection.execute(insert(company), row)
            fill(connection, bench.effort.searched)
        taken = _index(writing)
        with writing.connect() as connection:
            if name == "PostgreSQL":
                # As autovacuum would have done by then.
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
            grams = connection.execute(select(func.count()).select_from(search_grams)).scalar_one()
        asked = {who: sorted(each) for who, each in _asked(url, bench).items()}
    finally:
        writing.dispose()
    slowest = max(each[-1] for who, each in asked.items() if who != FIRST_PAGE)[1]
    milliseconds = {who: tuple(each for each, _text in answers) for who, answers in asked.items()}
    return Searched(name, bench.effort.searched, sum(taken), max(taken) * 1000, grams, milliseconds, slowest)


def _index(writing: Engine) -> list[float]:
    """Seconds of each step."""
    _act(writing, indexing.mark_all)
    steps, answer, taken = indexing.steps(), None, []
    gc.freeze()
    with contextlib.suppress(StopIteration):
        while True:
            began = time.perf_counter()
            answer = _act(writing, steps.send(answer))
            taken.append(time.perf_counter() - began)
    return taken


def _act(writing: Engine, action: Callable[[Transaction], object]) -> object:
    with writing.begin() as connection:
        return action(Transaction(connection, datetime.now(UTC)))


def _asked(url: str, bench: Bench) -> dict[str, list[tuple[float, str]]]:
    """Each question by somebody else, under each company's choice of who sees what; the first ones only warm."""
    chance = random.Random(1)
    questions = [*TYPED, *RUBBISH, *_parts(people(bench.effort.searched), chance, bench.effort.questions)]
    reading = Readers(engine.reading_engine(engine.parse(url), 1), 1)
    writing = engine.throwaway_engine(engine.parse(url))
    taken: dict[str, list[tuple[float, str]]] = {"somebody": [], "an administrator": [], FIRST_PAGE: []}
    try:
        with writing.begin() as connection:
            staff, boss = _askers(connection)
        for visibility in VISIBILITIES:
            with writing.begin() as connection:
                chosen = connection.execute(update(company).values(visibility=json.dumps(visibility)))
                if chosen.rowcount != 1:
                    raise BenchFailed("there is no company that could choose")
            for text in chance.sample(questions, min(WARMING, len(questions))):
                _ask(reading, chance.choice(staff), text)
            for text in questions:
                for who, account in (("somebody", chance.choice(staff)), ("an administrator", boss)):
                    taken[who].append((_timed(_ask, reading, account, text), text))
            for account in chance.sample(staff, PAGES_READ):
                taken[FIRST_PAGE].append((_timed(_first_page, reading, account), ""))
    finally:
        reading.close()
        writing.dispose()
    return taken


def _askers(connection: Connection) -> tuple[list[int], int]:
    """Who may sign in, and one of them as an administrator."""
    a, p = accounts.c, privileges.c
    rights = select(p.account_id).where(p.privilege == Privilege.ADMIN_USER.value)
    known = a.id.in_(select(people_table.c.account_id).where(~people_table.c.gone))
    wanted = select(a.id).where(
        a.state == State.ENABLED.value, a.user_type == "REGULAR_USER", known, a.id.not_in(rights)
    )
    *staff, boss = connection.execute(wanted.order_by(a.id)).scalars()
    connection.execute(insert(privileges), {"account_id": boss, "privilege": Privilege.ADMIN_USER.value})
    return staff, boss


def _timed(action: Callable[..., bytes], *args: object) -> float:
    began = time.perf_counter()
    action(*args)
    return (time.perf_counter() - began) * 1000


def _ask(reading: Readers, account: int, text: str) -> bytes:
    return msgspec.json.encode(reading.ask_now(asking.found, account, FindInDirectory(ref=1, text=text)))


def _first_page(reading: Readers, account: int) -> bytes:
    """Of all people, by the first who asks after a change: nobody has read it before."""
    return msgspec.json.encode(reading.ask_now(asking.people, Pages(), account, ListPeople(ref=1)))


def _parts(everybody: list[Person], chance: random.Random, count: int) -> Iterator[str]:
    """Parts of 1 to 20 characters of what people have in their fields; every tenth is rubbish made of them."""
    for number in range(count):
        person = chance.choice(everybody)
        titles = [post.title for post in person.posts]
        held = [person.name, person.kana, person.alphabet, person.email1, person.phone_number, person.mobile_number]
        text = chance.choice([each for each in (*held, person.employee_number, *titles) if each])
        size = chance.randint(1, LETTERS)
        start = chance.randrange(max(1, len(text) - size + 1))
        part = text[start : start + size]
        yield "".join(chance.sample(part, len(part))) if number % 10 == 0 else part


@contextlib.contextmanager
def _sqlite() -> Iterator[str]:
    with folder_on_disk("search-") as folder:
        yield f"sqlite:///{folder / 'renraku.db'}"


@contextlib.contextmanager
def _postgres(bench: Bench) -> Iterator[str]:
    with surroundings.database(bench.client_core) as database:
        yield database.url


def report(figures: list[Searched]) -> str:
    """The figures as Markdown."""
    titles = ("database", "people", "who asks", "questions", "p50", "p99", "must be", "slowest")
    rows = [row for figure in figures for row in _rows(figure)]
    lines = "\n".join(
        f"- {figure.database}: index of {figure.grams:,} rows made in {figure.index_s:.0f} s, longest step "
        f"{figure.longest_step_ms:.0f} ms; slowest question: `{figure.slowest}`"
        for figure in figures
    )
    return f"### Search in the directory\n\n{table(titles, rows)}\n\n{lines}"


def _rows(figure: Searched) -> Iterator[list[str]]:
    for who, taken in figure.milliseconds.items():
        p99 = taken[int(len(taken) * 0.99)]
        limit = FIRST_PAGE_MS if who == FIRST_PAGE else LIMIT_MS
        yield [
            figure.database,
            f"{figure.people:,}",
            who,
            f"{len(taken):,}",
            f"{taken[len(taken) // 2]:.1f} ms",
            f"{p99:.1f} ms",
            mark(f"p99 ≤ {limit} ms", p99 <= limit),
            f"{taken[-1]:.0f} ms",
        ]

"""Searching a large company: what a question costs at the server, from the frame to the answer in bytes."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Engine, func, select, update

from directory import asking
from directory.demo.filling import fill
from directory.demo.people import Person, people
from directory.frames import FindInDirectory
from directory.search import indexing
from directory.tables import search_grams
from server.auth.tables import company
from server.data import engine, migrate
from server.data.readers import Readers
from server.data.transaction import Transaction
from tests.bench import surroundings
from tests.bench.figures import Bench
from tests.bench.markdown import mark, table
from tests.bench.subject import folder_on_disk

LETTERS = 20
TYPED = ("a", "o", "0", "3", "@", "co", "田", "部", "た", "し", "営業", "課長", "example", "example.co.jp", "た 部 0")
"""What very many people have."""
LIMIT_MS = 30
WARMING = 50
NUMBERS = ("extension_number", "phone_number", "mobile_number", "email1", "employee_number")
VISIBILITIES: tuple[dict[str, str], ...] = (
    {},
    dict.fromkeys(NUMBERS, "above"),
    dict.fromkeys(NUMBERS, "administrators"),
)


class Searched(msgspec.Struct, frozen=True):
    """One database: the index, and every question's milliseconds, the slowest last."""

    database: str
    people: int
    index_s: float
    grams: int
    milliseconds: tuple[float, ...]
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
        with writing.begin() as connection:
            fill(connection, bench.effort.searched)
        began = time.perf_counter()
        _index(writing)
        index_s = time.perf_counter() - began
        with writing.connect() as connection:
            if name == "PostgreSQL":
                # As autovacuum would have done by then.
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
            grams = connection.execute(select(func.count()).select_from(search_grams)).scalar_one()
        taken = sorted(_asked(url, bench))
    finally:
        writing.dispose()
    return Searched(name, bench.effort.searched, index_s, grams, tuple(each for each, _text in taken), taken[-1][1])


def _index(writing: Engine) -> None:
    _act(writing, indexing.mark_all)
    steps, answer = indexing.steps(), None
    with contextlib.suppress(StopIteration):
        while True:
            answer = _act(writing, steps.send(answer))


def _act(writing: Engine, action: Callable[[Transaction], object]) -> object:
    with writing.begin() as connection:
        return action(Transaction(connection, datetime.now(UTC)))


def _asked(url: str, bench: Bench) -> Iterator[tuple[float, str]]:
    """Each question by somebody else, under each company's choice of who sees what; the first ones only warm."""
    chance = random.Random(1)
    questions = [*TYPED, *_parts(people(bench.effort.searched), chance, bench.effort.questions)]
    reading = Readers(engine.reading_engine(engine.parse(url), 1), 1)
    writing = engine.throwaway_engine(engine.parse(url))
    try:
        for visibility in VISIBILITIES:
            with writing.begin() as connection:
                connection.execute(update(company).values(visibility=json.dumps(visibility)))
            for text in chance.sample(questions, min(WARMING, len(questions))):
                _ask(reading, 1, text)
            for text in questions:
                account = chance.randint(1, bench.effort.searched)
                began = time.perf_counter()
                _ask(reading, account, text)
                yield (time.perf_counter() - began) * 1000, text
    finally:
        reading.close()
        writing.dispose()


def _ask(reading: Readers, account: int, text: str) -> bytes:
    return msgspec.json.encode(reading.ask_now(asking.found, account, FindInDirectory(ref=1, text=text)))


def _parts(everybody: list[Person], chance: random.Random, count: int) -> Iterator[str]:
    """Parts of 1 to 20 characters of what people have in their fields."""
    for _ in range(count):
        person = chance.choice(everybody)
        titles = [post.title for post in person.posts]
        held = [person.name, person.kana, person.alphabet, person.email1, person.phone_number, person.mobile_number]
        text = chance.choice([each for each in (*held, person.employee_number, *titles) if each])
        size = chance.randint(1, LETTERS)
        start = chance.randrange(max(1, len(text) - size + 1))
        yield text[start : start + size]


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
    titles = ("database", "people", "questions", "p50", "p99", "must be", "slowest", "index made in", "its rows")
    lines = "\n".join(f"- {figure.database}, slowest: `{figure.slowest}`" for figure in figures)
    return f"### Search in the directory\n\n{table(titles, map(_row, figures))}\n\n{lines}"


def _row(figure: Searched) -> list[str]:
    taken = figure.milliseconds
    p99 = taken[int(len(taken) * 0.99)]
    return [
        figure.database,
        f"{figure.people:,}",
        f"{len(taken):,}",
        f"{taken[len(taken) // 2]:.1f} ms",
        f"{p99:.1f} ms",
        mark(f"≤ {LIMIT_MS} ms", p99 <= LIMIT_MS),
        f"{taken[-1]:.0f} ms",
        f"{figure.index_s:.0f} s",
        f"{figure.grams:,}",
    ]

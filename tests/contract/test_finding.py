"""Both databases find whom a plain look at everybody finds, in the same order, with what each may see."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update

from directory.search import bits, blocks, finding, folding, indexing, many, queries, waiting
from directory.search.kana import is_romaji, one_spelling
from directory.search.lines import NUMBERS, Lines, field_lines, grams, name_lines
from directory.tables import departments, people, posts, search_grams, search_people
from server.auth.tables import accounts
from server.data import engine
from server.data.transaction import Transaction
from server.text import folded

NOW = datetime(2026, 4, 1, tzinfo=UTC)
SURNAMES = [
    ("渡邉", "わたなべ", "Watanabe"),
    ("渡辺", "ワタナベ", ""),
    ("髙橋", "たかはし", "Takahashi"),
    ("庄司", "しょうじ", "SHOJI"),
    ("大野", "おおの", "Ohno"),
    ("𠮷田", "よしだ", ""),
    ("佐藤", "ｻﾄｳ", "Satoh"),
]
GIVEN = [
    ("太郎", "たろう", "Taro"),
    ("花子", "はなこ", "Hanako"),
    ("健一", "けんいち", "Ken'ichi"),
    ("純", "じゅん", ""),
]
TITLES = ["部長", "課長", "課長代理", ""]
OPTIONAL = ("alphabet", "post", "employee_number", "email1", "email2", *NUMBERS)
CLASSES = ("everybody", "above", "administrators", "self")


class Company:
    """A small company in the database, and the same in plain values."""

    def __init__(self, database, seed: int, heads: int = 90) -> None:
        self.database, self.chance = database, random.Random(seed)
        self.parents: dict[int, int | None] = {1: None}
        self.names = {1: "本社"}
        self.people: dict[int, dict] = {}
        self.posts: dict[int, list[tuple[int, str]]] = {}
        with database.begin() as connection:
            self.found_departments(connection)
            for account in range(1, heads + 1):
                self.hire(connection, account)

    def found_departments(self, connection) -> None:
        for number in range(2, 13):
            self.parents[number] = self.chance.randrange(1, number)
            self.names[number] = self.chance.choice(["営業部", "営業第一課", "総務部", "工場", "品質保証課"])
        rows = [
            {"id": each, "code": f"D{each}", "parent_id": parent, "name": self.names[each], "rev": 1}
            for each, parent in self.parents.items()
        ]
        connection.execute(insert(departments), rows)

    def hire(self, connection, account: int) -> None:
        row = {"login_id": f"user{account}@example.co.jp"}
        connection.execute(
            insert(accounts).values(id=account, login_key=row["login_id"], name="", created_at=NOW, **row)
        )
        connection.execute(insert(people).values(account_id=account, rev=1))
        self.people[account] = row
        self.change(connection, account)

    def change(self, connection, account: int) -> None:
        row, chance = self.people[account], self.chance
        (name, kana, latin), (given, given_kana, given_latin) = chance.choice(SURNAMES), chance.choice(GIVEN)
        row |= {"name": f"{name} {given}", "kana": f"{kana} {given_kana}" if chance.random() < 0.8 else ""}
        row["alphabet"] = f"{latin} {given_latin}".strip()
        row |= {field: self.number() for field in NUMBERS}
        row |= {"post": chance.choice(["技師", "", "営業担当"]), "employee_number": f"A-{chance.randrange(50):03}"}
        row |= {"email1": f"{latin or 'x'}{account}@example.co.jp".lower(), "email2": ""}
        row["sort_key"] = f"~ {folded(row['kana'] or row['name'])}"
        own = {"name": row["name"], "kana": row["kana"]}
        connection.execute(update(accounts).where(accounts.c.id == account).values(**own))
        told = {field: row[field] for field in ("sort_key", *OPTIONAL)}
        connection.execute(update(people).where(people.c.account_id == account).values(**told))
        self.move(connection, account)

    def move(self, connection, account: int) -> None:
        held = self.chance.sample(sorted(self.parents), self.chance.choice([0, 1, 1, 1, 2]))
        self.posts[account] = [(each, self.chance.choice(TITLES)) for each in held]
        connection.execute(delete(posts).where(posts.c.account_id == account))
        for place, (department, title) in enumerate(self.posts[account]):
            row = {"account_id": account, "place": place, "department_id": department, "title": title}
            connection.execute(insert(posts).values(**row))

    def leave(self, connection, account: int) -> None:
        del self.people[account]
        connection.execute(update(people).where(people.c.account_id == account).values(gone=True))

    def number(self) -> str:
        if self.chance.random() < 0.4:
            return ""
        return f"0{self.chance.randrange(1, 4)}-{self.chance.randrange(5):04}-{self.chance.randrange(100):04}"

    # ------------------------------------------------------------ the plain look at everybody

    def above(self, department: int | None) -> list[int]:
        chain = []
        while department is not None:
            chain.append(department)
            department = self.parents[department]
        return chain

    def within(self, account: int) -> set[int]:
        return {each for department, _title in self.posts[account] for each in self.above(department)}

    def lines(self, account: int) -> list[tuple[str, str]]:
        row, within = self.people[account], self.within(account)
        lines = name_lines(row["name"], row["kana"], row["alphabet"])
        lines += field_lines(("title", title) for _department, title in self.posts[account])
        lines += field_lines((field, row[field]) for field in ("login_id", *OPTIONAL[1:]))
        return lines + field_lines(("department", self.names[each]) for each in within)

    def seen(self, searcher: finding.Searcher, account: int) -> list[tuple[str, str]]:
        own = {department for department, _title in self.posts.get(searcher.account_id, [])}
        below = bool(own & self.within(account))

        def sees(field: str) -> bool:
            said = {"login_id": "administrators"}.get(field) or searcher.visibility.get(
                field, "administrators" if field == "personal_mobile_number" else "everybody"
            )
            if account == searcher.account_id or said == "everybody":
                return True
            return (said == "above" and below) or (said == "administrators" and searcher.administrator)

        return [line for line in self.lines(account) if sees(line[0])]

    def distance(self, searcher: finding.Searcher, account: int) -> int:
        level = {department for department, _title in self.posts.get(searcher.account_id, [])}
        seen: set[int | None] = {None}
        steps = 0
        while level and not level & self.within(account):
            seen |= level
            level = {self.parents[each] for each in level} - seen
            steps += 1
        return steps if level else 99

    def find(self, searcher: finding.Searcher, text: str) -> list[int]:
        words = folding.words(text)
        ranked = []
        for account, row in self.people.items():
            lines = self.seen(searcher, account)
            if words and all(any(stands(word, line) for line in lines) for word in words):
                opens = any(opening(word, line) for word in words for line in lines)
                ranked.append((self.distance(searcher, account), not opens, row["sort_key"], account))
        return [account for *_rest, account in sorted(ranked)]

    def questions(self, count: int, letters: int = 20) -> list[str]:
        found = []
        for _ in range(count):
            account = self.chance.choice(sorted(self.people))
            row = self.people[account]
            held = [self.names[each] for each in self.within(account)] + [title for _at, title in self.posts[account]]
            text = self.chance.choice([*row.values(), *held, "sho", "syouzi", "吉田", "渡部", "a", "0"]) or "た"
            size = self.chance.randint(1, letters)
            start = self.chance.randrange(max(1, len(text) - size + 1))
            found.append(text[start : start + size])
        return found + [f"{one} {other}" for one, other in zip(found[::3], found[1::3], strict=False)]

    def searcher(self) -> finding.Searcher:
        visibility = {field: self.chance.choice(CLASSES) for field in OPTIONAL if self.chance.random() < 0.5}
        return finding.Searcher(self.chance.randrange(1, 95), self.chance.random() < 0.3, visibility)


def stands(word: str, line: tuple[str, str]) -> bool:
    field, text = line
    if field in NUMBERS:
        return folding.looks_dialled(word) and (folding.number(word) or "?") in text
    spelled = one_spelling(word) if is_romaji(word) else ""
    return word in text or (field in ("name", "kana", "alphabet") and bool(spelled) and spelled in text)


def opening(word: str, line: tuple[str, str]) -> bool:
    field, text = line
    spelled = one_spelling(word) if is_romaji(word) else ""
    starts = text.startswith(word) or (bool(spelled) and text.startswith(spelled))
    return field in ("name", "kana", "alphabet") and starts


@pytest.fixture
def database(settings, monkeypatch):
    # Small, so that a small company has many blocks and is looked at in many pieces.
    monkeypatch.setattr(blocks, "BLOCK_SIZE", 16)
    monkeypatch.setattr(many, "MANY", 8)
    monkeypatch.setattr(many, "LITTLE_IN_A_STEP", 30)
    monkeypatch.setattr(finding, "A_LOOK", 5)
    opened = engine.throwaway_engine(engine.parse(settings.database))
    yield opened
    opened.dispose()


@contextlib.contextmanager
def as_a_reader(database):
    """A connection as the server asks by, with its settings."""
    reading = engine.reading_engine(database.url, 1)
    with reading.connect() as connection:
        yield connection
    reading.dispose()


def act(database, action, *args) -> object:
    with database.begin() as connection:
        return action(Transaction(connection, NOW), *args)


def index(database) -> int:
    steps, answer = indexing.steps(), None
    while True:
        try:
            answer = act(database, steps.send(answer))
        except StopIteration as end:
            return end.value


def expect_the_same(company: Company, questions: int, letters: int = 20) -> None:
    found_any = 0
    with as_a_reader(company.database) as connection:
        for text in company.questions(questions, letters):
            searcher = company.searcher()
            wanted = company.find(searcher, text)
            found = finding.find(connection, searcher, text, 0, 1000)
            assert (text, list(found.ids), found.total) == (text, wanted, len(wanted))
            pages = [finding.find(connection, searcher, text, at, 7).ids for at in range(0, len(wanted), 7)]
            assert [account for page in pages for account in page] == wanted
            for account, field in found.hits.items():
                seen = company.seen(searcher, account)
                assert any(stands(folding.words(text)[0], line) for line in seen if line[0] == field)
            found_any += bool(wanted)
    assert found_any > questions / 3, "this test needs questions that find somebody"


def test_everybody_finds_what_a_plain_look_finds(database, tier):
    company = Company(database, seed=1)
    act(database, indexing.mark_all)
    assert index(database) == 90
    expect_the_same(company, tier(short=60, long=1500))


def test_very_many_stand_in_the_same_order(database, monkeypatch, tier):
    monkeypatch.setattr(finding, "A_LOOK", 2)
    monkeypatch.setattr(finding, "ALL_LOOKED_AT", 3)
    company = Company(database, seed=8)
    act(database, indexing.mark_all)
    index(database)
    sorted_by_the_database: list[int] = []
    monkeypatch.setattr(queries, "in_order", counted(queries.in_order, sorted_by_the_database))
    expect_the_same(company, tier(short=40, long=1000), letters=3)
    assert sum(sorted_by_the_database) > 100


def test_changes_are_found_at_once_and_what_is_gone_no_more(database, tier):
    company = Company(database, seed=2)
    act(database, indexing.mark_all)
    index(database)
    for _ in range(tier(short=3, long=30)):
        ids = company.chance.sample(sorted(company.people), 9)
        with database.begin() as connection:
            company.leave(connection, ids[0])
            for account in ids[1:5]:
                company.change(connection, account)
            for account in ids[5:]:
                company.move(connection, account)
            indexing.refresh(Transaction(connection, NOW), ids)
        expect_the_same(company, 20)


def test_a_department_is_found_by_its_new_name_and_place(database):
    company = Company(database, seed=3)
    act(database, indexing.mark_all)
    index(database)
    company.names[2], company.parents[12] = "研究所", 1
    with database.begin() as connection:
        connection.execute(update(departments).where(departments.c.id == 2).values(name="研究所"))
        connection.execute(update(departments).where(departments.c.id == 12).values(parent_id=1))
        indexing.mark_below(Transaction(connection, NOW), [2, 12])
    index(database)
    searcher = company.searcher()
    with database.connect() as connection:
        found = finding.find(connection, searcher, "研究所", 0, 100)
    assert list(found.ids) == company.find(searcher, "研究所") != []
    assert set(found.hits.values()) == {"department"}
    expect_the_same(company, 20)


def test_a_run_that_ends_anywhere_leaves_nobody_found_wrongly_and_the_next_takes_up_the_rest(database, tier):
    company = Company(database, seed=4, heads=60)
    act(database, indexing.mark_all)
    broken_off = 0
    while not Run(database).ends_within(1 + broken_off * tier(short=13, long=1)):
        broken_off += 1
        expect_a_true_index(database)
        ask_anything(company)
        unsettle(company, 25)
    assert broken_off > 3, "this test needs runs that end in the middle"
    index(database)
    expect_a_true_index(database, settled=True)
    expect_the_same(company, 20)


def test_who_is_changed_during_a_run_is_found_as_he_is_now(database, tier):
    company = Company(database, seed=8, heads=60)
    act(database, indexing.mark_all)
    for _ in range(tier(short=1, long=20)):
        unsettle(company, 40)
        steps, answer = indexing.steps(), None
        with contextlib.suppress(StopIteration):
            while True:
                answer = act(database, steps.send(answer))
                with database.begin() as connection:
                    ids = company.chance.sample(sorted(company.people), 2)
                    company.change(connection, ids[0])
                    if company.chance.random() < 0.1:
                        company.leave(connection, ids[1])
                    indexing.refresh(Transaction(connection, NOW), ids)
        expect_a_true_index(database, settled=True)
        expect_the_same(company, 20)


def test_who_is_marked_again_during_a_run_is_read_again(database):
    company = Company(database, seed=9, heads=40)
    act(database, indexing.mark_all)
    steps, answer = indexing.steps(), None
    with contextlib.suppress(StopIteration):
        while True:
            answer = act(database, steps.send(answer))
            with database.begin() as connection:
                account = company.chance.choice(sorted(company.people))
                company.change(connection, account)
                indexing.mark(Transaction(connection, NOW), [account])
    index(database)
    expect_a_true_index(database, settled=True)
    expect_the_same(company, 20)


def test_a_second_run_takes_over_from_the_first(database, tier):
    company = Company(database, seed=10, heads=60)
    act(database, indexing.mark_all)
    for at in range(4, 120, tier(short=50, long=3)):
        unsettle(company, 40)
        first = Run(database)
        if first.ends_within(at):
            break
        second = Run(database)
        second.ends_within(12)
        assert first.ends_within(2), "the first run ends when it finds that there is a second"
        assert second.ends_within(10_000)
        expect_a_true_index(database, settled=True)
    expect_the_same(company, 20)


def unsettle(company: Company, heads: int) -> None:
    """Other names, posts and leavers, all marked: more than a block's few."""
    with company.database.begin() as connection:
        ids = company.chance.sample(sorted(company.people), min(heads, len(company.people)))
        for account in ids:
            company.change(connection, account)
        for account in ids[:1] if len(company.people) > 40 else ():
            company.leave(connection, account)
        indexing.mark(Transaction(connection, NOW), ids)


class Run:
    """A run that can be left in the middle, and gone on with."""

    def __init__(self, database) -> None:
        self._database, self._steps, self._answer = database, indexing.steps(), None

    def ends_within(self, count: int) -> bool:
        """So many steps; whether it has come to its end."""
        for _ in range(count):
            try:
                self._answer = act(self._database, self._steps.send(self._answer))
            except StopIteration:
                return True
        return False


def expect_a_true_index(database, settled: bool = False) -> None:
    """Each bit stands for a gram of him who stands there; only slots that are held may say anything else."""
    with database.connect() as connection:
        held = waiting.held(connection)
        wanted: dict[tuple[str, int], int] = {}
        for _account, place, lines in connection.execute(
            select(search_people.c.account_id, search_people.c.place, search_people.c.lines)
        ):
            block, slot = queries.block_and_slot(place)
            for gram in grams(msgspec.json.decode(lines, type=Lines)):
                wanted[gram, block] = wanted.get((gram, block), 0) | 1 << slot
        stored = {
            (gram, block): bits.unpacked(packed) & ~held.get(block, 0)
            for gram, block, packed in connection.execute(select(search_grams))
        }
    if settled:
        assert held == {}
        assert stored == wanted
    assert {key: each for key, each in stored.items() if each} == wanted


def ask_anything(company: Company) -> None:
    with company.database.connect() as connection:
        for text in company.questions(5):
            finding.find(connection, company.searcher(), text)


def test_nothing_is_left_of_those_who_are_gone(database):
    company = Company(database, seed=5, heads=20)
    act(database, indexing.mark_all)
    index(database)
    with database.begin() as connection:
        for account in sorted(company.people):
            company.leave(connection, account)
        indexing.refresh(Transaction(connection, NOW), range(1, 21))
    with database.connect() as connection:
        assert connection.execute(select(search_people)).all() == []
        assert connection.execute(select(search_grams.c.gram)).all() == []


def test_a_call_is_from_whoever_has_the_whole_number_where_it_may_be_seen(database):
    company = Company(database, seed=6, heads=3)
    with database.begin() as connection:
        for account in (1, 2, 3):
            cleared = {field: "" for field in NUMBERS}
            connection.execute(update(people).where(people.c.account_id == account).values(**cleared))
        for account, field, number in (
            (1, "phone_number", "03-1234-5678"),
            (2, "personal_mobile_number", "090-0000-0000, (03)1234-5678"),
            (3, "phone_number", "03-1234-56789"),
        ):
            connection.execute(update(people).where(people.c.account_id == account).values({field: number}))
        indexing.refresh(Transaction(connection, NOW), [1, 2, 3])
    assert company.people, "this test needs people"
    nobody, administrator = finding.Searcher(99), finding.Searcher(99, administrator=True)
    with database.connect() as connection:
        for written in ("0312345678", "+81 3-1234-5678", "０３ー１２３４ー５６７８"):
            assert finding.whose(connection, nobody, written).ids == (1,)
            assert set(finding.whose(connection, administrator, written).ids) == {1, 2}
        assert finding.whose(connection, administrator, "1234-5678").ids == ()
        assert finding.whose(connection, administrator, "").ids == ()


def test_who_only_seems_to_begin_with_a_word_comes_after_those_who_do(database):
    company = Company(database, seed=7, heads=3)
    with database.begin() as connection:
        for account, latin in ((1, "Taro Tanaka"), (2, "Tanaka Jiro"), (3, "Suzuki Ichiro")):
            told = {"alphabet": latin, "sort_key": f"~ {account}", "email1": ""}
            connection.execute(update(people).where(people.c.account_id == account).values(**told))
        indexing.refresh(Transaction(connection, NOW), sorted(company.people))
        assert finding.find(connection, finding.Searcher(99), "tanaka").ids == (2, 1)


def test_a_word_whose_grams_stand_apart_in_everybody_costs_little_and_counts_only_whom_it_found(
    database, monkeypatch
):
    company = Company(database, seed=5)
    act(database, indexing.mark_all)
    index(database)
    monkeypatch.setattr(finding, "LOOKED_AT", 20)
    monkeypatch.setattr(finding, "ALL_LOOKED_AT", 10)
    searcher = finding.Searcher(1, True, {})
    looks: list[int] = []
    monkeypatch.setattr(queries, "at_places", counted(queries.at_places, looks))
    with database.connect() as connection:
        found = finding.find(connection, searcher, "00000000")
        assert (found.ids, found.total) == ((), 0)
        assert 0 < sum(looks) < 60 < len(company.people)


def counted(read, looks: list[int]):
    """``read``, noting how many places it is asked for."""

    def reading(connection, places, *how):
        looks.append(len(places))
        return read(connection, places, *how)

    return reading

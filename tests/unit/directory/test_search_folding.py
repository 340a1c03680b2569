"""What is written in several ways is one word for the search; nothing else is."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.search import bits, folding, variants
from directory.search.kana import one_spelling, romaji
from directory.search.lines import FAMILIES, GRAMS_READ, Lines, cover, edged, grams, name_lines
from directory.search.question import Word, whole_number, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("齋藤", "斉藤"),
        ("齊藤", "斎藤"),
        ("渡邊", "渡辺"),
        ("渡邉", "渡辺"),
        ("濵田", "浜田"),
        ("濱田", "浜田"),
        ("澤田", "沢田"),
        ("𠮷田", "吉田"),
        ("葛󠄀城", "葛城"),
        ("\ufa1b田", "福田"),
        ("\ufa19谷", "神谷"),
        ("國學", "国学"),
        ("ﾜﾀﾅﾍﾞ", "わたなべ"),
        ("ワタナベ", "わたなべ"),
        ("シヨウジ", "ショウジ"),
        ("かをる", "カオル"),
        ("ＡＢＣ", "abc"),
        ("〜", "～"),
        ("−", "－"),
        ("ー", "-"),
        ("José", "JOSE"),
        ("Ōno", "ono"),
        ("霞ヶ関", "霞ケ関"),
    ],
)
def test_two_ways_of_writing_are_one(one, other):
    assert one != other, "this test needs two ways"
    assert folding.folded(one) == folding.folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("大", "太"), ("か", "が"), ("さとう", "さと"), ("高", "尚"), ("土", "士")]
)
def test_what_is_different_stays_different(one, other):
    assert folding.folded(one) != folding.folded(other)


def test_the_groups_of_kanji_are_groups():
    groups = variants.groups()
    assert len(groups) >= 150
    every = "".join(groups)
    assert len(set(every)) == len(every), "a kanji stands in one group only"
    for char in every:
        assert "IDEOGRAPH" in unicodedata.name(char)
        assert unicodedata.normalize("NFKC", char) == char, "what Unicode folds needs no line"
    assert all(len(group) > 1 for group in groups)


@pytest.mark.parametrize(
    ("kana", "typed"),
    [
        ("わたなべ", ("watanabe", "watanab", "tanabe")),
        ("たかはし", ("takahashi", "takahasi", "takahash")),
        ("しょうじ", ("shouji", "shoji", "syouji", "syozi", "shohji", "shoj")),
        ("つちや", ("tsuchiya", "tutiya", "tsuch")),
        ("ふじい", ("fujii", "huzii", "fuj")),
        ("おおの", ("ohno", "ono", "oono", "ouno")),
        ("さとう", ("satoh", "satou", "sato")),
        ("しんばし", ("shimbashi", "shinbashi", "sinbasi")),
        ("はっちょう", ("hatchou", "haccho", "hattyou", "hatch")),
        ("じゃ", ("ja", "jya", "zya")),
        ("けんいち", ("ken'ichi", "kenichi", "kennichi")),
        ("ちゅうおう", ("chuo", "chuuou", "tyuuou")),
        ("まつうら", ("matsuura", "matuura")),
        ("いっせい", ("issei",)),
    ],
)
def test_romaji_of_every_system_is_found(kana, typed):
    for word in typed:
        assert one_spelling(word) in romaji(kana), word


def test_a_part_typed_on_the_way_to_a_name_is_found_from_the_third_letter():
    for written in ("takahashi", "shimizu", "tsuchiya", "fujiwara", "watanabe", "yoshida", "matsumoto", "jinbo"):
        whole = one_spelling(written)
        for size in range(3, len(written) + 1):
            assert one_spelling(written[:size]) in whole, written[:size]


@pytest.mark.parametrize(
    "written", ["03-1234-5678", "03ー1234ー5678", "０３（１２３４）５６７８", "+81 3 1234 5678", "+81(0)3-1234-5678"]
)
def test_a_number_is_its_digits(written):
    assert folding.number(written) == "0312345678"


def test_a_field_may_hold_several_numbers():
    assert folding.numbers("03-1、04-2; ") == ["031", "042"]


def test_sets_of_slots_come_back_as_they_were_stored():
    for slots in ([], [0], [5, 2047], list(range(0, 2048, 3)), [1_000_000], list(range(100_000, 100_050))):
        held = sum(1 << slot for slot in slots)
        assert bits.unpacked(bits.packed(held)) == held
        assert bits.slots(held) == slots
        assert bits.lowest_free(held) not in slots
    assert bits.lowest_free(0b1011) == 2
    assert len(bits.packed(1 << 2000)) < 8


def test_every_part_of_a_line_is_covered_by_its_grams():
    line = "takahashi花子"
    held = grams(Lines((("name", line),)))
    for start in range(len(line)):
        for end in range(start + 1, len(line) + 1):
            assert {f"n{gram}" for gram in cover(line[start:end])} <= held
    assert {f"n{gram}" for gram in cover(edged("n", line))} <= held
    assert len(cover("abcdefghijklmnopqrst")) == GRAMS_READ


def test_a_name_is_found_in_the_ways_it_is_typed():
    lines = name_lines("髙橋 花子", "タカハシ ハナコ", "TAKAHASHI Hanako")
    assert lines == [
        ("name", "高橋花子"),
        ("kana", "たかはしはなこ"),
        ("kana", "takahasihanako"),
        ("alphabet", "takahashihanako"),
        ("alphabet", "takahasihanako"),
    ]


def test_a_question_is_cut_into_words_and_ends_somewhere():
    assert [word.needles["d"] for word in words_of(" 営業　０３-12 ")] == [("営業",), ("03-12",)]
    assert words_of(" 　") == []
    assert len(words_of(" ".join(map(str, range(100))))) == 8
    assert all(len(needle) <= 200 for word in words_of("あ" * 10_000) for needle in word.needles["n"])


def test_letters_are_not_looked_for_among_digits():
    (word,) = words_of("03-12")
    assert word.needles["h"] == ("0312",)
    (word,) = words_of("a1")
    assert "h" not in word.needles
    (word,) = words_of("佐藤")
    assert not word.needles.keys() & {"h", "1", "2", "l"}


def test_the_whole_of_a_number_is_asked_for():
    assert whole_number("03-12").needles["h"] == ("\x020312\x03",)
    assert whole_number("no number") is None


SPOILT = st.text(st.sampled_from('a"\\\x00\x02\x03\x1f\x7f\u2028/é渡𠮷'), min_size=1, max_size=4)


@given(st.sampled_from(sorted(FAMILIES)), SPOILT, SPOILT, SPOILT)
def test_a_glance_at_what_is_stored_turns_nobody_away_who_is_found(field, before, needle, after):
    lines = Lines(((field, before + needle + after),))
    word = Word(dict.fromkeys(FAMILIES.values(), (needle,)))
    assert word.stands_in(lines.lines) == field
    assert word.may_stand_in(msgspec.json.encode(lines).decode())
    assert not Word({"n": ("zzz",)}).may_stand_in(msgspec.json.encode(lines).decode())

"""What people write for an area is the area that they mean, or all that they may mean."""

import pytest

from directory.areas import tables
from directory.areas.deriving import shortest
from directory.areas.resolving import area_of, name_of, resolve


def codes(text: str) -> list[str]:
    return [area.code for area in resolve(text)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("東京都", "13"),
        ("東京", "13"),
        ("北海道", "01"),
        ("奈良県", "29"),
        ("東京都府中市", "1320600"),
        ("港北区", "1410900"),
        ("横浜市港北区", "1410900"),
        ("神奈川県横浜市港北区", "1410900"),
        ("横浜港北区", "1410900"),
        ("横浜市", "360"),
        ("奈井江町", "0142400"),
        ("空知郡奈井江町", "0142400"),
        ("北海道奈井江町", "0142400"),
        ("郡上市", "2121900"),
        ("大和郡山市", "2920300"),
        ("四日市市", "2420200"),
        ("鹿嶋市", "0822200"),
        ("鹿島市", "4120700"),
        ("龍ヶ崎市", "0820800"),
        ("竜ケ崎市", "0820800"),
        ("東京都 23区", "350"),
        ("石狩地方北部", "100"),
        ("鹿児島県十島村", "4630400"),
        ("13", "13"),
        ("350", "350"),
        ("0110100", "0110100"),
        ("100-0001", "1310100"),
        ("1000001", "1310100"),
        ("〒１００－０００１", "1310100"),
        ("100ー0001", "1310100"),
        ("857-4901", "4220202"),
    ],
)
def test_what_is_unique_is_one_area(text, code):
    assert codes(text) == [code]


@pytest.mark.parametrize("text", ["", " ", "どこか", "999-9999", "99", "1-1", "0" * 8, "東京都横浜市"])
def test_what_nobody_knows_is_none(text):
    assert codes(text) == []


def test_what_may_be_several_is_all_of_them():
    assert codes("府中市") == ["1320600", "3420800"]
    assert {area.pref_code for area in resolve("池田町")} == {"01", "18", "20", "21"}
    assert {area.name for area in resolve("港区")} == {"東京都港区", "愛知県名古屋市港区", "大阪府大阪市港区"}


def test_seven_digits_that_are_a_city_and_a_postal_code_are_both():
    assert tables.both(), "this test needs a city whose code is a postal code elsewhere"
    for city, others in tables.both().items():
        assert codes(city) == [city, *others]
        assert codes(f"{city[:3]}-{city[3:]}") == list(others)


def test_every_name_of_every_city_leads_to_it():
    for code, city in tables.cities().items():
        prefecture = tables.prefectures()[city.pref_code].name
        assert codes(code)[0] == code
        assert codes(city.name) == [code]
        assert codes(city.jma_name) == [code]
        assert codes(prefecture + city.jma_name) == [code]
        assert city in resolve(city.name.removeprefix(prefecture))


def test_every_area_lies_where_the_tables_say():
    assert (len(tables.prefectures()), len(tables.areas()), len(tables.cities())) == (47, 188, 1894)
    for city in tables.cities().values():
        assert tables.areas()[city.area_code].pref_code == city.pref_code
    assert {area.pref_code for area in tables.areas().values()} == tables.prefectures().keys()
    assert all(code in tables.cities() for codes in tables.postal().values() for code in codes)


def test_a_code_has_a_name():
    assert name_of("13") == "東京都"
    assert name_of("1310100") == "東京都千代田区"
    assert area_of("1310100").area_code == "350"
    assert name_of("9999999") is None


def test_the_shortest_prefixes_say_what_the_codes_say():
    full = {"1000001": {"a"}, "1000002": {"a"}, "1010001": {"b"}, "1010002": {"a", "b"}}
    assert shortest(full) == {"100": {"a"}, "1010001": {"b"}, "1010002": {"a", "b"}}

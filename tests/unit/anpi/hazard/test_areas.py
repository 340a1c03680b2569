"""How areas lie in one another, and which prefectures the coasts belong to."""

from __future__ import annotations

import pytest

from anpi.hazard.areas import around, covered, known_or, meeting
from anpi.hazard.levels import INTENSITIES, TSUNAMI, higher, highest, reaches
from anpi.hazard.tsunami_areas import by_prefecture, code_of, prefectures_of
from directory.areas.tables import prefectures

# JMA's own 結合表現: of which areas the coast of a prefecture is made.
JOINED = {
    "青森県": "200 201 202",
    "千葉県": "310 311 312",
    "神奈川県": "312 330",
    "新潟県": "340 341",
    "石川県": "360 361",
    "愛知県": "390 391",
    "三重県": "391 400",
    "兵庫県": "520 521 522",
    "島根県": "550 551",
    "愛媛県": "600 601",
    "山口県": "700 701",
    "福岡県": "710 711 712",
    "佐賀県": "712 720",
    "長崎県": "712 730 731",
    "熊本県": "712 740",
    "大分県": "750 751",
    "鹿児島県": "770 771 772 773",
    "沖縄県": "800 801 802",
    "東京都": "312 320 321",
    "北海道": "100 101 102 110 111 120",
}
INLAND = {"栃木県", "群馬県", "埼玉県", "山梨県", "長野県", "岐阜県", "滋賀県", "奈良県"}


def coast_of(name: str) -> set[str]:
    (code,) = (code for code, area in prefectures().items() if area.name == name)
    return {area for area, before in prefectures_of().items() if code in before}


@pytest.mark.parametrize(("name", "areas"), JOINED.items())
def test_a_coast_is_made_of_the_areas_that_jma_joins_for_it(name, areas):
    assert coast_of(name) == set(areas.split())


def test_the_sixty_six_areas_lie_before_every_prefecture_that_has_a_coast():
    assert len(prefectures_of()) == len(code_of()) == 66
    assert {name for name in (area.name for area in prefectures().values()) if not coast_of(name)} == INLAND


def test_an_area_called_as_its_prefecture_lies_before_it_alone():
    called = {
        name: code for name, code in code_of().items() if name in {area.name for area in prefectures().values()}
    }
    assert len(called) == 19
    for name, code in called.items():
        assert [prefectures()[each].name for each in prefectures_of()[code]] == [name]


def test_a_tsunami_code_is_never_taken_for_a_prefecture():
    """462 was once cut to 46, 鹿児島, and shops there were alarmed; there is no such area at all."""
    assert by_prefecture({"462": "52", "210": "52"}) == {"03": "major"}


def test_a_prefecture_has_the_highest_grade_of_its_coasts():
    assert by_prefecture({"320": "62", "321": "51", "312": "71", "310": "00"}) == {"13": "warning"}


def test_an_area_lies_in_what_is_around_it():
    assert around("2220500") == ("2220500", "440", "22")
    assert around("440") == ("440", "22")
    assert around("22") == ("22",)
    assert around("2299900") == ("2299900", "22"), "a city newer than the table"
    assert around("999") == ("999",)


def test_a_rule_and_an_area_meet_in_the_narrower_of_both():
    assert meeting("440", ()) == {"440"}
    assert meeting("440", ("22",)) == {"440"}
    assert meeting("22", ("440", "442", "390")) == {"440", "442"}
    assert meeting("440", ("2220500",)) == {"2220500"}
    assert meeting("440", ("23",)) == set()


def test_whoever_was_asked_in_a_wider_area_was_asked():
    assert covered("2220500", ["440"])
    assert covered("440", ["22"])
    assert not covered("440", ["2220500"])


def test_an_unknown_area_is_its_prefecture():
    assert known_or("449", "22") == "22"
    assert known_or("440", "22") == "440"
    assert known_or("449", "99") == "449"


@pytest.mark.parametrize("scale", [INTENSITIES, TSUNAMI])
def test_levels_stand_in_their_order(scale):
    for at, level in enumerate(scale):
        assert [reaches(each, level) for each in scale] == [other >= at for other in range(len(scale))]


def test_what_is_no_level_reaches_nothing():
    assert not reaches("", "4")
    assert not reaches("8", "4")
    assert not reaches("7", "")
    assert (higher("", "5-"), higher("5+", "5-"), highest([])) == ("5-", "5+", "")

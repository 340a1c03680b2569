"""What is read from a telegram, and what is not taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from anpi.hazard.model import Answer, HazardReport, Warned
from anpi.hazard.telegram import TELEGRAM_BYTES, parse, read
from anpi.hazard.telegram_quake import forecast_level
from tests.tools.hazard import TELEGRAMS, edited, report, telegram


def fault(data: bytes) -> str:
    return msgspec.convert(read(data), Answer).fault


def test_a_report_of_intensity_says_where_it_shook_and_how_hard():
    told = report("32-35_06_03")
    assert (told.type, told.status, told.info, told.serial) == ("VXSE53", "real", "issued", "1")
    assert told.at == datetime(2008, 6, 13, 23, 47, 47, tzinfo=UTC)
    assert told.origin == datetime(2008, 6, 13, 23, 43, tzinfo=UTC)
    assert told.event_ids == ("20080614084350",)
    assert (told.hypocentre, told.magnitude, told.depth_km) == ("岩手県内陸南部", "7.0", 10)
    assert told.max_level == "6+"
    assert (told.areas["213"], told.areas["241"], told.cities["0321500"]) == ("6+", "5-", "6+")
    assert told.comments == ("0215", "0241")


def test_a_value_that_did_not_come_is_seen_with_and_without_another_value():
    told = report("32-35_06_03")
    assert told.missing == ("0338100", "0546300", "0636500")
    assert "0338100" not in told.cities
    assert told.cities["0636500"] == "4"


def test_the_first_report_of_intensity_has_areas_and_the_time_of_detection():
    told = report("32-35_07_01")
    assert told.origin == datetime(2009, 8, 10, 20, 7, tzinfo=UTC)
    assert {code: told.areas[code] for code in ("440", "442")} == {"440": "5+", "442": "6-"}
    assert told.area_prefs["440"] == "22"
    assert told.hypocentre == ""


def test_an_early_warning_has_levels_and_what_it_warns_of():
    told = report("37_01_02")
    assert told.early
    assert told.max_level == "6-"
    assert (told.areas["622"], told.areas["751"]) == ("6-", "5-"), "from 4 to 5弱 is 5弱"
    assert told.area_prefs["622"] == "38"
    assert set(told.warned) == set(told.areas)


def test_a_forecast_of_shaking_warns_only_of_some_of_its_areas():
    told = report("77_01_32")
    assert "622" in told.warned
    assert "600" in told.areas
    assert "600" not in told.warned
    assert report("77_01_03").warned == ()


@pytest.mark.parametrize(
    ("least", "most", "level"),
    [("4", "5-", "5-"), ("6-", "over", "6-"), ("5+", "不明", "5+"), ("不明", "不明", ""), ("0", "0", "0")],
)
def test_an_open_forecast_is_its_lower_end(least, most, level):
    assert forecast_level(least, most) == level


def test_assumed_hypocentres_are_shown_to_nobody():
    told = parse(edited("37_01_02", ("<ArrivalTime>", "<Condition>仮定震源要素</Condition><ArrivalTime>")))
    assert told.assumed
    assert (told.hypocentre, told.magnitude, told.latitude) == ("", "", None)
    assert told.areas["622"] == "6-"


def test_a_quake_far_away_has_no_areas():
    told = report("32-39_05_12_100831")
    assert (told.hypocentre, told.magnitude, told.depth_km) == ("南米西部", "8.6", None)
    assert told.latitude == -36.1
    assert (told.areas, told.max_level) == ({}, "")


def test_a_giant_quake_has_a_magnitude_that_is_no_number():
    assert report("32-39_11_05").magnitude == "8+"


def test_a_tsunami_telegram_names_its_areas_by_its_body():
    told = report("32-39_11_02")
    assert (told.tsunami["210"], told.tsunami["300"]) == ("53", "51")
    assert "291" not in told.tsunami, "the headline's areas are other ones"


def test_two_event_ids_are_two():
    told = parse(edited("32-39_11_02", ("<EventID>20110311144640<", "<EventID>20110311144640 20110311151540<")))
    assert told.event_ids == ("20110311144640", "20110311151540")


def test_of_weather_warnings_only_special_ones_are_kept():
    told = report("15_12_01_161130_VPWW53")
    assert told.weather[0] == Warned("3220200", "33", "発表")
    assert {each.code for each in told.weather} == {"33"}
    assert report("15_17_01_250630_VPWW56").weather == (), "レベル４ is no special warning"


def test_each_phenomenon_and_office_is_a_series_of_its_own():
    rain, slides = report("15_17_01_250630_VPWW55"), report("15_17_01_250630_VPWW56")
    assert rain.series != slides.series
    new = parse(edited("15_17_01_250630_VPWW55", ("（大雨）</Title>", "（何か）</Title>")))
    assert new.series not in (rain.series, slides.series)


@pytest.mark.parametrize("name", ["32-35_10_01", "32-35_06_06", "37_01_03", "38-39_03_01", "77_01_33"])
def test_what_takes_back_says_so_and_nothing_else(name):
    told = report(name)
    assert told.info == "cancelled"
    assert told.event_ids
    assert (told.areas, told.tsunami) == ({}, {})


@pytest.mark.parametrize(("word", "status"), [("訓練", "drill"), ("試験", "test"), ("何か", "test"), ("", "test")])
def test_what_is_not_for_real_is_never_taken_for_it(word, status):
    assert parse(edited("32-35_07_01", ("<Status>通常<", f"<Status>{word}<"))).status == status


def test_a_correction_says_so():
    told = parse(edited("32-35_07_01", ("<InfoType>発表<", "<InfoType>訂正<")))
    assert told.info == "corrected"


def test_every_sample_is_read_and_comes_out_of_the_sandbox_as_it_went_in():
    for path in TELEGRAMS.glob("*.xml"):
        plain = msgspec.msgpack.encode(read(path.read_bytes()))
        assert msgspec.msgpack.decode(plain, type=Answer) == Answer(parse(path.read_bytes())), path.name


# What a stranger may send instead

PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'
ENTITY_BOMB = PROLOGUE + (
    '<!DOCTYPE Report [<!ENTITY a "震度">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><Report>&i;</Report>"
)
FILE_READER = PROLOGUE + '<!DOCTYPE Report [<!ENTITY x SYSTEM "file:///etc/hostname">]><Report>&x;</Report>'


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (ENTITY_BOMB.encode(), "doctype"),
        (FILE_READER.encode(), "doctype"),
        (b'<!DOCTYPE Report SYSTEM "http://example.com/x.dtd"><Report/>', "doctype"),
        (ENTITY_BOMB.encode("utf-16"), "charset"),
        (telegram("32-35_07_01").decode().encode("shift_jis", "replace"), "charset"),
        (telegram("32-35_07_01").decode().replace("UTF-8", "Shift_JIS").encode(), "charset"),
        (telegram("32-35_07_01").decode().replace('encoding="UTF-8"', "encoding='utf-16'").encode(), "charset"),
        (telegram("32-35_07_01")[:5000].decode(errors="ignore").encode(), "not_xml"),
        (b"", "not_xml"),
        (b"\x00" * 100, "not_xml"),
        (b"<html><head><title>503</title></head><body><p>Service Unavailable<br></body></html>", "not_xml"),
        (b"<!doctype html><html><body>sorry</body></html>", "not_xml"),
        (b"<html><body>sorry</body></html>", "not_a_telegram"),
        (b"<Report/>", "not_a_telegram"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "not_a_telegram"),
        (b" " * (10 * 1024 * 1024), "too_large"),
        (telegram("32-35_07_01") + b" " * TELEGRAM_BYTES, "too_large"),
        (edited("32-35_07_01", ("<Title>震度速報</Title>", "<Title>何か</Title>")), "unknown_type"),
        (edited("32-35_07_01", ("<InfoType>発表<", "<InfoType>？<")), "not_a_telegram"),
        (edited("32-35_07_01", ("2009-08-10T20:09:11Z", "2009-08-10T20:09:11")), "not_a_telegram"),
        (edited("32-35_07_01", ("2009-08-10T20:09:11Z", "きのう")), "not_a_telegram"),
    ],
    ids=range(21),
)
def test_what_is_no_telegram_is_refused_with_a_word(data, word):
    assert fault(data) == word


@pytest.mark.parametrize(
    "change",
    [
        ("<MaxInt>5+</MaxInt>", "<MaxInt>5+5</MaxInt>"),
        ("<MaxInt>5+</MaxInt>", "<MaxInt>９</MaxInt>"),
        ("<MaxInt>5+</MaxInt>", ""),
        ("<Code>440</Code>", "<Code>４４０</Code>"),
        ("<Code>440</Code>", "<Code>440440</Code>"),
        ("<Code>440</Code>", ""),
    ],
)
def test_what_cannot_be_read_in_a_telegram_is_left_out_and_the_rest_stands(change):
    told = parse(edited("32-35_07_01", change))
    assert isinstance(told, HazardReport)
    assert "440" not in told.areas
    assert told.areas["442"] == "6-"


@pytest.mark.parametrize("name", ["32-35_06_03", "37_01_02", "32-39_11_02", "15_17_01_250630_VPWW55"])
def test_a_telegram_cut_anywhere_is_never_a_report(name):
    data = telegram(name)
    for end in range(0, len(data.rstrip()) - 1, max(1, len(data) // 40)):
        assert fault(data[:end]) in ("not_xml", "charset"), end

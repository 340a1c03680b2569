"""Messages of P2P地震情報 become the same reports as JMA's telegrams."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from anpi.hazard import p2p
from anpi.hazard.model import HazardReport
from tests.tools.hazard import TELEGRAMS, World

ISSUED = {"source": "気象庁", "time": "2024/04/17 23:15:10", "type": "DetailScale", "correct": "None"}
SHOOK = {"time": "2024/04/17 23:14:00", "maxScale": 60}


def body(number: int) -> dict[str, object]:
    """A real one, with what the public door adds."""
    path = sorted((TELEGRAMS / "p2p").glob("*.json"))[number]
    return {"code": 551, "id": path.stem, "time": "2021/02/17 23:08:47.392"} | json.loads(path.read_text())


def told(**fields: object) -> HazardReport:
    report = p2p.read(json.dumps({"id": "1", "issue": ISSUED} | fields).encode())
    assert report is not None
    return report


def point(pref: str, addr: str, scale: int, *, area: bool = False) -> dict[str, object]:
    return {"pref": pref, "addr": addr, "scale": scale, "isArea": area}


def test_a_first_report_has_areas_and_a_minute():
    report = told(**body(0))
    assert (report.type, report.series, report.status, report.info) == ("551", "VXSE51", "real", "issued")
    assert report.areas == {"222": "3", "251": "3"}
    assert report.origin == datetime(2021, 2, 17, 14, 6, tzinfo=UTC)
    assert report.at == datetime(2021, 2, 17, 14, 8, tzinfo=UTC)
    assert (report.event_ids, report.hypocentre, report.magnitude) == ((), "", "")
    assert report.name.startswith("2021")


def test_what_tells_the_hypocentre_alone_has_no_areas():
    report = told(**body(1))
    assert (report.series, report.hypocentre, report.magnitude, report.depth_km) == ("VXSE52", "福島県沖", "4.5", 50)
    assert (report.areas, report.max_level) == ({}, "")


def test_stations_are_counted_for_their_city_and_its_area():
    points = [
        point("愛媛県", "愛南町一本松", 55),
        point("愛媛県", "宇和島市丸穂", 50),
        point("宮城県", "仙台青葉区大倉", 40),
    ]
    report = told(code=551, earthquake=SHOOK, points=points)
    assert report.areas == {"622": "6-", "222": "4"}
    assert report.cities == {"3850600": "6-", "3820300": "5+", "0410100": "4"}
    assert report.max_level == "6+"


def test_a_station_whose_value_did_not_come_makes_its_city_missing():
    report = told(code=551, earthquake=SHOOK, points=[point("愛媛県", "愛南町一本松", 46)])
    assert report.missing == ("3850600",)
    assert set(World().hear(report).hits) == {"3850600"}


def test_a_place_that_nobody_knows_is_its_prefecture():
    points = [point("愛媛県", "どこか", 50), point("愛媛県", "どこかの地方", 60, area=True), point("？", "？", 70)]
    assert told(code=551, earthquake=SHOOK, points=points).areas == {"38": "6+"}


def test_a_correction_says_so():
    assert told(code=551, issue=ISSUED | {"correct": "ScaleOnly"}, earthquake=SHOOK).info == "corrected"


EARLY = {
    "code": 556,
    "issue": {"time": "2024/04/17 23:15:10", "eventId": "20240417231454", "serial": "2"},
    "earthquake": {
        "originTime": "2024/04/17 23:14:47",
        "condition": "",
        "hypocenter": {"name": "豊後水道", "latitude": 33.2, "longitude": 132.4, "depth": 40, "magnitude": 6.6},
    },
    "areas": [
        {"pref": "愛媛", "name": "愛媛県南予", "scaleFrom": 55, "scaleTo": 55, "kindCode": "19"},
        {"pref": "大分", "name": "大分県中部", "scaleFrom": 40, "scaleTo": 45, "kindCode": "11"},
        {"pref": "高知", "name": "高知県西部", "scaleFrom": 50, "scaleTo": 99, "kindCode": "10"},
        {"pref": "鹿児島", "name": "鹿児島県薩摩", "scaleFrom": 30, "scaleTo": 30, "kindCode": "01"},
    ],
}


def test_an_early_warning_is_the_same_as_jmas():
    report = told(**EARLY)
    assert (report.series, report.event_ids, report.early) == ("VXSE43", ("20240417231454",), True)
    assert report.areas == {"622": "6-", "751": "5-", "632": "5+", "770": "3"}
    assert report.warned == ("622", "751", "632")
    assert report.at == datetime(2024, 4, 17, 14, 15, 10, tzinfo=UTC)


def test_an_early_warning_may_be_taken_back_or_a_test_or_assumed():
    assert told(**EARLY | {"cancelled": True, "areas": []}).info == "cancelled"
    assert told(**EARLY | {"test": True}).status == "test"
    assumed = EARLY | {
        "earthquake": {"condition": "仮定震源要素", "hypocenter": {"name": "どこか", "magnitude": 1.0}}
    }
    assert (told(**assumed).assumed, told(**assumed).hypocentre) == (True, "")


def test_an_area_of_the_north_is_its_prefecture():
    areas = [{"pref": "北海道道央", "name": "どこか", "scaleFrom": 50, "scaleTo": 50}]
    assert told(**EARLY | {"areas": areas}).areas == {"01": "5+"}


def test_a_tsunami_warning_is_found_by_the_names_of_its_areas():
    areas = [{"grade": "MajorWarning", "name": "岩手県"}, {"grade": "Watch", "name": "東京湾内湾"}]
    report = told(code=552, issue=ISSUED | {"type": "Focus"}, areas=areas)
    assert (report.series, report.tsunami) == ("VTSE41", {"210": "52", "312": "62"})


def test_the_end_of_a_tsunami_warning_takes_nothing_back():
    report = told(code=552, issue=ISSUED | {"type": "Focus"}, cancelled=True, areas=[])
    assert (report.info, report.tsunami) == ("issued", {})


@pytest.mark.parametrize("data", [b'{"code":555,"areas":[{"id":10,"peer":1}]}', b'{"code":554,"type":"Full"}'])
def test_the_networks_own_chatter_is_nothing(data):
    assert p2p.read(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'{"code":"551"}',
        b'{"code":551}',
        b'{"code":551,"issue":{"time":"yesterday"}}',
        b'{"code":551,"issue":{"time":"2024/04/17 23:15:10"},"points":[{"scale":"6"}]}',
        b'{"code":556,"issue":null}',
        b"\xff\xfe",
        b'{"code":551,"x":' + b"[" * 100_000,
        b'{"code":551,"issue":{"time":"0001/01/01 00:00:00"}}',
    ],
    ids=range(11),
)
def test_what_only_looks_like_one_is_refused(data):
    with pytest.raises(p2p.Unreadable):
        p2p.read(data)

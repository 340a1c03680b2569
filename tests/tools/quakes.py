"""Quakes of our own making: JMA's telegrams and P2P's messages about them, of this very moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from anpi.hazard.intake import Intake
from anpi.hazard.recording import Taken
from directory.areas.tables import areas as all_areas
from directory.areas.tables import prefectures
from server.clock import Clock
from server.services import Services

JST = timezone(timedelta(hours=9))
START = datetime(2027, 4, 15, 1, 0, tzinfo=UTC)
NOTO, KAGA, TOYAMA = "390", "391", "381"
"""石川県能登, 石川県加賀, 富山県西部."""
_SCALES = {"3": 30, "4": 40, "5-": 45, "5+": 50, "6-": 55, "6+": 60, "7": 70}


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **given: float) -> None:
        self.now += timedelta(**given)


class Quake:
    """One quake, and what is sent about it."""

    def __init__(self, clock: Clock, ago: float = 100) -> None:
        self._clock = clock
        self.origin = clock() - timedelta(seconds=ago)
        self.id = self.origin.astimezone(JST).strftime("%Y%m%d%H%M%S")

    def observed(self, levels: dict[str, str], *, info: str = "発表", status: str = "通常", ago: float = 1) -> bytes:
        """震度速報 (VXSE51); a 取消 has no body."""
        body = "" if info == "取消" else _observation(levels)
        return self._telegram("震度速報", body, info, status, ago)

    def warned(self, levels: dict[str, str], *, info: str = "発表", status: str = "通常", ago: float = 1) -> bytes:
        """緊急地震速報（警報） (VXSE43)."""
        body = "" if info == "取消" else _forecast(levels)
        return self._telegram("緊急地震速報（警報）", body, info, status, ago)

    def p2p_observed(self, levels: dict[str, str], name: str = "551-1") -> bytes:
        """P2P地震情報's 551: it names no event."""
        points = [
            {"pref": _pref(code), "addr": all_areas()[code].name, "isArea": True, "scale": _SCALES[level]}
            for code, level in levels.items()
        ]
        issue = {"source": "気象庁", "time": _slashed(self._clock()), "type": "ScalePrompt", "correct": "None"}
        quake = {"time": _slashed(self.origin)[:16] + ":00", "maxScale": max(point["scale"] for point in points)}
        return _json({"code": 551, "id": name, "issue": issue, "earthquake": quake, "points": points})

    def p2p_warned(self, levels: dict[str, str], name: str = "556-1", **more: Any) -> bytes:
        """P2P地震情報's 556, an early warning."""
        areas = [
            {
                "pref": _pref(code)[:-1],
                "name": all_areas()[code].name,
                "scaleFrom": _SCALES[level],
                "scaleTo": _SCALES[level],
                "kindCode": "10",
            }
            for code, level in levels.items()
        ]
        issue = {"time": _slashed(self._clock()), "eventId": self.id, "serial": "1"}
        quake = {"originTime": _slashed(self.origin), "arrivalTime": _slashed(self.origin), "condition": ""}
        return _json({"code": 556, "id": name, "issue": issue, "earthquake": quake, "areas": areas, **more})

    def _telegram(self, title: str, body: str, info: str, status: str, ago: float) -> bytes:
        sent = self._clock() - timedelta(seconds=ago)
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/">
<Control><Title>{title}</Title><DateTime>{sent:%Y-%m-%dT%H:%M:%SZ}</DateTime><Status>{status}</Status>
<EditorialOffice>気象庁本庁</EditorialOffice><PublishingOffice>気象庁</PublishingOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/"><Title>{title}</Title>
<ReportDateTime>{sent.astimezone(JST).isoformat(timespec="seconds")}</ReportDateTime>
<TargetDateTime>{self.origin.astimezone(JST).isoformat(timespec="seconds")}</TargetDateTime>
<EventID>{self.id}</EventID><InfoType>{info}</InfoType><Serial></Serial>
<InfoKind>{title}</InfoKind><Headline><Text>地震がありました。</Text></Headline></Head>
<Body xmlns="http://xml.kishou.go.jp/jmaxml1/body/seismology1/">{body}</Body></Report>""".encode()


def _observation(levels: dict[str, str]) -> str:
    each = "".join(
        f"<Pref><Name>{_pref(code)}</Name><Code>{all_areas()[code].pref_code}</Code><MaxInt>{level}</MaxInt>"
        f"<Area><Name>{all_areas()[code].name}</Name><Code>{code}</Code><MaxInt>{level}</MaxInt></Area></Pref>"
        for code, level in levels.items()
    )
    return f"<Intensity><Observation><MaxInt>{max(levels.values())}</MaxInt>{each}</Observation></Intensity>"


def _forecast(levels: dict[str, str]) -> str:
    each = "".join(
        f"<Pref><Name>{_pref(code)}</Name><Code>9{all_areas()[code].pref_code}0</Code>"
        f"<Area><Name>{all_areas()[code].name}</Name><Code>{code}</Code><Category><Kind><Name>緊急地震速報（警報）</Name>"
        f"<Code>10</Code></Kind></Category><ForecastInt><From>{level}</From><To>{level}</To></ForecastInt></Area></Pref>"
        for code, level in levels.items()
    )
    top = max(levels.values())
    most = f"<ForecastInt><From>{top}</From><To>{top}</To></ForecastInt>"
    return f"<Intensity><Forecast>{most}{each}</Forecast></Intensity>"


def _pref(code: str) -> str:
    return prefectures()[all_areas()[code].pref_code].name


def _slashed(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y/%m/%d %H:%M:%S")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class Brought:
    """Reports brought to a server, by one name after the other."""

    def __init__(self, services: Services) -> None:
        self._intake = Intake(services)
        self._times = 0

    async def telegram(self, data: bytes, name: str = "", source: str = "jma") -> Taken:
        self._times += 1
        return await self._intake.telegram(source, name or f"{source}-{self._times}", data)

    async def message(self, data: bytes) -> Taken | None:
        return await self._intake.message("p2p", "", data)

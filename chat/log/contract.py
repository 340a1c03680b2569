"""What is promised about the talk log over HTTP."""

from __future__ import annotations

from datetime import date

from chat.log.wire import (
    LatestLog,
    LogAlarm,
    LogDownload,
    LogDownloadWish,
    LogFileQuestion,
    LogFind,
    LogHead,
    LogHold,
    LogHolds,
    LogHoldWish,
    LogPeople,
    LogPerson,
    LogQuestion,
    LogReleaseWish,
    LogRoom,
    LogRooms,
    LogSegment,
    LogWanted,
    TalkLog,
)
from server.contract.terms import Answer, Contract, Operation

AT = 1_807_756_200_000
KEY, FILE, DOWNLOAD = "9f86d081884c7d65", "abcdefghijklmnopqrstuvwxyz", "Zr3vQm1Xt9oB5cLw7yKd2A"
_ROOT = "/api/talk-log"
_SAVED = {"Content-Disposition": "attachment, with the name"}
_TAKEN_UP = {**_SAVED, "ETag": "For If-Range: a download never changes", "Accept-Ranges": "bytes, but for a ZIP"}

CONTRACT = Contract(
    operations=(
        Operation(
            "talkLog",
            "GET",
            _ROOT,
            "The talk log of a month, for who may read it; to everybody else there is no such address",
            (Answer(200, "Its segments, what is not split off yet, and what is wrong", TalkLog),),
            query=LogQuestion,
        ),
        Operation(
            "talkLogRooms",
            "GET",
            f"{_ROOT}/rooms",
            "Rooms to choose from, direct talks by the names of the two",
            (Answer(200, "At most 50", LogRooms),),
            query=LogFind,
        ),
        Operation(
            "talkLogPeople",
            "GET",
            f"{_ROOT}/people",
            "People to choose from, those who have left too",
            (Answer(200, "At most 50", LogPeople),),
            query=LogFind,
        ),
        Operation(
            "beginLogDownload",
            "POST",
            f"{_ROOT}/downloads",
            "A download, with a reason and one's own password; it stands in the log from then on",
            (Answer(201, "It can be fetched", LogDownload),),
            body=LogDownloadWish,
        ),
        Operation(
            "logDownload",
            "GET",
            f"{_ROOT}/downloads/{{id}}",
            "One's own download: it ends with the line that was the last when it was wished for",
            (Answer(200, "The bytes", media="*/*", headers=_TAKEN_UP),),
            places={"id": DOWNLOAD},
        ),
        Operation(
            "talkLogKey",
            "GET",
            f"{_ROOT}/keys/{{id}}",
            "The public half of a key that has signed manifests",
            (Answer(200, "PEM", media="application/x-pem-file", headers=_SAVED),),
            places={"id": KEY},
        ),
        Operation(
            "logHolds",
            "GET",
            f"{_ROOT}/holds",
            "What must be kept beyond its time, the newest first",
            (Answer(200, "All that ever stood", LogHolds),),
        ),
        Operation(
            "placeLogHold",
            "POST",
            f"{_ROOT}/holds",
            "From now on no line of this person's rooms, or of this room, goes when its time is over",
            (Answer(201, "It stands", LogHold),),
            body=LogHoldWish,
        ),
        Operation(
            "releaseLogHold",
            "POST",
            f"{_ROOT}/holds/{{id}}/release",
            "Lets it go",
            (Answer(200, "It is released", LogHold),),
            body=LogReleaseWish,
            places={"id": 1},
        ),
        Operation(
            "talkLogFile",
            "GET",
            f"{_ROOT}/files/{{id}}",
            "A file that a line names, of a deleted message too; each reading is a line of the log",
            (Answer(200, "The bytes", media="*/*", headers=_SAVED),),
            query=LogFileQuestion,
            places={"id": FILE},
        ),
    ),
    examples=(
        TalkLog(
            month="2027-04",
            months=["2027-04", "2027-03"],
            segments=[
                LogSegment(
                    number=61,
                    day="2027-04-14",
                    part=1,
                    first_n=81_201,
                    last_n=83_007,
                    lines=1_807,
                    bytes=702_441,
                    state="stored",
                    name="talk_20270414_01.jsonl",
                    closed_at=AT,
                    verified_at=AT,
                    verdict="ok",
                )
            ],
            latest=LatestLog(83_008, 83_310, 303, 118_204),
            head=LogHead(83_310, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            key=KEY,
            readers=2,
            alarms=[LogAlarm("lag", AT, "12 entries without a number")],
            time_zone="Asia/Tokyo",
        ),
        LogQuestion(month="2027-04"),
        LogFind(text="営業"),
        LogRooms([LogRoom(3, "closed", "営業部", 12), LogRoom(9, "direct", "佐野 健・三浦 彩", 2)]),
        LogPeople([LogPerson(4, "田中 誠", "タナカ マコト", "tanaka@hokuto.example", gone=True)]),
        LogDownloadWish(
            password="horse battery 7",
            reason="相談案件 27-03",
            form="csv",
            wanted=LogWanted(since=date(2027, 2, 15), until=date(2027, 4, 15), people=[4, 5]),
        ),
        LogWanted(segment=61),
        LogWanted(latest=True),
        LogDownload(DOWNLOAD, "talk_log_20270415_100000.csv", AT, f"{_ROOT}/downloads/{DOWNLOAD}"),
        LogHolds([LogHold(1, "person", 4, "田中 誠", "相談案件 27-03", "堀 直樹", AT)]),
        LogHold(1, "person", 4, "田中 誠", "相談案件 27-03", "堀 直樹", AT, released_at=AT + 1),
        LogHoldWish("person", 2, "相談案件 27-03"),
        LogReleaseWish("相談が終わったため"),
        LogFileQuestion(download=DOWNLOAD),
    ),
    told={
        400: ("log_period", "password_current_wrong"),
        404: ("log_segment_gone",),
        409: ("hold_released",),
        429: ("log_downloads_busy", "signin_wait"),
    },
)

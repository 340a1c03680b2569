"""One small world in which the talk's examples are true.

佐藤 (1) is asking. Channel 1 is a group of 佐藤's, with 鈴木 (2) in it and twelve messages, of which 佐藤 wrote those
with an odd ``seq``; channel 2 is an open room of 鈴木's; 伊藤 (3) is in neither.
"""

from __future__ import annotations

from msgspec import Struct

from chat.files.frames import File
from chat.frames import (
    Ack,
    Add,
    Changes,
    Create,
    Delete,
    Deleted,
    Direct,
    Edit,
    Edited,
    Entered,
    FindPeople,
    History,
    Join,
    Joined,
    Kind,
    Leave,
    Left,
    Mark,
    Marked,
    Member,
    MemberChanged,
    MemberList,
    Members,
    Message,
    OpenRoom,
    OpenRoomList,
    OpenRooms,
    Page,
    PeopleList,
    Person,
    Post,
    Posted,
    Remove,
    Rename,
    Renamed,
    Reset,
    Room,
    RoomAdded,
    RoomList,
    RoomRemoved,
    Rooms,
    Since,
    TalkWelcome,
)
from chat.signs import (
    IsTyping,
    NewMark,
    Read,
    ReadCount,
    ReadCountList,
    ReadCounts,
    ReaderList,
    ReadMark,
    ReadMarkList,
    ReadMarks,
    ReadNames,
    Typing,
    View,
)

AT = 1_795_360_009_213
SAID = "0198c0de-7a2b-7c3d-8e4f-5a6b7c8d9e0f"

SUZUKI = Person(id=2, name="鈴木 大輔", kana="すずき だいすけ", title="課長")
ITO = Person(id=3, name="伊藤 さくら", kana="いとう さくら")
MESSAGE = Message(seq=13, rev=15, sender=1, name="佐藤 美咲", at=AT, text="見積もりを送りました", client_id=SAID)
CARRYING = Message(
    seq=14,
    rev=21,
    sender=2,
    name="鈴木 大輔",
    at=AT + 120_000,
    text="",
    client_id=SAID[:-1] + "2",
    files=(
        File("abcdefghijklmnopqrstuvwxyz", "見積.pdf", 120_400),
        File("zyxwvutsrqponmlkjihgfedcba", "現場.jpg", 2_204_000, "image/jpeg", 4032, 3024, True),
    ),
)
EDITED = Message(
    seq=7, rev=16, sender=1, name="佐藤 美咲", at=AT, text="訂正します", client_id=SAID[:-1] + "1", edited=AT + 60_000
)
DELETED = Message(
    seq=7, rev=17, sender=1, name="佐藤 美咲", at=AT, text="", client_id=SAID[:-1] + "1", deleted=AT + 90_000
)
GROUP = Room(
    id=1,
    kind=Kind.GROUP,
    name="見積もり",
    seq=13,
    rev=15,
    members=2,
    read=13,
    created=AT - 86_400_000,
    owner=True,
    last=MESSAGE,
)
OPEN = Room(id=2, kind=Kind.OPEN, name="お知らせ", seq=0, rev=3, members=2, read=0, created=AT - 86_400_000)
TWO = Room(id=3, kind=Kind.DIRECT, name="鈴木 大輔", seq=0, rev=2, members=2, read=0, created=AT, peer=SUZUKI)

COMMANDS: tuple[Struct, ...] = (
    Post(ref=7, channel=1, client_id=SAID, text="見積もりを送りました"),
    Edit(ref=8, channel=1, seq=7, text="訂正します"),
    Delete(ref=9, channel=1, seq=7),
    Mark(ref=10, channel=1, seq=12),
    History(ref=11, channel=1),
    History(ref=12, channel=1, before=9, limit=4),
    History(ref=13, channel=1, around=6, limit=4),
    Since(ref=14, channel=1, rev=5),
    Rooms(ref=15),
    OpenRooms(ref=16, find="知らせ"),
    Create(ref=17, kind="group", name="見積もり", people=[2]),
    Create(ref=18, kind="open", name="雑談"),
    Direct(ref=19, person=2),
    Join(ref=20, channel=2),
    Leave(ref=21, channel=1),
    Add(ref=22, channel=1, people=[3]),
    Remove(ref=23, channel=1, person=2),
    Rename(ref=24, channel=1, name="見積もり（春）"),
    Members(ref=25, channel=1),
    FindPeople(ref=26, find="すず"),
    View(ref=27, channel=1),
    Typing(ref=28, channel=1),
    ReadMarks(ref=29, channel=1),
    ReadCounts(ref=30, channel=1, seqs=[11, 12]),
    ReadNames(ref=31, channel=1, seq=11),
)
ANSWERS: tuple[Struct, ...] = (
    TalkWelcome(rooms=[GROUP], text_limit=10_000, edit_seconds=86_400, log_readers=2),
    RoomList(ref=15, rooms=[GROUP]),
    Ack(ref=7, channel=1, seq=13, rev=15, at=AT),
    Ack(ref=7, channel=1, seq=13, rev=15, at=AT, dup=True),
    Page(ref=11, channel=1, rev=15, seq=13, messages=[MESSAGE], before=True, after=False),
    Changes(
        ref=14,
        channel=1,
        since=14,
        rev=15,
        seq=13,
        messages=[MESSAGE],
        members=[Member(id=3, name="伊藤 さくら", rev=15, left=True)],
        room=GROUP,
    ),
    Changes(channel=1, since=14, rev=15, seq=13, messages=[MESSAGE], members=[]),
    Reset(channel=1, rev=15, seq=13, messages=[MESSAGE], before=True, room=GROUP),
    Entered(ref=19, room=TWO),
    MemberList(
        ref=25,
        channel=1,
        rev=15,
        members=[Member(id=1, name="佐藤 美咲", rev=1, owner=True), Member(id=2, name="鈴木 大輔", rev=2)],
    ),
    OpenRoomList(ref=16, rooms=[OpenRoom(id=2, name="お知らせ", members=1)]),
    PeopleList(ref=26, people=[SUZUKI]),
    ReadMarkList(ref=29, channel=1, marks=[ReadMark(id=1, seq=13, since=AT), ReadMark(id=2, seq=12, since=AT)]),
    ReadCountList(ref=30, channel=1, counts=[ReadCount(seq=11, readers=1), ReadCount(seq=12, readers=1)]),
    ReaderList(ref=31, channel=1, seq=11, read=[SUZUKI], unread=[ITO]),
)
EVENTS: tuple[Struct, ...] = (
    Posted(channel=1, rev=15, message=MESSAGE),
    Posted(channel=1, rev=21, message=CARRYING),
    Edited(channel=1, rev=16, message=EDITED),
    Deleted(channel=1, rev=17, message=DELETED),
    Joined(channel=1, rev=18, member=Member(id=3, name="伊藤 さくら", rev=18), members=3),
    Left(channel=1, rev=19, member=Member(id=3, name="伊藤 さくら", rev=19, left=True), members=2),
    MemberChanged(channel=1, rev=20, member=Member(id=2, name="鈴木 大輔", rev=20, owner=True)),
    Renamed(channel=1, rev=21, name="見積もり（春）"),
    RoomAdded(room=OPEN),
    RoomRemoved(channel=1),
    Marked(channel=1, seq=13),
    Read(channel=1, marks=[NewMark(id=2, seq=13)]),
    IsTyping(channel=1, person=2, name="鈴木 大輔"),
)
EXAMPLES = (*COMMANDS, *ANSWERS, *EVENTS)

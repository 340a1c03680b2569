"""What the talk promises to strangers: which frame answers which command, what is told unasked, what is refused."""

from __future__ import annotations

from chat import frames, signs
from chat.examples import EXAMPLES
from server.contract.terms import Contract
from server.live.frames import Done

CONTRACT = Contract(
    answers={
        frames.Post: (frames.Ack,),
        frames.Edit: (Done,),
        frames.Delete: (Done,),
        frames.Mark: (Done,),
        frames.History: (frames.Page,),
        frames.Since: (frames.Changes, frames.Reset),
        frames.Rooms: (frames.RoomList,),
        frames.OpenRooms: (frames.OpenRoomList,),
        frames.Create: (frames.Entered,),
        frames.Direct: (frames.Entered,),
        frames.Join: (frames.Entered,),
        frames.Leave: (Done,),
        frames.Add: (Done,),
        frames.Remove: (Done,),
        frames.Rename: (Done,),
        frames.Members: (frames.MemberList,),
        frames.FindPeople: (frames.PeopleList,),
        signs.View: (Done,),
        signs.Typing: (Done,),
        signs.ReadMarks: (signs.ReadMarkList,),
        signs.ReadCounts: (signs.ReadCountList,),
        signs.ReadNames: (signs.ReaderList,),
    },
    events=(
        frames.Posted,
        frames.Edited,
        frames.Deleted,
        frames.Joined,
        frames.Left,
        frames.MemberChanged,
        frames.Renamed,
        frames.RoomAdded,
        frames.RoomRemoved,
        frames.Changes,
        frames.Reset,
        frames.Marked,
        signs.Read,
        signs.IsTyping,
    ),
    welcome=frames.TalkWelcome,
    examples=EXAMPLES,
    said=(
        "talk_disabled",
        "not_owner",
        "not_yours",
        "already_deleted",
        "too_late",
        "empty",
        "too_long",
        "empty_name",
        "alone",
        "two_only",
        "notice_room",
        "too_many",
        "large_room",
    ),
)

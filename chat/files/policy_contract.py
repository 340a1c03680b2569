"""What is promised about the files that may be sent."""

from __future__ import annotations

from chat.files.extensions import LISTED, OFFERED
from chat.files.frames import AskPolicy, TalkPolicy
from chat.files.policy_routes import TalkLicence, TalkSettings
from chat.files.settings import Wanted, version_of
from chat.policy import Policy
from server.contract.terms import Answer, Contract, Operation

_SHOWN = (Answer(200, "What holds now", TalkSettings),)
_PATH = "/api/admin/talk"

CONTRACT = Contract(
    answers={AskPolicy: (TalkPolicy,)},
    events=(TalkPolicy,),
    operations=(
        Operation("talkSettings", "GET", _PATH, "送信出来るファイル種別, for ADMIN_GOTALK", _SHOWN),
        Operation(
            "changeTalkSettings",
            "POST",
            _PATH,
            "Decides which files may be sent, from this moment on, for ADMIN_GOTALK",
            _SHOWN,
            body=Wanted,
        ),
    ),
    examples=(
        AskPolicy(ref=33),
        TalkPolicy(
            rev=1, mode="default", refused=[*LISTED], log_readers=2, max_bytes=26_214_400, max_files=10, ref=33
        ),
        TalkPolicy(rev=2, mode="images", refused=[*LISTED, "ps1"], log_readers=2),
        Wanted(
            mode="default",
            extra=["ps1"],
            look_inside=True,
            uninspected="send",
            executables="send",
            version=version_of(Policy()),
        ),
        TalkSettings(
            mode="default",
            extra=["ps1"],
            look_inside=True,
            uninspected="send",
            executables="send",
            listed=[*LISTED],
            offered=[*OFFERED],
            licence=TalkLicence(288, 300),
            version=version_of(Policy(extra=frozenset({"ps1"}))),
        ),
    ),
)

"""What sending plugs into the server."""

from __future__ import annotations

from anpi.offers import Offer
from anpi.sending import forgetting
from anpi.sending.figures import FIGURES
from anpi.sending.push_routes import PushEnd, PushKeys, PushState, PushSubscription, routes
from anpi.sending.receiving import SANDBOX
from anpi.sending.running import say_in_talk, send_mails, send_texts, take_in_returns, wake_browsers
from server.contract.terms import Answer, Contract, Operation

_STATE = (Answer(200, "Whether this browser is woken, and our public key", PushState),)
_ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"
_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"

CONTRACT = Contract(
    operations=(
        Operation("showPush", "GET", "/api/push", "Whether this browser is woken by Web Push", _STATE),
        Operation("beginPush", "POST", "/api/push", "Wakes this browser from now on", _STATE, body=PushSubscription),
        Operation("endPush", "DELETE", "/api/push", "Wakes this browser no more", _STATE, body=PushEnd),
    ),
    examples=(
        PushSubscription(_ENDPOINT, PushKeys(_PUBLIC, "BTBZMqHH6r4Tts7J_aSIgg")),
        PushEnd(_ENDPOINT),
        PushState(_PUBLIC, True),
    ),
    told={400: ("push_host",)},
)

OFFER = Offer(
    routes=routes,
    contract=CONTRACT,
    ticks=(forgetting.TICK,),
    sandbox=SANDBOX,
    figures=FIGURES,
    loops={
        "anpi mails": send_mails,
        "anpi talk": say_in_talk,
        "anpi push": wake_browsers,
        "anpi sms": send_texts,
        "anpi returns": take_in_returns,
    },
)

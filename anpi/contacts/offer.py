"""What 安否の連絡先 and 届かない人 add to the module."""

from __future__ import annotations

from datetime import timedelta

from anpi.contacts import actions
from anpi.contacts.forms import ContactRow, Contacts, NewContact, Unreachable, UnreachableRow
from anpi.contacts.routes import Wanted, routes
from anpi.offers import Offer
from server.contract.terms import HTML, Answer, Contract, Operation
from server.data.batch import Steps
from server.module import Tick
from server.services import Services

_OWN = (Answer(200, "One's own addresses as they are now", Contacts),)


async def _sweep(services: Services) -> None:
    await services.writer.bulk(_forgetting())


def _forgetting() -> Steps:
    while (yield actions.forget_gone):
        pass


CONTRACT = Contract(
    operations=(
        Operation("listContacts", "GET", "/api/anpi/contacts", "One's own addresses for safety checks", _OWN),
        Operation(
            "addContact",
            "POST",
            "/api/anpi/contacts",
            "Adds an address, and asks by mail whether it is read",
            _OWN,
            body=NewContact,
        ),
        Operation(
            "askContact",
            "POST",
            "/api/anpi/contacts/{place}/ask",
            "Sends that mail once more",
            _OWN,
            places={"place": 1},
        ),
        Operation(
            "removeContact", "DELETE", "/api/anpi/contacts/{place}", "Removes an address", _OWN, places={"place": 1}
        ),
        Operation(
            "listUnreachable",
            "GET",
            "/api/anpi/unreachable",
            "届かない人: whom no mail would reach, for ADMIN_ANPI",
            (Answer(200, "A page of them", Unreachable),),
            query=Wanted,
        ),
        Operation(
            "showContactQuestion",
            "GET",
            "/c/{token}",
            "The page on which an address is confirmed; opening it confirms nothing",
            (Answer(200, "The question", media=HTML), Answer(404, "The link is none of ours", media=HTML)),
            signed_in=False,
            places={"token": "word"},
        ),
        Operation(
            "confirmContact",
            "POST",
            "/c/{token}",
            "Whoever has the link reads the address",
            (Answer(200, "It is confirmed", media=HTML), Answer(404, "The link is none of ours", media=HTML)),
            signed_in=False,
            places={"token": "word"},
        ),
    ),
    examples=(
        Wanted(3),
        NewContact("hanako..w@docomo.ne.jp"),
        Contacts([ContactRow(1, "hanako..w@docomo.ne.jp", "waiting", 1_800_000_000_000)], 3, "anpi@hokuto.example"),
        Unreachable(
            [UnreachableRow(5, "渡邉 花子", "ワタナベ ハナコ", "第一製造課", "none", registered=1)], 1, 300, False
        ),
    ),
    told={
        404: ("not_found",),
        409: ("contact_known", "contacts_full", "contact_mails_full", "no_public_url"),
    },
)

OFFER = Offer(routes=routes, contract=CONTRACT, ticks=(Tick("anpi.contacts", timedelta(hours=1), _sweep),))

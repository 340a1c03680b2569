"""The safety check of the world in which the documents' examples are true: 佐藤 (1) administers it.

Incident 7 asks her, who has answered, and 鈴木 (2), who has not, and not 伊藤 (3); incident 3 has begun by itself, by
event 7. What can be done over HTTP is done by 佐藤's requests.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import update

from anpi import preparing
from anpi.answers import tokens
from anpi.contacts import model
from anpi.hazard.tables import rules
from server.clock import from_millis, to_millis
from server.services import Services
from tests.tools.quakes import NOTO, Brought, Quake
from tests.tools.stranger import Stranger

ANPI_LOGIN_ID = {"sato": "anpi01", "suzuki": "anpi02", "ito": "anpi03"}
BY_ITSELF, EVENT, INCIDENT = 3, 7, 7
RULES_CHANGED = from_millis(1_704_092_010_000)
"""As it has been seen by who changes them in the example."""
_KEYS = [{"ja": "はい"}, {"ja": "いいえ"}]
_QUESTIONS = {"own": [{"text": {"ja": "会社の鍵を持っていますか？"}, "kind": "choice", "choices": _KEYS}]}


def stand_on_loopback(var: Path) -> None:
    """Links begin with the server's own address, as the demo's do."""
    (var / "demo.txt").touch()


async def make_safety_check(services: Services, sato: Stranger) -> None:
    incidents = [await _registered(services, sato) for _ in range(1, BY_ITSELF)]
    await _shake(services)
    incidents += [await _registered(services, sato) for _ in range(BY_ITSELF, INCIDENT)]
    assert incidents == [1, 2, 4, 5, 6, 7], "the examples need this world"
    await _done(sato, "sendIncident", {"key": str(uuid.uuid4()), "whom": {"picked": [1, 2]}, "people": 2})
    await preparing.prepare_all(services)
    said = {
        "accounts": [1],
        "answer": {"self": "safe"},
        "name": "森",
        "reason": "電話で確認",
        "key": str(uuid.uuid4()),
    }
    await _done(sato, "answerFor", said)
    for name in ("台風", "訓練"):
        await _done(sato, "addTemplate", {"name": name, "title": name, "message": "回答してください。"})
    await _done(sato, "addContact", {"address": "misaki@hokuto.example"})


def link_of(services: Services) -> str:
    """What 佐藤's link to answer incident 7 carries."""
    return tokens.make(services.secrets, INCIDENT, 1)


def contact_link_of(services: Services) -> str:
    """What the link carries by which she confirms that she reads her own address."""
    return model.token(services.secrets, model.Claim(account_id=1, place=1, version=0))


async def _registered(services: Services, sato: Stranger) -> int:
    wish = {
        "key": str(uuid.uuid4()),
        "title": "災害発生",
        "message": "回答してください。",
        "count_from": to_millis(services.clock()),
        "questions": _QUESTIONS,
        "location": True,
    }
    return int((await _done(sato, "registerIncident", wish))["id"])


async def _done(sato: Stranger, id: str, value: dict[str, Any]) -> Any:
    answer = await sato.request(id, value)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _shake(services: Services) -> None:
    """Seven quakes, of which the rules are about the last."""
    changed = update(rules).values(changed_at=RULES_CHANGED)
    await services.writer.act(lambda tx: tx.connection.execute(changed))
    brought = Brought(services)
    for number in range(1, EVENT + 1):
        quake = Quake(services.clock, ago=3600.0 * (EVENT - number) + 100)
        taken = await brought.telegram(quake.observed({NOTO: "6+" if number == EVENT else "3"}))
        assert (taken.act, taken.event) == ("start" if number == EVENT else "ignore", number), "the same"
    await preparing.prepare_all(services)

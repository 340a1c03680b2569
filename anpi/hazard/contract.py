"""What is promised about rules, events and readiness over HTTP."""

from __future__ import annotations

from anpi.hazard.forms import (
    AreaChoice,
    AreaLevel,
    EventsQuestion,
    GuardedArea,
    HazardDecision,
    HazardEvent,
    HazardEvents,
    HazardReportRow,
    HazardRule,
    HazardRules,
    HazardRulesBody,
    HazardWhy,
    InboundTaken,
    IncidentWhy,
    InventedQuake,
    MailTest,
    Readiness,
    ReadyLine,
    RuleFinding,
    SimulateBody,
    Simulation,
    SourceHealth,
)
from server.auth.routes import Nothing
from server.contract.terms import Answer, Contract, Operation

AT = 1_704_092_010_000
_ROOT = "/api/anpi"
_NOTO = AreaLevel("390", "石川県能登", "5+")
_RULE = HazardRule("intensity", True, "5+")
_RULES = HazardRules([_RULE, HazardRule("tsunami", False, "warning", ["17"])], AT, [AreaChoice("17", "石川県", "17")])
_FINDING = RuleFinding("intensity", "5+", [], [_NOTO])
_EVENT = HazardEvent(
    id=7,
    kind="earthquake",
    at=AT,
    drill=False,
    state="started",
    place="石川県能登地方",
    level="5+",
    missing=False,
    magnitude="5.5",
    reports=1,
    act="start",
    reason="hit",
    incident=3,
)
_REPORT = HazardReportRow(
    id=12,
    source="jma",
    type="VXSE51",
    status="real",
    info="issued",
    at=AT,
    received_at=AT + 2_000,
    title="震度速報",
    level="5+",
    missing=False,
    areas=1,
)
_DECISION = HazardDecision(
    id=15,
    report=12,
    at=AT + 2_000,
    act="start",
    reason="hit",
    incident=3,
    rules=[_FINDING],
    areas=[_NOTO],
    guarded=[GuardedArea("380", "石川県加賀", 2)],
)
_TEST = MailTest(AT, "refused", 1, "550 5.1.1 no such user", "森 真一", "mori@hokuto.example")
_WHY = HazardWhy(_EVENT, [_REPORT], [_DECISION])
_SIMULATION = Simulation("start", "hit", [_NOTO], [_FINDING], people=120, unplaced=4, without_address=1)

CONTRACT = Contract(
    operations=(
        Operation(
            "hazardRules",
            "GET",
            f"{_ROOT}/rules",
            "When a safety check starts by itself",
            (Answer(200, "All rules, and the areas to choose from", HazardRules),),
        ),
        Operation(
            "changeHazardRules",
            "POST",
            f"{_ROOT}/rules",
            "Puts these rules in the place of all that were",
            (Answer(200, "As they are now", HazardRules),),
            body=HazardRulesBody,
        ),
        Operation(
            "readiness",
            "GET",
            f"{_ROOT}/readiness",
            "「自動発信の準備」: what is ready, and how the sources are",
            (Answer(200, "Line by line", Readiness),),
        ),
        Operation(
            "sendTestMail",
            "POST",
            f"{_ROOT}/readiness/mail",
            "テストメール: a mail to oneself, by the road that the mails of a safety check take",
            (Answer(200, "What became of it, within a minute", MailTest),),
            body=Nothing,
        ),
        Operation(
            "hazardEvents",
            "GET",
            f"{_ROOT}/events",
            "What the earth did, the newest first",
            (Answer(200, "At most 50", HazardEvents),),
            query=EventsQuestion,
        ),
        Operation(
            "hazardEvent",
            "GET",
            f"{_ROOT}/events/{{id}}",
            "Every report of an event, and what each led to",
            (Answer(200, "With what each was decided by", HazardWhy),),
            places={"id": 7},
        ),
        Operation(
            "incidentWhy",
            "GET",
            f"{_ROOT}/incidents/{{id}}/why",
            "発信の理由: the events that a safety check was started and widened by",
            (Answer(200, "None for one that was registered by hand", IncidentWhy),),
            places={"id": 3},
        ),
        Operation(
            "simulate",
            "POST",
            f"{_ROOT}/simulate",
            "What an event would do today; nothing is kept, nobody is told",
            (Answer(200, "Whom it would ask", Simulation),),
            body=SimulateBody,
        ),
        Operation(
            "hazardInbound",
            "POST",
            "/api/hazard/inbound",
            "A telegram of JMA, brought by who knows the secret; without a secret there is no such address",
            (Answer(200, "It is recorded", InboundTaken),),
            signed_in=False,
            upload="application/xml",
            headers={"X-Renraku-Timestamp": "1704092010", "X-Renraku-Signature": f"sha256={'9f' * 32}"},
        ),
    ),
    examples=(
        _RULES,
        HazardRulesBody([_RULE], AT),
        Readiness(
            ready=False,
            outside=True,
            door=True,
            lines=[ReadyLine("people", True, 298, 298), ReadyLine("early", False, 0, 1, AT)],
            sources=[SourceHealth("jma", "good", ["www.data.jma.go.jp"], False, AT, AT, AT, "", 41_000_000)],
            test=_TEST,
        ),
        _TEST,
        EventsQuestion(before=8),
        HazardEvents([_EVENT], more=False),
        _WHY,
        IncidentWhy([_WHY]),
        SimulateBody(event=7),
        SimulateBody(report=InventedQuake({"390": "6+"})),
        _SIMULATION,
        InboundTaken(12, False, "start"),
    ),
    told={400: ("rule_threshold", "rule_area", "unreadable"), 403: ("hazard_signature",)},
)

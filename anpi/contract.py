"""What incidents, templates and settings promise to strangers over HTTP."""

from __future__ import annotations

from anpi import forms
from anpi.examples import EXAMPLES
from server.auth.routes import Ended, Nothing
from server.contract.terms import Answer, Contract, Operation

_INCIDENTS = "/api/anpi/incidents"
_ONE = f"{_INCIDENTS}/{{id}}"
_TEMPLATES = "/api/anpi/templates"
_SETTINGS = "/api/anpi/settings"
_INCIDENT = (Answer(200, "The incident as it is now", forms.IncidentShown),)
_ALL_TEMPLATES = (Answer(200, "All of them", forms.Templates),)
_SENT = (Answer(200, "What was begun; its people follow within moments", forms.Sent),)
_DECIDED = (Answer(200, "As decided now", forms.SettingsShown),)
_AT = {"id": 7}

OPERATIONS = (
    Operation(
        "listIncidents",
        "GET",
        _INCIDENTS,
        "Incidents of the safety check, the newest first, for its administrators",
        (Answer(200, "A page", forms.Incidents),),
        query=forms.IncidentsQuestion,
    ),
    Operation(
        "registerIncident",
        "POST",
        _INCIDENTS,
        "Registers an incident, sent to nobody yet; the same key registers once",
        _INCIDENT,
        body=forms.NewIncident,
    ),
    Operation("showIncident", "GET", _ONE, "One incident with everything", _INCIDENT, places=_AT),
    Operation(
        "changeIncident",
        "PATCH",
        _ONE,
        "Changes an incident; after it was sent for the first time its text is fixed",
        _INCIDENT,
        body=forms.IncidentChange,
        places=_AT,
    ),
    Operation(
        "countPeople",
        "POST",
        f"{_ONE}/count",
        "How many people would be asked",
        (Answer(200, "The number to be confirmed", forms.Counted),),
        body=forms.CountBody,
        places=_AT,
    ),
    Operation(
        "sendIncident",
        "POST",
        f"{_ONE}/send",
        "Asks these people; the same key sends once, and nobody is asked twice",
        _SENT,
        body=forms.SendBody,
        places=_AT,
    ),
    Operation(
        "askAgain",
        "POST",
        f"{_ONE}/resend",
        "Asks everybody again who has not answered",
        _SENT,
        body=forms.ResendBody,
        places=_AT,
    ),
    Operation(
        "completeIncident",
        "POST",
        f"{_ONE}/complete",
        "The incident is over: badges go, the record stays",
        (Answer(200, "The incident, and how many had not answered", forms.Completed),),
        body=forms.CompleteBody,
        places=_AT,
    ),
    Operation(
        "listAsked",
        "GET",
        f"{_ONE}/people",
        "Everybody who may be asked or was, by conditions",
        (Answer(200, "At most 100 of them", forms.PeopleRows),),
        query=forms.AnpiPeopleQuestion,
        places=_AT,
    ),
    Operation(
        "listDeliveries",
        "GET",
        f"{_ONE}/deliveries/{{account}}",
        "What was sent to somebody, by address; never the address itself",
        (Answer(200, "All of it", forms.DeliveryRows),),
        places={"id": 7, "account": 2},
    ),
    Operation("listTemplates", "GET", _TEMPLATES, "Texts written before", _ALL_TEMPLATES),
    Operation("addTemplate", "POST", _TEMPLATES, "A new text", _ALL_TEMPLATES, body=forms.TemplateBody),
    Operation(
        "changeTemplate",
        "POST",
        f"{_TEMPLATES}/{{id}}",
        "Changes a text",
        _ALL_TEMPLATES,
        body=forms.TemplateBody,
        places={"id": 1},
    ),
    Operation(
        "removeTemplate",
        "POST",
        f"{_TEMPLATES}/{{id}}/remove",
        "A text goes",
        (Answer(200, "It is gone", Ended),),
        body=Nothing,
        places={"id": 2},
    ),
    Operation("showAnpiSettings", "GET", _SETTINGS, "What is decided about the safety check", _DECIDED),
    Operation(
        "changeAnpiSettings",
        "POST",
        _SETTINGS,
        "Decides anew; what is left out stays",
        _DECIDED,
        body=forms.SettingsBody,
    ),
)

CONTRACT = Contract(
    operations=OPERATIONS,
    examples=EXAMPLES,
    told={
        400: (
            "line_break",
            "closing_pair",
            "closing_past",
            "unknown_variable",
            "first_question_only",
            "choices_needed",
        ),
        409: (
            "no_public_url",
            "incident_closed",
            "incident_suspended",
            "incident_cancelled",
            "incident_fixed",
            "nobody_found",
            "send_count",
            "not_sent_yet",
            "asking_again",
            "templates_full",
        ),
    },
)

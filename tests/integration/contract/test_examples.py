"""Every example of the documents, sent to a running server and answered as the documents say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server.auth import first_run
from server.contract.documents import ASYNCAPI, OPENAPI
from tests.tools.anpi_answering import nonce_in
from tests.tools.anpi_examples import contact_link_of, link_of
from tests.tools.documents import ROOT
from tests.tools.files import picture
from tests.tools.promises import HttpDocument
from tests.tools.running import Running
from tests.tools.stranger import Stranger
from web import assets, pages

SOCKET: dict[str, Any] = json.loads((ROOT / ASYNCAPI).read_text("utf-8"))
HTTP: dict[str, Any] = json.loads((ROOT / OPENAPI).read_text("utf-8"))
COMMANDS = [
    pytest.param(example["payload"], id=f"{name}-{number}")
    for name, operation in SOCKET["operations"].items()
    if operation["action"] == "receive"
    for number, example in enumerate(SOCKET["components"]["messages"][name]["examples"])
]
BEFORE_HELLO = ("hello", "ping")
SAID = "0198c0de-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


# ---------------------------------------------------------------- the socket


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_is_answered_by_a_frame_that_is_named_for_it(sato: Stranger, command: dict[str, Any]):
    if command["do"] in BEFORE_HELLO:
        await sato.open_line()
    else:
        await sato.come_back()

    answer = await (await sato.send_exactly(command))

    assert answer["is"] in set(sato.socket.answers[command["do"]]) - {"error"}, answer


async def test_what_is_refused_is_refused_as_the_document_says(sato: Stranger):
    await sato.connect()
    answer = await (await sato.send_exactly({"do": "post", "ref": 9, "channel": 77, "client_id": SAID, "text": "?"}))
    assert answer["is"] == "error"
    assert answer["code"] in sato.socket.text["x-error-codes"]


# ---------------------------------------------------------------- HTTP


FIRST_RUN = ("setupPage", "setUp", "letter")
"""Only while there is nobody: one after the other, below."""
IMPORTS = ("importProgress", "importRows", "importErrors", "importSheets", "previewUndo", "undoImport")
"""Only while there is an import: the same."""

FILES = ("upload", "giveUpUpload", "file", "fileThumbnail")
"""Only while there is a file: the same."""
TALK_LOG = ("logDownload", "talkLogKey", "releaseLogHold", "talkLogFile")
"""Only for what one has wished for before: the same."""

LINKS = ("openLink", "answerLink", "showContactQuestion", "confirmContact")
"""Only for what a mail has brought: the same."""


def requests() -> list[Any]:
    """Each operation with each example of its body, and whether that is all it asks; what takes a file has none."""
    operations = [each for methods in HTTP["paths"].values() for each in methods.values() if not takes_a_file(each)]
    return [
        pytest.param(each["operationId"], value, id=f"{each['operationId']}-{number}")
        for each in operations
        if each["operationId"] not in FIRST_RUN + IMPORTS + FILES + TALK_LOG + LINKS
        for number, value in enumerate(values_of(each))
    ]


def takes_a_file(operation: dict[str, Any]) -> bool:
    contents = operation.get("requestBody", {"content": {}})["content"].values()
    return any("examples" not in content for content in contents)


def values_of(operation: dict[str, Any]) -> list[Any]:
    contents = operation.get("requestBody", {"content": {}})["content"].values()
    return [example["value"] for content in contents for example in content["examples"].values()] or [None]


def example_of(id: str) -> Any:
    _, _, operation = HttpDocument(HTTP).operation(id)
    return values_of(operation)[0]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A built app that holds the file of the example."""
    parameters = HTTP["paths"]["/assets/{name}"]["get"]["parameters"]
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / parameters[0]["example"]).write_text("let app = 1")
    (tmp_path / "index.html").write_text("<!doctype html><title>app</title>")
    monkeypatch.setattr(assets, "DIST", tmp_path)
    monkeypatch.setattr(pages, "DIST", tmp_path)


@pytest.mark.parametrize(("id", "value"), requests())
async def test_a_request_is_answered_as_its_document_says(sato: Stranger, built: None, id: str, value: Any):
    answer = await sato.request(id, value)

    _, _, operation = sato.http.operation(id)
    assert answer.status_code < 400 or id in ("ready", "serving"), answer.text
    assert str(answer.status_code) in operation["responses"], "an answer that is only said to be a refusal"


async def test_the_first_run_is_answered_as_its_document_says(server: Running, monkeypatch: pytest.MonkeyPatch):
    form = example_of("setUp")
    monkeypatch.setattr(first_run, "readable_password", lambda: form["code"])

    def make_code(tx: Any) -> str | None:
        return first_run.make_code(tx, alone=True)

    assert await server.services.writer.act(make_code) == form["code"]
    founder = await Stranger.arrive(server.address)

    assert (await founder.request("setupPage")).status_code == 200
    made = await founder.request("setUp", form)
    assert made.status_code == 200, made.text
    await founder.sign_in(form["login_id"], form["password"])
    assert (await founder.request("letter", example_of("letter"))).status_code == 200
    assert (await founder.request("setupPage")).status_code == 404
    await founder.leave()


async def test_an_import_is_answered_as_its_document_says(sato: Stranger):
    file = "LOGIN_ID\tNAME\tPASSWORD\nono@hokuto.example\t小野 翔\tmidori no kame 5\n".encode()
    shown = (await sato.request("previewImport", file)).json()
    assert shown["counts"]["add"] == 1 and shown["ready"]
    this = {"id": shown["id"]}
    for id in ("importProgress", "importRows", "importErrors"):
        assert (await sato.request(id, **this)).status_code == 200
    assert (await sato.request("applyImport", file, **this)).json()["state"] == "applied"
    await sato.request("importSheets", {}, **this)
    undone = (await sato.request("previewUndo", {})).json()
    assert undone["counts"]["remove"] == 1
    assert (await sato.request("undoImport", {}, id=undone["id"])).json()["state"] == "applied"


async def test_a_file_is_brought_and_given_as_its_document_says(sato: Stranger):
    begun = await sato.request("beginUpload")
    this = {"id": begun.headers["location"].rpartition("/")[2]}
    assert (await sato.request("upload", **this)).json()["state"] == "receiving"
    assert (await sato.request("appendToUpload", b"seventeen bytes..", **this)).status_code == 204
    assert (await sato.request("upload", **this)).json()["file"]["size"] == 17
    assert (await sato.request("file", **this)).content == b"seventeen bytes.."
    assert (await sato.request("giveUpUpload", **this)).status_code == 204
    whole = (await sato.request("putFile", picture("PNG"), name="x.png")).json()
    assert (await sato.request("fileThumbnail", id=whole["id"])).status_code == 200


async def test_the_talk_log_is_given_as_its_document_says(sato: Stranger):
    wish = example_of("beginLogDownload")
    for form in ("csv", "jsonl", "zip"):
        made = (await sato.request("beginLogDownload", wish | {"form": form})).json()
        assert (await sato.request("logDownload", id=made["id"])).status_code == 200
    key = (await sato.request("talkLog")).json()["key"]
    assert (await sato.request("talkLogKey", id=key)).content.startswith(b"-----BEGIN PUBLIC KEY")
    hold = (await sato.request("placeLogHold", example_of("placeLogHold"))).json()
    released = await sato.request("releaseLogHold", example_of("releaseLogHold"), id=hold["id"])
    assert released.json()["released_at"]
    file = (await sato.request("putFile", picture("PNG"), name="x.png")).json()["id"]
    await sato.connect()
    sent = {"do": "post", "ref": 9, "channel": 1, "client_id": SAID, "text": "", "files": [file]}
    assert (await (await sato.send_exactly(sent)))["is"] == "ack"
    read = await sato.request("talkLogFile", id=file, download=made["id"])
    assert read.content.startswith(b"\x89PNG")


async def test_a_link_is_followed_as_its_document_says(sato: Stranger, office: Running):
    link = {"token": link_of(office.services)}
    opened = await sato.request("openLink", **link)
    nonce = {"n": nonce_in(opened)}
    answered = await sato.request("answerLink", example_of("answerLink") | nonce, **link)
    assert (opened.status_code, answered.status_code) == (200, 200)
    assert (await sato.ask_http("showTotals"))["counts"]["cannot"] == 1, "it counts"
    mailed = {"token": contact_link_of(office.services)}
    for id in ("showContactQuestion", "confirmContact"):
        assert (await sato.request(id, **mailed)).status_code == 200
    assert (await sato.ask_http("listContacts"))["contacts"][0]["state"] == "confirmed"


async def test_a_refusal_has_the_shape_that_every_refusal_has(server: Running):
    stranger = await Stranger.arrive(server.address)
    answer = await stranger.request("me")
    assert answer.status_code == stranger.http.text["x-error-codes"][answer.json()["code"]]["status"] == 401
    await stranger.leave()


async def test_who_has_the_document_is_told_that_it_is_still_the_same(server: Running):
    async with httpx2.AsyncClient(base_url=server.address) as client:
        for path, file in (("/api/asyncapi.json", ASYNCAPI), ("/api/openapi.json", OPENAPI)):
            first = await client.get(path)
            assert first.text == (ROOT / file).read_text("utf-8"), "what is served is what is written"
            assert first.headers["cache-control"].startswith("public")
            for held in (first.headers["etag"], f'"x", W/{first.headers["etag"]}'):
                again = await client.get(path, headers={"If-None-Match": held})
                assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
            other = await client.get(path, headers={"If-None-Match": '"x"'})
            assert other.status_code == 200

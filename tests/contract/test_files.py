"""Files that are sent: brought in pieces or at once, given to who may read the message and to nobody else."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from PIL import Image

from tests.tools.client import Refused
from tests.tools.files import EXECUTABLE, TUS, Bringer, picture
from tests.tools.running import Running


@pytest.fixture
async def talk(server: Running, company):
    sato, suzuki, ito = [await server.connect(each.token) for each in (company.sato, company.suzuki, company.ito)]
    room = (await sato.ask("room.create", kind="closed", name="営業部", people=[company.suzuki.id]))["room"]
    await sato.expect("room.added")
    await suzuki.expect("room.added")
    return sato, suzuki, ito, room["id"]


@pytest.fixture
async def browsers(server: Running, company):
    here = [Bringer.of(server, each) for each in (company.sato, company.suzuki, company.ito)]
    yield here
    for each in here:
        await each._client.aclose()


async def send(client, room, files, text="", client_id=None):
    return await client.ask("post", channel=room, text=text, client_id=client_id or str(uuid.uuid4()), files=files)


async def test_a_file_is_brought_sent_and_read_by_the_others_in_the_room(talk, browsers):
    (sato, suzuki, _, room), (his, hers, _) = talk, browsers
    body = "見積もり 1,200,000円\n".encode() * 100

    answer = await his.put("見積.csv", body)
    assert answer.status_code == 201
    file = answer.json()
    assert (file["name"], file["size"]) == ("見積.csv", len(body))
    await send(sato, room, [file["id"]])

    event = await suzuki.expect("message.posted", channel=room)
    assert event["message"]["text"] == "" and event["message"]["files"] == [file]
    page = await suzuki.ask("history", channel=room)
    assert page["messages"][0]["files"] == [file]
    got = await hers.file(file["id"], "見積.csv")
    assert (got.status_code, got.content) == (200, body)


async def test_an_outsider_and_a_stranger_to_the_id_get_the_same_answer(talk, browsers):
    (sato, _, _, room), (his, _, outsider) = talk, browsers
    id = await his.ready()
    before = await outsider.file(id)
    await send(sato, room, [id])
    answers = [before, await outsider.file(id), await outsider.file("a" * 26), await outsider.file("nothing")]
    answers.append(await outsider.get(f"/files/{id}/thumbnail"))
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}
    assert (await his.file(id)).status_code == 200


async def test_pieces_go_on_where_the_upload_ends(talk, browsers):
    (_, _, _, _), (his, _, _) = talk, browsers
    body = bytes(range(256)) * 4000
    id = await his.begun("図面.bin", len(body))
    assert await his.offset(id) == 0

    assert (await his.append(id, 0, body[:300_000])).headers["upload-offset"] == "300000"
    wrong = await his.append(id, 0, body[:1000])
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["upload-offset"]) == (
        409,
        "upload_offset",
        "300000",
    )
    assert (await his.upload(id))["state"] == "receiving"
    last = await his.append(id, 300_000, body[300_000:])
    assert last.status_code == 204

    told = await his.upload(id)
    assert (told["state"], told["offset"], told["file"]["size"]) == ("ready", len(body), len(body))
    got = await his.file(id)
    assert hashlib.sha256(got.content).digest() == hashlib.sha256(body).digest()
    again = await his.append(id, len(body), b"")
    assert again.status_code == 204, "the same answer again"


async def test_a_renamed_executable_is_refused_when_its_last_byte_has_come(server, talk, browsers):
    his = browsers[0]
    answer = await his.put("写真の一覧.txt", EXECUTABLE)
    assert (answer.status_code, answer.json()["code"]) == (400, "file_disguised")

    id = await his.begun("議事録.txt", len(EXECUTABLE))
    refused = await his.append(id, 0, EXECUTABLE)
    assert refused.json()["code"] == "file_disguised"
    told = await his.upload(id)
    assert (told["state"], told["refusal"]["code"]) == ("refused", "file_disguised")
    assert (await his.append(id, len(EXECUTABLE), b"")).json() == refused.json()
    assert (await his.file(id)).status_code == 404
    objects = [each.name async for each in server.services.store.walk("files")]
    assert objects == [], "its bytes are nowhere"


async def test_a_name_is_refused_before_a_byte_is_sent(browsers):
    answer = await browsers[0].begin("setup.ＥＸＥ", 10)
    assert (answer.status_code, answer.json()["code"]) == (400, "file_blocked")


async def test_a_deleted_message_takes_its_files_along_at_once(server, talk, browsers):
    (sato, suzuki, _, room), (his, hers, _) = talk, browsers
    id = await his.ready()
    seq = (await send(sato, room, [id], "どうぞ"))["seq"]
    assert (await hers.file(id)).status_code == 200

    await sato.ask("delete", channel=room, seq=seq)

    assert [(await each.file(id)).status_code for each in (his, hers)] == [404, 404]
    (message,) = (await suzuki.ask("history", channel=room))["messages"]
    assert "files" not in message and message["deleted"]
    assert [each.size async for each in server.services.store.walk("files")] == [10], "for the talk log"


async def test_an_edit_keeps_the_files_and_may_take_the_text(talk, browsers):
    (sato, suzuki, _, room), (his, _, _) = talk, browsers
    id = await his.ready()
    seq = (await send(sato, room, [id], "どうぞ"))["seq"]
    await suzuki.expect("message.posted")

    await sato.ask("edit", channel=room, seq=seq, text="")

    event = await suzuki.expect("message.edited")
    assert event["message"]["text"] == "" and event["message"]["files"][0]["id"] == id
    plain = (await sato.post(room, "文だけ"))["seq"]
    with pytest.raises(Refused, match="empty"):
        await sato.ask("edit", channel=room, seq=plain, text="")


async def test_a_file_is_sent_once_and_a_resend_is_the_first(talk, browsers):
    (sato, _, _, room), (his, _, _) = talk, browsers
    id, client_id = await his.ready(), str(uuid.uuid4())
    first = await send(sato, room, [id], client_id=client_id)
    again = await send(sato, room, [id], client_id=client_id)
    assert (again["seq"], again["dup"]) == (first["seq"], True)
    with pytest.raises(Refused, match="file_unknown"):
        await send(sato, room, [id])
    assert len((await sato.ask("history", channel=room))["messages"]) == 1


async def test_only_pictures_are_shown_in_place_and_say_nothing_of_where_they_were_taken(talk, browsers):
    (sato, _, _, room), (his, hers, _) = talk, browsers
    exif = Image.Exif()
    exif[0x010F] = "どこかのカメラ"
    photo = picture("JPEG", exif=exif.tobytes())
    file = (await his.put("現場.jpg", photo)).json()
    assert (file["media"], file["width"], file["height"], file["thumbnail"]) == ("image/jpeg", 640, 480, True)
    page = await his.ready("頁.html", b"<!doctype html><script>alert(1)</script>")
    await send(sato, room, [file["id"], page])

    got = await hers.file(file["id"])
    assert got.headers["content-type"] == "image/jpeg" and got.headers["content-disposition"].startswith("inline;")
    assert b"Exif" not in got.content and b"Exif" in photo
    small = await hers.get(f"/files/{file['id']}/thumbnail")
    assert small.headers["content-type"].startswith("image/") and len(small.content) < len(photo) + 5000
    saved = await hers.get(f"/files/{file['id']}/x?download")
    assert saved.headers["content-disposition"].startswith("attachment;")
    html = await hers.file(page)
    assert html.headers["content-type"] == "application/octet-stream"
    assert html.headers["content-disposition"].startswith("attachment;")
    for answer in (got, small, html):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "private, no-store"


async def test_a_part_is_given_that_a_broken_download_lacks(talk, browsers):
    (sato, _, _, room), (his, hers, _) = talk, browsers
    body = bytes(range(256)) * 3000
    id = await his.ready("データ.bin", body)
    await send(sato, room, [id])
    whole = await hers.file(id)
    part = await hers.file(id, Range="bytes=100000-", **{"If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, body[100_000:])
    assert part.headers["content-range"] == f"bytes 100000-{len(body) - 1}/{len(body)}"
    beyond = await hers.file(id, Range=f"bytes={len(body)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(body)}")
    other = await hers.file(id, Range="bytes=5-9", **{"If-Range": '"another"'})
    assert (other.status_code, len(other.content)) == (200, len(body))


async def test_what_is_given_up_is_gone_and_its_room_is_free(server, talk, browsers):
    his, other = browsers[0], browsers[2]
    id = await his.begun("長い.bin", 1_000_000)
    await his.append(id, 0, b"a" * 1000)
    assert (await other.give_up(id)).status_code == 404
    assert (await his.give_up(id)).status_code == 204
    assert (await his.give_up(id)).status_code == 404
    assert (await his.ask("HEAD", f"/api/files/{id}", TUS)).status_code == 404


async def test_an_empty_file_is_a_file(browsers):
    his = browsers[0]
    whole, begun = await his.ready("空.txt", b""), await his.begun("空.txt", 0)
    assert (await his.upload(begun))["state"] == "ready", "there was nothing to wait for"
    for id in (whole, begun):
        answer = await his.file(id)
        assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


async def test_the_head_of_a_file_says_what_its_bytes_would(browsers):
    his = browsers[0]
    id = await his.ready("データ.bin", b"a" * 5000)
    whole, head = await his.file(id), await his.ask("HEAD", f"/files/{id}/x", {})
    assert head.content == b"" and dict(head.headers) == dict(whole.headers) | {"date": head.headers["date"]}
    part = await his.ask("HEAD", f"/files/{id}/x", {"Range": "bytes=10-19"})
    assert (part.status_code, part.headers["content-length"]) == (206, "10")


async def test_who_comes_back_is_told_of_the_files_he_missed(talk, browsers):
    (sato, suzuki, _, room), (his, _, _) = talk, browsers
    rev = (await suzuki.ask("history", channel=room))["rev"]
    id = await his.ready()
    await send(sato, room, [id])
    changes = await suzuki.ask("since", channel=room, rev=rev)
    assert [file["id"] for file in changes["messages"][0]["files"]] == [id]
    rooms = (await suzuki.ask("rooms"))["rooms"]
    assert rooms[0]["last"]["files"][0]["id"] == id

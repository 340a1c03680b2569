"""What is promised about bringing files in and giving them out."""

from __future__ import annotations

from chat.files.frames import File
from chat.files.wire import NameQuery, Upload
from server.answers import Refusal
from server.contract.terms import Answer, Contract, Operation

FILE = "abcdefghijklmnopqrstuvwxyz"
PICTURE = "zyxwvutsrqponmlkjihgfedcba"
_ONE = "/api/files/{id}"
_TUS = {"Tus-Resumable": "The version of tus: 1.0.0"}
_OFFSET = {**_TUS, "Upload-Offset": "How many bytes are there"}
_BYTES = {
    "Content-Disposition": "inline for a picture that was verified, else attachment; with the name",
    "ETag": "For If-Range: the bytes of an id never change",
}

_IN = (
    Operation(
        "uploadOptions",
        "OPTIONS",
        "/api/files",
        "What of tus is spoken: 1.0.0 with creation and termination",
        (Answer(204, "The headers tell", headers={**_TUS, "Tus-Max-Size": "Bytes that a file may have"}),),
    ),
    Operation(
        "beginUpload",
        "POST",
        "/api/files",
        "A new upload: Upload-Length is its size, Upload-Metadata its filename in base64; refused by both at once",
        (Answer(201, "It may come", headers={**_OFFSET, "Location": "The upload's address"}),),
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": "17", "Upload-Metadata": "filename 6KaL56mNLnR4dA=="},
    ),
    Operation(
        "putFile",
        "PUT",
        "/api/files",
        "A whole file as the body of one request, without tus",
        (Answer(201, "It may be sent", File),),
        query=NameQuery,
        upload="application/octet-stream",
    ),
    Operation(
        "appendToUpload",
        "PATCH",
        _ONE,
        "Bytes from Upload-Offset on; the last of them is answered with the verdict",
        (Answer(204, "They are kept", headers=_OFFSET),),
        upload="application/offset+octet-stream",
        places={"id": FILE},
        headers={
            "Tus-Resumable": "1.0.0",
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": "0",
        },
    ),
    Operation(
        "upload",
        "GET",
        _ONE,
        "One of one's own uploads; with HEAD its headers alone, as tus asks",
        (Answer(200, "How far it is", Upload, headers=_OFFSET),),
        places={"id": FILE},
    ),
    Operation(
        "giveUpUpload",
        "DELETE",
        _ONE,
        "Gives up an upload, or a file that was not sent",
        (Answer(204, "It is gone", headers=_TUS),),
        places={"id": FILE},
    ),
)

_OUT = (
    Operation(
        "file",
        "GET",
        "/files/{id}/{name}",
        "The bytes of a file, for who may read its message now; `?download` saves a picture too; one Range at a time",
        (Answer(200, "The bytes", media="application/octet-stream", headers=_BYTES),),
        places={"id": FILE, "name": "見積.pdf"},
    ),
    Operation(
        "fileThumbnail",
        "GET",
        "/files/{id}/thumbnail",
        "The small picture of a file whose `thumbnail` is set",
        (Answer(200, "JPEG, PNG or GIF", media="image/*"),),
        places={"id": PICTURE},
    ),
)

CONTRACT = Contract(
    operations=(*_IN, *_OUT),
    examples=(
        File(FILE, "見積.pdf", 120_400),
        File(PICTURE, "現場.jpg", 2_204_000, "image/jpeg", 4032, 3024, True),
        File(FILE, "図面.zip", 88_000, uninspected=True),
        NameQuery("見積.pdf"),
        Upload(FILE, "receiving", "見積.pdf", 65_536, 120_400),
        Upload(FILE, "ready", "見積.pdf", 120_400, 120_400, file=File(FILE, "見積.pdf", 120_400)),
        Upload(
            FILE,
            "refused",
            "見積.pdf",
            120_400,
            120_400,
            refusal=Refusal("file_disguised", "ファイルの中身が実行形式のため、送信できません。"),
        ),
    ),
    said=(
        "file_unknown",
        "file_blocked",
        "file_disguised",
        "file_archive",
        "file_uninspected",
        "file_not_image",
        "file_heic",
        "file_wrong_extension",
        "file_damaged",
        "file_pixels",
        "file_frames",
        "file_disabled",
    ),
    told={
        400: (
            "file_name",
            "file_blocked",
            "file_disguised",
            "file_archive",
            "file_uninspected",
            "file_not_image",
            "file_heic",
            "file_wrong_extension",
            "file_damaged",
            "file_pixels",
            "file_frames",
            "file_infected",
        ),
        403: ("file_disabled",),
        408: ("upload_slow",),
        409: ("upload_offset",),
        412: ("tus_version",),
        413: ("file_too_big",),
        415: ("tus_type",),
        416: ("range",),
        423: ("upload_busy",),
        503: ("store_failed", "file_unscanned"),
        507: ("disk_full", "file_quota", "file_space"),
    },
)
